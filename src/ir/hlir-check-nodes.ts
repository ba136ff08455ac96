/** What must hold of one Hlir node and its operands, operation by operation. */
import { binaryOps, unaryOps } from "../ops/index.ts";
import { accepts, resultType } from "../ops/op.ts";
import { isArg, reductionAccepts } from "../ops/reductions.ts";
import { atMost, isNonNegative, withAxes, within } from "./bounds.ts";
import { sameShape } from "./builder.ts";
import { accumulatorOf, byteSize, type DType } from "./dtype.ts";
import { type Coordinate, type Entry, type Hlir, isPoly, type Node, type OpOf, type Shape } from "./hlir.ts";
import { typeText } from "./hlir-print.ts";
import { atomsOf, constantOf, type Poly } from "./poly.ts";

export type Context = {
  readonly h: Hlir;
  readonly entry: Entry;
  /** Variables of the loops around the node, outermost first. */
  readonly loops: readonly string[];
};

/** A sentence for each thing wrong with the node; nothing for a good one. */
export function nodeProblems(n: Node, context: Context): string[] {
  return [...commonProblems(n, context), ...operationProblems(n, context)];
}

function commonProblems(n: Node, c: Context): string[] {
  const problems: string[] = [];
  if (n.inputs.some((x) => x.id >= n.id)) problems.push("uses a node that was made after it");
  for (const p of n.shape) {
    problems.push(...strangers(p, 0, c));
    if (!isNonNegative(p, c.h.bounds)) problems.push(`the size ${p.key} may be negative`);
  }
  for (const l of n.loops) if (!c.loops.includes(l)) problems.push(`depends on ${l} outside of its loop`);
  const hasVersions = ["state", "update", "param", "result"].includes(n.op.kind);
  if (n.cell !== undefined && !hasVersions) problems.push(`a ${n.op.kind} is no version of a state`);
  return problems;
}

/** Atoms of p that mean nothing here. */
function strangers(p: Poly, rank: number, c: Context): string[] {
  return atomsOf(p).flatMap((a) => {
    if (a.kind === "axis" && a.axis >= rank) return [`a${a.axis} in ${p.key} is no axis of the domain`];
    if (a.kind === "dim" && !c.h.bounds.dims.has(a.name)) return [`${a.name} in ${p.key} is no dim`];
    if (a.kind === "loop" && !c.loops.includes(a.name)) return [`${a.name} in ${p.key} is no loop around it`];
    return [];
  });
}

function operationProblems(n: Node, c: Context): string[] {
  const { op } = n;
  switch (op.kind) {
    case "input":
      return declared(
        n,
        "input",
        c.entry.inputs.find((x) => x.name === op.name),
      );
    case "weight":
      return weightProblems(n, op, c);
    case "state":
      return declared(
        n,
        "state",
        c.h.states.find((x) => x.name === op.name),
      );
    case "constant":
      return n.shape.length === 0 ? [] : ["a constant is a scalar"];
    case "data": {
      const count = n.shape.reduce((product, p) => product * (constantOf(p) ?? Number.NaN), 1);
      return count === op.values.length
        ? []
        : [`${op.values.length} values for ${typeText(n.shape, n.dtype)}`];
    }
    case "iota":
      return [
        ...strangers(op.value, n.shape.length, c),
        ...(n.dtype === "i32" || n.dtype === "i64" ? [] : [`an iota of ${n.dtype}`]),
      ];
    case "unary":
    case "binary":
      return elementwiseProblems(n, op);
    case "select":
      return [...operands(n, ["bool", n.dtype, n.dtype]), ...n.inputs.flatMap((x) => sameAs(x, n.shape))];
    case "cast":
    case "bitcast":
      return [
        ...operands(n, [undefined]),
        ...sameAs(n.inputs[0], n.shape),
        ...(op.kind === "bitcast" && byteSize(n.dtype) !== byteSize(n.inputs[0].dtype)
          ? [`${n.inputs[0].dtype} and ${n.dtype} differ in size`]
          : []),
      ];
    case "reduce":
      return reduceProblems(n, op);
    case "view":
      return accessProblems(n.inputs[0].shape, op.map, n.shape, op.fill !== undefined, c);
    case "gather":
      return [
        ...accessProblems(n.inputs[0].shape, op.map, n.shape, op.fill !== undefined, c),
        ...indexProblems(op.map, n.inputs.slice(1), n.shape),
        ...(n.dtype === n.inputs[0].dtype ? [] : [`gathers ${n.inputs[0].dtype} as ${n.dtype}`]),
      ];
    case "update":
      return updateProblems(n, op, c);
    case "topk":
      return topkProblems(n, c);
    case "cumulate":
      return [
        ...operands(n, [n.dtype]),
        ...sameAs(n.inputs[0], n.shape),
        ...(op.axis < n.shape.length ? [] : [`there is no axis a${op.axis}`]),
        ...(accumulatorOf(n.dtype) === n.dtype && n.dtype !== "bool" ? [] : [`cumulates over ${n.dtype}`]),
      ];
    case "loop":
      return []; // hlir-check.ts
    case "result": {
      const [loop] = n.inputs;
      const param = loop?.op.kind === "loop" ? loop.op.loop.params[op.index] : undefined;
      if (param === undefined) return [`there is no carried value ${op.index}`];
      return [...sameAs(param, n.shape), ...(param.cell === n.cell ? [] : ["loses track of its state"])];
    }
    case "param":
      return c.loops.includes(op.loop) ? [] : [`is a param of loop ${op.loop}, which is not around it`];
    case "custom":
      return sameAs(n.inputs[n.inputs.length - 1], n.shape);
  }
}

function declared(n: Node, what: string, d: { shape: Shape; dtype: DType } | undefined): string[] {
  if (d === undefined) return [`no such ${what} is declared`];
  const wanted = typeText(d.shape, d.dtype);
  return wanted === typeText(n.shape, n.dtype) ? [] : [`declared as ${wanted}`];
}

function weightProblems(n: Node, op: OpOf<"weight">, c: Context): string[] {
  const weight = c.h.weights.find((w) => w.name === op.name);
  const missing = weight?.loops.filter((l) => !n.loops.includes(l)) ?? [];
  return [...declared(n, "weight", weight), ...missing.map((l) => `does not say that it varies with ${l}`)];
}

/** Number of operands and their types; undefined: any. */
function operands(n: Node, wanted: readonly (DType | undefined)[]): string[] {
  if (n.inputs.length !== wanted.length) return [`${n.inputs.length} operands, not ${wanted.length}`];
  return n.inputs.flatMap((x, i) =>
    wanted[i] === undefined || x.dtype === wanted[i] ? [] : [`operand ${i} is ${x.dtype}, not ${wanted[i]}`],
  );
}

const sameAs = (x: Node, shape: Shape): string[] =>
  sameShape(x.shape, shape) ? [] : [`an operand is ${typeText(x.shape, x.dtype)}`];

function elementwiseProblems(n: Node, { kind, fn }: OpOf<"unary"> | OpOf<"binary">): string[] {
  const op = (kind === "unary" ? unaryOps : binaryOps).get(fn);
  if (op === undefined) return [`no ${kind} operation ${fn} is registered`];
  if (n.inputs.length !== op.arity) return [`${fn} takes ${op.arity} operands`];
  const t = n.inputs[0].dtype;
  return [
    ...n.inputs.flatMap((x) => sameAs(x, n.shape)),
    ...(n.inputs.every((x) => x.dtype === t) ? [] : ["operands of different types"]),
    ...(accepts(op.accepts, t) && accumulatorOf(t) === t ? [] : [`${fn} does not take ${t}`]),
    ...(resultType(op, t) === n.dtype ? [] : [`${fn} of ${t} gives ${resultType(op, t)}`]),
  ];
}

function reduceProblems(n: Node, op: OpOf<"reduce">): string[] {
  const [x] = n.inputs;
  const ascending = op.axes.every((a, i) => a < x.shape.length && (i === 0 || a > op.axes[i - 1]));
  const kept = x.shape.filter((_, i) => !op.axes.includes(i));
  const problems: string[] = [];
  if (!ascending) problems.push("axes are not ascending axes of the operand");
  if (!sameShape(kept, n.shape)) problems.push(`an operand is ${typeText(x.shape, x.dtype)}`);
  if (isArg(op.fn) && op.axes.length !== 1) problems.push(`${op.fn} takes one axis`);
  if (accumulatorOf(x.dtype) !== x.dtype || !reductionAccepts(op.fn, x.dtype))
    problems.push(`${op.fn} does not take ${x.dtype}`);
  if (n.dtype !== (isArg(op.fn) ? "i32" : x.dtype)) problems.push(`${op.fn} of ${x.dtype} is no ${n.dtype}`);
  return problems;
}

/** Each polynomial of the map stays within the source for all elements of the domain, unless there is a fill. */
function accessProblems(
  source: Shape,
  map: readonly Coordinate[],
  domain: Shape,
  filled: boolean,
  c: Context,
): string[] {
  if (map.length !== source.length) return [`a map of ${map.length} coordinates for rank ${source.length}`];
  const bounds = withAxes(c.h.bounds, domain);
  return map.flatMap((p, i) => {
    if (!isPoly(p)) return [];
    const unknown = strangers(p, domain.length, c);
    if (unknown.length > 0 || filled || within(p, source[i], bounds)) return unknown;
    return [`index ${p.key} may be outside of 0..${source[i].key}`];
  });
}

function indexProblems(map: readonly Coordinate[], indices: readonly Node[], domain: Shape): string[] {
  const used = map.flatMap((c) => (isPoly(c) ? [] : [c.operand]));
  return [
    ...used.flatMap((k) => (indices[k] === undefined ? [`there is no index operand ${k}`] : [])),
    ...indices.flatMap((x) => sameAs(x, domain)),
    ...indices.flatMap((x) => (x.dtype === "i32" || x.dtype === "i64" ? [] : [`an index is ${x.dtype}`])),
  ];
}

function updateProblems(n: Node, op: OpOf<"update">, c: Context): string[] {
  const [before, value, ...indices] = n.inputs;
  return [
    ...(before.cell !== undefined && before.cell === n.cell ? [] : ["updates another state than its own"]),
    ...sameAs(before, n.shape),
    ...(before.dtype === n.dtype && value.dtype === n.dtype
      ? []
      : [`writes ${value.dtype} into ${before.dtype}`]),
    ...accessProblems(before.shape, op.map, value.shape, false, c),
    ...indexProblems(op.map, indices, value.shape),
  ];
}

function topkProblems(n: Node, c: Context): string[] {
  const [x] = n.inputs;
  const rank = x.shape.length;
  if (rank === 0 || n.shape.length !== rank) return ["takes the last axis of a tensor of equal rank"];
  return [
    ...(sameShape(x.shape.slice(0, -1), n.shape.slice(0, -1)) ? [] : ["leading axes differ"]),
    ...(atMost(n.shape[rank - 1], x.shape[rank - 1], c.h.bounds)
      ? []
      : ["more values are asked for than there are"]),
    ...(n.dtype === "i32" ? [] : ["indices are i32"]),
  ];
}
