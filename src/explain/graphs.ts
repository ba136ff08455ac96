/** The two drawings: the model's operations before anything was chosen, and the kernels afterwards. */
import type { Hlir, Loop, Node } from "../ir/hlir.ts";
import { choicesOf, isGiven, type Plan, storedIn } from "../ir/plan.ts";
import { readsOf } from "../lower/plan-reads.ts";
import { allNodes } from "../search/encode.ts";
import { nodeText } from "../search/term-text.ts";
import type { Box, Edge } from "./layout.ts";
import type { KernelReport } from "./report.ts";
import { duration, percentText } from "./units.ts";

export type GraphBox = Box & {
  readonly lines: readonly string[];
  /** Its look: `given`, `operation`, `replaced` or `kernel`. */
  readonly look: string;
  readonly family?: string;
  /** The kernel that it is, or is part of. */
  readonly kernel?: number;
  readonly title: string;
};

export type Graph = { readonly boxes: readonly GraphBox[]; readonly edges: readonly Edge[] };

const letter = 6.3;
const widest = 200;

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** Not drawn: they move, repeat or widen what they are given, or are a number. */
const hidden = new Set(["view", "constant", "data", "iota", "cast", "bitcast", "loop"]);

/** Operations of the model; `kernelOf` gives the kernel that computes a node in the plan. */
export function modelGraph(model: Hlir, kernelOf: ReadonlyMap<Node, KernelReport>): Graph {
  const nodes = allNodes(model);
  const loops = new Map<string, { node: Node; loop: Loop }>();
  for (const n of nodes)
    if (n.op.kind === "loop") loops.set(n.op.loop.variable, { node: n, loop: n.op.loop });
  const sourcesOf = (n: Node): readonly Node[] => {
    if (n.op.kind === "param") {
      const around = loops.get(n.op.loop);
      return around === undefined ? [] : [around.node.inputs[n.op.index]];
    }
    if (n.op.kind === "result") {
      const { op } = n.inputs[0];
      return op.kind === "loop" ? [op.loop.results[n.op.index]] : [];
    }
    return n.inputs;
  };
  const shown = nodes.filter((n) => !hidden.has(n.op.kind) && n.op.kind !== "weight");
  const isShown = new Set(shown);
  const drawnSources = (n: Node, seen = new Set<Node>()): Node[] =>
    sourcesOf(n).flatMap((x) => {
      if (x === undefined || seen.has(x)) return [];
      seen.add(x);
      if (isShown.has(x)) return [x];
      return hidden.has(x.op.kind) && x.op.kind !== "loop" ? drawnSources(x, seen) : [];
    });
  const boxes = shown.map((n): GraphBox => {
    const kernel = kernelOf.get(n);
    const label = cut(n.name ?? operationText(n), 26);
    const lines = n.name === undefined || isGiven(n) ? [label] : [label, cut(operationText(n), 26)];
    return {
      id: `n${n.id}`,
      width: Math.min(widest, Math.max(40, ...lines.map((l) => l.length * letter + 16))),
      height: 10 + 13 * lines.length,
      lines,
      look: isGiven(n) ? "given" : kernel === undefined ? "replaced" : "operation",
      family: kernel?.family,
      kernel: kernel?.id,
      title: kernel === undefined && !isGiven(n) ? `${nodeText(n)}: replaced by an equal term` : nodeText(n),
    };
  });
  const edges = shown.flatMap((n) =>
    [...new Set(drawnSources(n))].map((x) => ({ from: `n${x.id}`, to: `n${n.id}` })),
  );
  return connected(boxes, edges);
}

function operationText({ op, inputs }: Node): string {
  switch (op.kind) {
    case "unary":
    case "binary":
      return op.fn;
    case "reduce":
      return `${op.fn} over ${op.axes.length === 1 ? "an axis" : `${op.axes.length} axes`}`;
    case "update":
      return "write";
    case "param":
      return `carried by ${op.loop}`;
    case "result":
      return `after ${inputs[0].op.kind === "loop" ? inputs[0].op.loop.variable : "a loop"}`;
    case "input":
    case "weight":
    case "state":
      return op.name;
    case "custom":
      return op.kernel.name;
    default:
      return op.kind;
  }
}

/** Kernels with the tensors that pass between them; weights are left out. */
export function planGraph(plan: Plan, kernels: readonly KernelReport[], point: number): Graph {
  const boxes: GraphBox[] = [];
  const edges: Edge[] = [];
  const most = Math.max(...kernels.map((k) => k.costs[point].share));
  let id = 0;
  for (const [e, entry] of plan.entries.entries()) {
    const own = [...choicesOf(entry.body)].map((c) => ({ c, kernel: kernels[id++] }));
    const isStored = storedIn(entry);
    const boxOf = new Map<Node, string>(own.map(({ c, kernel }) => [c.root, `k${kernel.id}`]));
    const inputsOf = new Map<string, Node>();
    const loops = new Map<string, Node>();
    for (const n of allNodes(plan.hlir)) if (n.op.kind === "loop") loops.set(n.op.loop.variable, n);
    const sourceOf = (n: Node): string | undefined => {
      const stored = boxOf.get(n);
      if (stored !== undefined) return stored;
      if (n.op.kind === "param") {
        const start = loops.get(n.op.loop)?.inputs[n.op.index];
        return start === undefined ? undefined : sourceOf(start);
      }
      if (n.op.kind === "result") {
        const { op } = n.inputs[0];
        return op.kind === "loop" ? sourceOf(op.loop.results[n.op.index]) : undefined;
      }
      if (n.op.kind !== "input" && n.op.kind !== "state") return undefined;
      const key = `g${e}:${n.op.kind}:${n.op.name}`;
      inputsOf.set(key, n);
      return key;
    };
    for (const { c, kernel } of own) {
      const reads = new Set(readsOf(c, isStored).flatMap((r) => sourceOf(r.node) ?? []));
      for (const from of reads) if (from !== `k${kernel.id}`) edges.push({ from, to: `k${kernel.id}` });
      boxes.push(kernelBox(kernel, most, point));
    }
    for (const [key, n] of inputsOf) {
      const text = cut(nodeText(n), 26);
      boxes.push({
        id: key,
        width: Math.max(40, text.length * letter + 16),
        height: 23,
        lines: [text],
        look: "given",
        title: n.op.kind,
      });
    }
  }
  return { boxes, edges: withoutCycles(boxes, edges) };
}

/** Its area grows with its time. */
function kernelBox(k: KernelReport, most: number, point: number): GraphBox {
  const { share, seconds } = k.costs[point];
  const grown = Math.sqrt(share / most);
  const width = 108 + 110 * grown;
  const name = cut(k.computes, Math.floor((width - 14) / letter));
  const times = k.runs === 1 ? "" : ` · ${k.runs}×`;
  return {
    id: `k${k.id}`,
    width,
    height: 40 + 56 * grown,
    lines: [name, `${percentText(share)} · ${duration(seconds)}${times}`],
    look: "kernel",
    family: k.family,
    kernel: k.id,
    title: `${k.computes}: ${k.family}, ${k.form}`,
  };
}

/** Kernels that a state is read by before another one writes it stand in both directions; only one is drawn. */
function withoutCycles(boxes: readonly GraphBox[], edges: readonly Edge[]): Edge[] {
  const position = new Map(boxes.map((b) => [b.id, b.kernel ?? -1]));
  const seen = new Set<string>();
  return edges.filter((e) => {
    const key = `${e.from} ${e.to}`;
    if (seen.has(key) || position.get(e.from)! >= position.get(e.to)!) return false;
    seen.add(key);
    return true;
  });
}

/** Without boxes that no edge meets, unless there is nothing else. */
function connected(boxes: readonly GraphBox[], edges: readonly Edge[]): Graph {
  const met = new Set(edges.flatMap((e) => [e.from, e.to]));
  const kept = boxes.filter((b) => met.has(b.id) || b.look !== "given");
  return { boxes: kept, edges };
}
