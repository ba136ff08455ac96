/**
 * Keys of tensors and terms that mean the same in every run: digests of what is computed, down to inputs, weights
 * and states by name. Numbers of nodes and of e-classes move when an unrelated line is written; these don't.
 */
import { createHash } from "node:crypto";
import type { Coordinate, Node, Shape } from "../ir/hlir.ts";
import { isPoly } from "../ir/hlir.ts";
import type { Atoms } from "./atoms.ts";
import type { Candidate, Operand, Space, Term } from "./space.ts";

const digest = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);

const shapeText = (s: Shape): string[] => s.map((p) => p.key);
const mapText = (map: readonly Coordinate[]): string[] =>
  map.map((c) => (isPoly(c) ? c.key : `#${c.operand}`));

export type Keys = {
  readonly ofNode: (n: Node) => string;
  /** Of a class of tensors. */
  readonly ofClass: (c: number) => string;
  readonly ofTerm: (t: Term) => string;
  /** Of one way to compute a tensor. */
  readonly ofCandidate: (c: Candidate) => string;
};

/** `nodes` are all of the model, operands first. */
export function keysOf(nodes: readonly Node[], space: Space): Keys {
  const ofNode = nodeKeys(nodes);
  const classes = new Map<number, string>();
  for (const n of nodes) {
    const c = space.classOf.get(n);
    if (c !== undefined && !classes.has(c)) classes.set(c, ofNode.get(n)!);
  }
  const ofTerm = (t: Term): string => {
    const operands = t.operands.map((o, i) =>
      "class" in o ? ["tensor", classes.get(o.class)] : literalText(t, i, o, space.atoms),
    );
    return digest([t.op, ...operands]);
  };
  keyOtherClasses(space, classes, ofTerm);
  const found = <K>(m: ReadonlyMap<K, string>, key: K, what: string): string => {
    const value = m.get(key);
    if (value === undefined) throw new Error(`no key for ${what}`);
    return value;
  };
  return {
    ofNode: (n) => found(ofNode, n, `node ${n.id}`),
    ofClass: (c) => found(classes, c, `class ${c}`),
    ofTerm,
    ofCandidate: (c) => (c.kind === "node" ? found(ofNode, c.node, `node ${c.node.id}`) : ofTerm(c.term)),
  };
}

/** A class that no node of the model is in is known by its shallowest term, of several by that with the least key. */
function keyOtherClasses(space: Space, classes: Map<number, string>, ofTerm: (t: Term) => string): void {
  const open = new Set([...space.candidates.keys()].filter((c) => !classes.has(c)));
  while (open.size > 0) {
    const made = new Map<number, string>();
    for (const c of open) {
      const ready = space.candidates
        .get(c)!
        .flatMap((x) =>
          x.kind === "term" && x.term.operands.every((o) => !("class" in o) || classes.has(o.class))
            ? [ofTerm(x.term)]
            : [],
        );
      if (ready.length > 0) made.set(c, ready.sort()[0]);
    }
    if (made.size === 0) throw new Error("terms that contain only each other");
    for (const [c, key] of made) {
      classes.set(c, key);
      open.delete(c);
    }
  }
}

/** A literal by its meaning: the numbers of atoms depend on the order in which they were met. */
function literalText(t: Term, i: number, o: Operand, atoms: Atoms): unknown {
  if (!("literal" in o)) throw new Error("an operand that is no literal");
  const id = Number(o.literal);
  if (t.op === "Number") {
    const { value, dtype } = atoms.numbers.valueOf(id);
    return [String(Object.is(value, -0) ? "-0" : value), dtype];
  }
  if (t.op === "Iota") {
    const { value, shape, dtype } = atoms.iotas.valueOf(id);
    return [value.key, shapeText(shape), dtype];
  }
  if (t.op === "View" && i === 1) {
    const { map, shape, fill } = atoms.views.valueOf(id);
    return [mapText(map), shapeText(shape), String(fill)];
  }
  if (t.op === "Gather" && i === 2) {
    const { map, shape, fill } = atoms.gathers.valueOf(id);
    return [mapText(map), shapeText(shape), String(fill)];
  }
  return o.literal;
}

function nodeKeys(nodes: readonly Node[]): Map<Node, string> {
  const keys = new Map<Node, string>();
  const times = new Map<string, number>();
  const visit = (n: Node): string => {
    const known = keys.get(n);
    if (known !== undefined) return known;
    const own = digest([attributes(n, visit), shapeText(n.shape), n.dtype, n.inputs.map(visit)]);
    const count = (times.get(own) ?? 0) + 1;
    times.set(own, count);
    const key = count === 1 ? own : `${own}~${count}`;
    keys.set(n, key);
    return key;
  };
  for (const n of nodes) visit(n);
  return keys;
}

function attributes(n: Node, keyOf: (n: Node) => string): unknown {
  const { op } = n;
  switch (op.kind) {
    case "input":
    case "weight":
    case "state":
      return [op.kind, op.name];
    case "constant":
      return [op.kind, String(Object.is(op.value, -0) ? "-0" : op.value)];
    case "data":
      return [op.kind, op.values.map(String)];
    case "iota":
      return [op.kind, op.value.key];
    case "unary":
    case "binary":
      return [op.kind, op.fn];
    case "reduce":
      return [op.kind, op.fn, op.axes];
    case "view":
    case "gather":
      return [op.kind, mapText(op.map), String(op.fill)];
    case "update":
      return [op.kind, mapText(op.map), n.cell];
    case "cumulate":
      return [op.kind, op.fn, op.axis];
    case "param":
      return [op.kind, op.loop, op.index];
    case "result":
      return [op.kind, op.index];
    case "loop": {
      const { variable, low, high, params, results } = op.loop;
      return [op.kind, variable, low.key, high.key, params.map(keyOf), results.map(keyOf)];
    }
    case "custom":
      return [op.kind, op.kernel.name];
    default:
      return [op.kind];
  }
}
