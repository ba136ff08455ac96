/**
 * The type in which a kernel counts: 32 bits where every index, and every number on the way to one, is proven to fit
 * at all sizes that the kernel is called with; 64 bits otherwise. 64-bit products and divisions are many instructions.
 */
import { type Bounds, highest, lowest, withAxes } from "../../ir/bounds.ts";
import type { Contraction, Kernel, Operand, Stmt } from "../../ir/kernel.ts";
import { type Program, routinesOf } from "../../ir/llir.ts";
import { type Atom, add, atom, axis, dim, int, multiply, type Poly, substitute } from "../../ir/poly.ts";
import { cuda } from "../../targets/cuda.ts";
import { polysIn } from "../schedule/sizes.ts";
import { type Call, callsIn } from "./call-bounds.ts";
import { type Loop, statementsIn } from "./loops.ts";
import { partsIn } from "./stages.ts";

/** A loop's variable passes its end by a step at most: by as many as the grid has threads. */
const limit = 2 ** 31 - cuda.mostThreads;

/** So far the addresses of a tile reach beyond the rows, columns and terms that there are. */
const overhang = 1024;

/** The same program, each kernel with the index type that holds for all of its calls. */
export function withIndexTypes(program: Program): Program {
  const kernels = new Map(program.kernels.map((k) => [k.name, k]));
  const wide = new Set<string>();
  const seen = new Set<string>();
  for (const entry of program.entries)
    for (const [number, { bounds, steps }] of routinesOf(entry, program).entries())
      for (const call of callsIn(steps)) {
        const sizes = call.args.flatMap((a) => (a.kind === "size" ? [a.value.key] : []));
        const key = `${entry.name} ${number} ${call.kernel} ${sizes.join()}`;
        if (seen.has(key) || wide.has(call.kernel)) continue;
        seen.add(key);
        if (!fits(kernels.get(call.kernel)!, call, bounds)) wide.add(call.kernel);
      }
  return {
    ...program,
    kernels: program.kernels.map((k) =>
      k.launch === undefined
        ? k
        : { ...k, launch: { ...k.launch, index: wide.has(k.name) ? ("i64" as const) : ("i32" as const) } },
    ),
  };
}

/** Whether 32 bits do for the kernel as it is called here, with the sizes that the bounds allow. */
function fits(kernel: Kernel, call: Call, { dims, loops }: Bounds): boolean {
  if (kernel.launch === undefined || !isProvable(kernel.body)) return false;
  const here = (p: Poly): Poly =>
    substitute(p, (a) => (a.kind === "dim" || a.kind === "loop" ? dim(inKernel(a.name)) : undefined));
  const sizes = kernel.variables.map((v) => here(v.size));
  const given = sizesAt(kernel, call).map(
    ([name, value]) => [inKernel(name), { low: value, high: value }] as const,
  );
  const bounds: Bounds = { dims: new Map([...dims, ...given]), loops, axes: sizes };
  const beyond = withAxes(
    bounds,
    sizes.map((s) => add(s, int(overhang))),
  );
  const isSmall = (p: Poly, b: Bounds): boolean => (reach(here(p), b) ?? limit) < limit;
  return (
    (kernel.launch.tiling?.blocks ?? 0) < limit &&
    [...polysIn(kernel.body, kernel.variables), ...wholeNests(kernel.body)].every((p) =>
      isSmall(p, bounds),
    ) &&
    [...engineNumbers(kernel.body)].every((p) => isSmall(p, beyond))
  );
}

/** A user's own text computes what it likes, and an index from data that isn't checked may be any number. */
function isProvable(body: readonly Stmt[]): boolean {
  for (const part of partsIn(body))
    if (part.kind === "text" || (part.kind === "checked" && part.what === undefined)) return false;
  return true;
}

/** A size under a kernel's own name, which another dim of the program may have. */
const inKernel = (name: string): string => `${name} of the kernel`;

/** What the kernel's sizes are in this call: dims, and values of loops. */
function sizesAt(kernel: Kernel, call: Call): [string, Poly][] {
  const given = call.args.flatMap((a) => (a.kind === "size" ? [a.value] : []));
  const names = kernel.params.flatMap((p) => (p.kind === "size" ? [p.name] : []));
  return [
    ...kernel.launch!.dims.map((d): [string, Poly] => [d.name, dim(d.dim)]),
    ...names.map((name, i): [string, Poly] => [name, given[i]]),
  ];
}

/** Loops that are walked as one count through the product of their sizes. */
function* wholeNests(body: readonly Stmt[]): Generator<Poly> {
  for (const s of body) {
    if (s.kind === "loop") yield wholeSize(s);
    if (s.kind === "loop" || s.kind === "if") yield* wholeNests(s.body);
  }
}

function wholeSize(s: Loop): Poly {
  const inner = s.body.at(-1);
  return inner?.kind === "loop" && inner.how === s.how ? multiply(s.size, wholeSize(inner)) : s.size;
}

/** What the engines count to by themselves: elements of factors that they find by strides, steps of a sort. */
function* engineNumbers(body: readonly Stmt[]): Generator<Poly> {
  for (const s of statementsIn(body)) {
    if (s.kind === "contraction") yield* placesOf(s);
    if (s.kind === "attention")
      yield* [placeIn(s.q, s.row, s.depth), placeIn(s.k, s.key, s.depth), placeIn(s.v, s.width, s.key)];
    if (s.kind === "topk") yield multiply(int(4), s.size);
  }
}

const placesOf = ({ a, b, m, n, k }: Contraction): Poly[] => [placeIn(a, m, k), placeIn(b, n, k)];

function placeIn({ form }: Operand, outer: number | undefined, k: number | undefined): Poly {
  if (form.kind !== "strided") return int(0);
  const along = (v: number | undefined, stride: Poly): Poly =>
    v === undefined ? int(0) : multiply(stride, axis(v));
  return add(along(outer, form.outerStride), along(k, form.kStride));
}

/**
 * A number that nothing exceeds, in either direction, that comes up while p is computed from the values of its atoms: the
 * sum of what its terms reach, so that it holds in whatever order they are added and factors are taken out.
 */
export function reach(p: Poly, b: Bounds): number | undefined {
  let sum = Math.abs(p.constant);
  let inside = 0;
  for (const t of p.terms) {
    let product = Math.abs(t.coef);
    for (const a of t.atoms) {
      const operands = "left" in a ? reachOfBoth(a, b) : 0;
      const own = reachOf(a, b) ?? operands;
      if (operands === undefined || own === undefined) return undefined;
      inside = Math.max(inside, operands);
      product *= Math.max(1, own);
    }
    sum += product;
  }
  return Math.max(sum, inside);
}

type Divided = Extract<Atom, { readonly left: Poly }>;

/** None of a quotient, a remainder, the less and the greater of two is further than both of them. */
function reachOfBoth({ left, right }: Divided, b: Bounds): number | undefined {
  const [first, second] = [reach(left, b), reach(right, b)];
  return first === undefined || second === undefined ? undefined : Math.max(first, second) + 1;
}

/** By the bounds: of a variable its size, which is what it is when its loop ends. */
function reachOf(a: Atom, b: Bounds): number | undefined {
  if (a.kind === "axis") return b.axes[a.axis] && highest(b.axes[a.axis], b);
  const [low, high] = [lowest(atom(a), b), highest(atom(a), b)];
  return low === undefined || high === undefined ? undefined : Math.max(Math.abs(low), Math.abs(high));
}
