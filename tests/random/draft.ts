/** A program while it is being made: its lines so far and the tensors in scope. */
import type { DType } from "../../src/ir/dtype.ts";
import type { Draw } from "./draw.ts";
import { exactly, type Facts, isShaky, roughly } from "./facts.ts";
import { type Bounds, fixed, type Size, sameShape, shapeText } from "./sizes.ts";

export type Kind = "float" | "int" | "bool";

export const kindOf = (t: DType): Kind => (t === "bool" ? "bool" : t.startsWith("i") ? "int" : "float");

/** A tensor in scope. */
export type Known = {
  readonly name: string;
  readonly shape: readonly Size[];
  readonly dtype: DType;
  readonly facts: Facts;
  /** Read with an index for every axis only; a whole state is read by `name[0..n]`. */
  readonly isState?: boolean;
};

/** Elements of an input: multiples of 1/4, any numbers, or integers from 0 until `below`. */
export type Fill =
  | { readonly kind: "quarters" }
  | { readonly kind: "any" }
  | { readonly kind: "integers"; readonly below: number };

export type InputSpec = {
  readonly name: string;
  readonly shape: readonly Size[];
  readonly dtype: DType;
  readonly fill: Fill;
};

export type LoopVariable = { readonly name: string; readonly count: number };

export type Draft = {
  readonly draw: Draw;
  readonly bounds: Bounds;
  readonly hasRunTime: boolean;
  /** Length that `pos + s` may reach, where the program has the dim `pos`. */
  posEnd: number | undefined;
  readonly imports: Set<string>;
  readonly functions: string[];
  readonly declarations: string[];
  lines: string[];
  indent: string;
  tensors: Known[];
  readonly inputs: InputSpec[];
  loops: readonly LoopVariable[];
  /** Definitions by name, with what they are compared by. */
  readonly outputs: { readonly name: string; readonly facts: Facts; readonly dtype: DType }[];
  readonly used: Set<string>;
  counter: number;
};

export function newDraft(draw: Draw): Draft {
  const hasRunTime = draw.chance(60);
  const low = draw.chance(12) ? 0 : 1;
  return {
    draw,
    bounds: { low, high: draw.between(3, 7) },
    hasRunTime,
    posEnd: undefined,
    imports: new Set(),
    functions: [],
    declarations: [],
    lines: [],
    indent: "  ",
    tensors: [],
    inputs: [],
    loops: [],
    outputs: [],
    used: new Set(),
    counter: 0,
  };
}

/** Words that mean something in C++ or in the emitted sources; names in a model all the same. */
const awkward = ["int", "double", "register", "lum", "kernels", "main", "out", "check", "workspace", "std"];

export function freshName(p: Draft, stem: string): string {
  const n = p.counter++;
  if (p.draw.chance(3)) {
    const word = p.draw.pick(awkward);
    if (!isTaken(p, word)) return word;
  }
  return `${stem}${n}`;
}

const isTaken = (p: Draft, word: string): boolean =>
  [p.declarations, p.lines, p.functions].some((list) =>
    list.some((line) => new RegExp(`\\b${word}\\b`).test(line)),
  );

export function addLine(p: Draft, text: string): void {
  p.lines.push(p.indent + text);
}

export function addKnown(p: Draft, t: Known): Known {
  p.tensors.push(t);
  return t;
}

/** Tensors that may be built upon. */
export const operands = (p: Draft, accept: (t: Known) => boolean): Known[] =>
  p.tensors.filter((t) => !isShaky(t.facts) && accept(t));

export const isKind = (kind: Kind) => (t: Known) => kindOf(t.dtype) === kind;

/** A size that something has already, or a new one. */
export function anySize(p: Draft): Size {
  const { draw } = p;
  if (p.hasRunTime && draw.chance(22))
    return { runTime: true, plus: draw.chance(85) ? 0 : draw.between(1, 2) };
  const known = p.tensors.flatMap((t) => t.shape);
  if (known.length > 0 && draw.chance(55)) return draw.pick(known);
  return fixed(draw.between(1, 9));
}

export const anyShape = (p: Draft, least: number, most: number): Size[] =>
  Array.from({ length: p.draw.between(least, most) }, () => anySize(p));

/** A new input, or a weight where its shape allows. */
export function declare(p: Draft, shape: readonly Size[], dtype: DType, below?: number): Known {
  const { draw } = p;
  const kind = kindOf(dtype);
  const constant = shape.every((z) => !z.runTime);
  if (constant && below === undefined && kind === "float" && draw.chance(30)) {
    const name = freshName(p, "w");
    p.declarations.push(`  weight ${name}: ${dtype}${shapeText(shape)}`);
    p.used.add(name);
    const t = { name, shape, dtype, facts: roughly(-1, 1, [], 0) };
    p.tensors.unshift(t);
    return t;
  }
  const name = freshName(p, "x");
  const fill: Fill =
    kind === "float"
      ? draw.chance(60)
        ? { kind: "quarters" }
        : { kind: "any" }
      : { kind: "integers", below: kind === "bool" ? 2 : (below ?? draw.between(2, 9)) };
  p.declarations.push(`  input ${name}: ${dtype}${shapeText(shape)}`);
  p.inputs.push({ name, shape, dtype, fill });
  p.used.add(name);
  const facts =
    fill.kind === "quarters"
      ? exactly(-2, 2, 2)
      : fill.kind === "any"
        ? roughly(-1, 1, [], 0)
        : exactly(0, fill.below - 1, 0);
  const t = { name, shape, dtype, facts };
  p.tensors.unshift(t);
  return t;
}

export const anyDType = (p: Draft, kind: Kind): DType =>
  kind === "float"
    ? p.draw.pick(["f32", "f32", "f32", "f32", "bf16", "f16"] as const)
    : kind === "int"
      ? "i32"
      : "bool";

/** A tensor of this shape and kind: one in scope, or a new input. */
export function operand(p: Draft, shape: readonly Size[], kind: Kind, fresh = 30): Known {
  const found = operands(
    p,
    (t) => kindOf(t.dtype) === kind && t.isState !== true && sameShape(t.shape, shape),
  );
  const t =
    found.length > 0 && !p.draw.chance(fresh) ? p.draw.pick(found) : declare(p, shape, anyDType(p, kind));
  p.used.add(t.name);
  return t;
}
