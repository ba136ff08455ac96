/** Tensors and terms as a reader of the model would write them, cut off where they get long. */
import { placeOf } from "../diagnostics.ts";
import type { Node } from "../ir/hlir.ts";
import { axesOf } from "./atoms.ts";
import type { Candidate, Operand, Space, Term } from "./space.ts";

const symbols: Readonly<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  mod: "%",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or",
};

const infix = (fn: string, a: string, b: string): string =>
  symbols[fn] === undefined ? `${fn}(${a}, ${b})` : `(${a} ${symbols[fn]} ${b})`;

const numberText = (x: number): string => String(Math.round(x * 1e6) / 1e6 === x ? x : x.toPrecision(6));

/** `llama.lum:12:3`, the same on every machine. */
export const shortPlace = (n: Node): string => placeOf(n.span).split("/").at(-1)!;

/** `self_attn.q`, or what an unnamed tensor computes: `exp(x - greatest)`. */
export function nodeText(n: Node, depth = 4): string {
  return n.name ?? nodeFormula(n, depth);
}

/** What it computes, whether it has a name or not. */
export function nodeFormula(n: Node, depth = 4): string {
  const { op } = n;
  const arg = (i: number): string => (depth <= 1 ? "…" : nodeText(n.inputs[i], depth - 1));
  switch (op.kind) {
    case "input":
    case "weight":
    case "state":
      return op.name;
    case "constant":
      return numberText(op.value);
    case "iota":
      return "iota";
    case "unary":
      return `${op.fn}(${arg(0)})`;
    case "binary":
      return infix(op.fn, arg(0), arg(1));
    case "select":
      return `where(${arg(0)}, ${arg(1)}, ${arg(2)})`;
    case "cast":
      return `${arg(0)} as ${n.dtype}`;
    // A view moves and repeats what it shows, which is what a reader looks for.
    case "view":
      return nodeText(n.inputs[0], depth);
    case "gather":
      return `${arg(0)}[${arg(1)}]`;
    case "reduce":
      return `${op.fn}(${arg(0)})`;
    case "update":
      return `${n.cell ?? "state"} := ${arg(1)}`;
    case "param":
      return `${n.cell ?? `value ${op.index}`} in loop ${op.loop}`;
    case "result":
      return `${n.cell ?? `value ${op.index}`} after its loop`;
    case "loop":
      return `loop ${op.loop.variable}`;
    case "custom":
      return `${op.kernel.name}(…)`;
    default:
      return `${op.kind}(${n.inputs.map((_, i) => arg(i)).join(", ")})`;
  }
}

/** The tensor of a class: a node of the model where one computes it, else its shallowest term. */
export function classText(c: number, space: Space, depth = 4): string {
  const first = space.candidates.get(c)?.[0];
  if (first === undefined) return "…";
  return first.kind === "node" ? nodeText(first.node, depth) : termText(first.term, space, depth);
}

export function termText(t: Term, space: Space, depth = 4): string {
  const { atoms } = space;
  const literal = (o: Operand): string | number => ("literal" in o ? o.literal : "");
  const arg = (i: number): string => {
    const o = t.operands[i];
    if (!("class" in o)) return String(o.literal);
    return depth <= 1 ? "…" : classText(o.class, space, depth - 1);
  };
  switch (t.op) {
    case "Number":
      return numberText(atoms.numbers.valueOf(Number(literal(t.operands[0]))).value);
    case "Iota":
      return "iota";
    case "Unary":
      return `${arg(0)}(${arg(1)})`;
    case "Binary":
      return infix(arg(0), arg(1), arg(2));
    case "Select":
      return `where(${arg(0)}, ${arg(1)}, ${arg(2)})`;
    case "Cast":
    case "Bitcast":
      return `${arg(0)} as ${arg(1)}`;
    case "View":
      return "class" in t.operands[0] ? classText(t.operands[0].class, space, depth) : "view";
    case "Gather":
      return `${arg(0)}[${arg(1)}]`;
    case "Reduce":
      return `${arg(0)}(${arg(1)}) over axes ${axesOf(Number(arg(2))).join(", ")}`;
    default:
      return `${t.op}(${t.operands.map((_, i) => arg(i)).join(", ")})`;
  }
}

export const candidateText = (c: Candidate, space: Space): string =>
  c.kind === "node" ? nodeFormula(c.node) : termText(c.term, space);
