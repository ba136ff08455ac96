/**
 * Text of Hlir for dumps, golden tests and failures of the checker. A node is one line,
 *
 *     %4 = view %1 [a0, a2 - 1] else 0 : f32[s, 8, 3]  // conv.padded
 *
 * numbered by position, so the text does not change when unrelated nodes are made before. A loop's body is an
 * indented region whose first carried values stand behind `carry` and whose last ones behind `next`.
 */
import type { DType } from "./dtype.ts";
import {
  bodyNodes,
  type Coordinate,
  type Entry,
  type Hlir,
  isPoly,
  type Loop,
  type Node,
  type Op,
  reachable,
  rootsOf,
  type Shape,
} from "./hlir.ts";

/** The number of a node in the text, `%4`. */
export type Names = (n: Node) => string;

export const typeText = (shape: Shape, dtype: DType): string =>
  `${dtype}[${shape.map((p) => p.key).join(", ")}]`;

export function printHlir(h: Hlir): string {
  const lines = [`model ${h.name}`];
  for (const d of h.dims) lines.push(`dim ${d.name} in ${d.low.key}..${d.high.key}`);
  for (const w of h.weights) {
    const source = w.source.map((part) => (typeof part === "string" ? part : `{${part.key}}`)).join("");
    const per = w.loops.length === 0 ? "" : ` per ${w.loops.join(", ")}`;
    lines.push(`weight ${w.name}: ${typeText(w.shape, w.dtype)} from ${JSON.stringify(source)}${per}`);
  }
  for (const s of h.states)
    lines.push(`state ${s.name}: ${typeText(s.shape, s.dtype)} = ${numberText(s.init)}`);
  for (const entry of h.entries) lines.push("", ...entryLines(entry));
  return `${lines.join("\n")}\n`;
}

/** The nodes that `roots` need, without a header: for tests of single definitions. */
export function printNodes(roots: readonly Node[]): string {
  return regionLines(reachable(roots), numberNodes(reachable(roots)), "").join("\n");
}

/** The numbers that `printHlir` gives to the nodes of an entry. */
export const entryNames = (entry: Entry): Names => numberNodes(reachable(rootsOf(entry)));

function entryLines(entry: Entry): string[] {
  const nodes = reachable(rootsOf(entry));
  const names = numberNodes(nodes);
  return [
    `entry ${entry.name}`,
    ...regionLines(nodes, names, "  "),
    ...entry.outputs.map((o) => `  output ${o.name} = ${names(o.value)}`),
    ...entry.states.map((s) => `  state ${s.cell} = ${names(s.value)}`),
    ...entry.taps.map((t) => `  tap ${t.name} = ${names(t.value)}`),
  ];
}

/** Counts in print order: a loop's params, then its body, then the loop itself. */
function numberNodes(nodes: readonly Node[]): Names {
  const numbers = new Map<Node, number>();
  const visit = (n: Node): void => {
    if (numbers.has(n)) return;
    if (n.op.kind === "loop")
      for (const inner of [...n.op.loop.params, ...bodyNodes(n.op.loop)]) visit(inner);
    numbers.set(n, numbers.size);
  };
  for (const n of nodes) visit(n);
  return (n) => `%${numbers.get(n) ?? `?${n.id}`}`;
}

function regionLines(nodes: readonly Node[], names: Names, indent: string): string[] {
  return nodes.flatMap((n) => {
    if (n.op.kind === "loop") return loopLines(n, n.op.loop, names, indent);
    return n.op.kind === "param" ? [] : [`${indent}${printNode(n, names)}`];
  });
}

function loopLines(n: Node, loop: Loop, names: Names, indent: string): string[] {
  const carried = loop.params.map((p, i) => {
    const start = n.inputs[i] === undefined ? "nothing" : names(n.inputs[i]);
    return `${names(p)}: ${typeText(p.shape, p.dtype)} = ${start}`;
  });
  const carry = carried.length === 0 ? "" : ` carry ${carried.join(", ")}`;
  return [
    `${indent}${names(n)} = loop ${loop.variable} in ${loop.low.key}..${loop.high.key}${carry} {`,
    ...regionLines(bodyNodes(loop), names, `${indent}  `),
    `${indent}  next ${loop.results.map(names).join(", ")}`,
    `${indent}}`,
  ];
}

/** One line; of a loop only its head. */
export function printNode(n: Node, names: Names): string {
  const name = n.name === undefined ? "" : `  // ${n.name}`;
  const cell = n.cell === undefined || n.op.kind === "state" ? "" : ` of ${n.cell}`;
  return `${names(n)} = ${operation(n, names)} : ${typeText(n.shape, n.dtype)}${cell}${name}`;
}

function operation(n: Node, names: Names): string {
  const words = operationWords(n.op);
  const [x, value] = n.inputs.map(names);
  switch (n.op.kind) {
    case "view":
      return `view ${x} ${mapText(n.op.map, [])}${fillText(n.op.fill)}`;
    case "gather":
      return `gather ${x} ${mapText(n.op.map, n.inputs.slice(1).map(names))}${fillText(n.op.fill)}`;
    case "update":
      return `update ${x} ${mapText(n.op.map, n.inputs.slice(2).map(names))} := ${value}`;
    default:
      return [words, n.inputs.map(names).join(", ")].filter((text) => text !== "").join(" ");
  }
}

/** The operation without its operands. */
function operationWords(op: Op): string {
  switch (op.kind) {
    case "input":
    case "weight":
    case "state":
      return `${op.kind} ${op.name}`;
    case "constant":
      return `constant ${numberText(op.value)}`;
    case "data":
      return `data {${op.values.map(numberText).join(", ")}}`;
    case "iota":
      return `iota ${op.value.key}`;
    case "unary":
    case "binary":
      return op.fn;
    case "reduce":
      return `${op.fn} over ${op.axes.map((a) => `a${a}`).join(", ")} of`;
    case "cumulate":
      return `cumulate ${op.fn} along a${op.axis} of`;
    case "loop":
      return `loop ${op.loop.variable}`;
    case "param":
      return `param ${op.index} of loop ${op.loop}`;
    case "result":
      return `result ${op.index} of`;
    case "custom":
      return `kernel ${op.kernel.name}`;
    default:
      return op.kind;
  }
}

const mapText = (map: readonly Coordinate[], operands: readonly string[]): string =>
  `[${map.map((c) => (isPoly(c) ? c.key : (operands[c.operand] ?? "nothing"))).join(", ")}]`;

const fillText = (fill: number | undefined): string =>
  fill === undefined ? "" : ` else ${numberText(fill)}`;

const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));
