/**
 * Equality saturation in named phases. Rules ask about sizes and index maps by adding `asks-` rows; between two
 * runs each is answered here, until nothing new is asked.
 */
import { type EGraph, type EGraphArrays, literalNumber, loadEngine, type RunOutput } from "egglog-wasm";
import type { Bounds } from "../ir/bounds.ts";
import type { Node } from "../ir/hlir.ts";
import { type Atoms, createAtoms } from "./atoms.ts";
import { atomFacts, encode } from "./encode.ts";
import { allRules } from "./rules.ts";

export type SaturateLimits = {
  readonly timeMs: number;
  readonly nodes: number;
  readonly memoryBytes: number;
  /** Told of the one that ended a saturation, each time. */
  readonly onReached?: (limit: "time" | "nodes" | "memory") => void;
};

/** Rows end a saturation that grows too far, at the same place on every machine; the time is for one that hangs. */
export const usualLimits: SaturateLimits = { timeMs: 120_000, nodes: 500_000, memoryBytes: 1 << 30 };

export type PhaseReport = { readonly name: string; readonly ms: number; readonly rows: number };

export type Saturated = {
  readonly limits: SaturateLimits;
  readonly atoms: Atoms;
  readonly arrays: EGraphArrays;
  /** How often each rule matched. */
  readonly matches: ReadonlyMap<string, number>;
  readonly phases: readonly PhaseReport[];
  readonly memoryBytes: number;
  /** Whether a limit ended it before everything was found. */
  readonly cut: boolean;
  /** The limit was the time: a faster machine may find more. */
  readonly late: boolean;
};

/** Rewriting first, what the found terms can be computed by last. */
const rewriting = "(run-schedule (saturate (saturate (run facts)) (run casts) (run views) (run algebra)))";
const recognizing = "(run-schedule (saturate (run recognition)) (saturate (run methods)))";

/** Of the engine and the largest model as it is written. */
const roomForModel = 256 << 20;

/** More rounds of questions than this would be a rule that asks for ever. */
const mostRounds = 24;

export async function saturate(
  nodes: readonly Node[],
  bounds: Bounds,
  options: { readonly limits?: SaturateLimits; readonly rules?: string } = {},
): Promise<Saturated> {
  const limits = options.limits ?? usualLimits;
  const engine = await loadEngine();
  const phases: PhaseReport[] = [];
  const started = performance.now();
  // One iteration that outgrows this is undone; the limit itself is looked at between iterations.
  const g = engine.create({ maxMemoryBytes: 2 * limits.memoryBytes + roomForModel });
  try {
    const matches = new Map<string, number>();
    let [cut, late] = [false, false];
    const reached = (limit: "time" | "nodes" | "memory"): void => {
      if (!cut) limits.onReached?.(limit);
      cut = true;
      late ||= limit === "time";
    };
    /** The model itself has room in any case: without its tensors there is nothing to choose for. */
    const phase = (name: string, program: string, within: Partial<SaturateLimits> = limits): void => {
      const at = performance.now();
      const r = g.run(program, { limits: within });
      for (const o of r.outputs) if (o.kind === "run") count(o, matches);
      phases.push({ name, ms: performance.now() - at, rows: r.tuples });
      if (r.ok) return;
      if (r.error.kind !== "limit")
        throw new Error(
          `the rules failed in ${name}, line ${r.error.line ?? "?"}: ${r.error.message}\n${lineOf(program, r.error.line)}`,
        );
      const { limit = "nodes" } = r.error;
      if (limit !== "cancelled") reached(limit);
    };
    const atoms = createAtoms(bounds);
    phase("rules", options.rules ?? allRules(), {});
    phase("encode", encode(nodes, atoms), {});
    phase("atoms", atomFacts(atoms, { views: 0, gathers: 0 }), {});
    const answered = new Set<string>();
    for (let round = 0; !cut; round++) {
      phase("rewrite", rewriting);
      const answers = answer(g, atoms, answered);
      if (answers === "" || cut) break;
      if (round === mostRounds) throw new Error("the rules ask without end");
      if (performance.now() - started > limits.timeMs) reached("time");
      phase("answer", answers);
    }
    phase("recognize", recognizing);
    const arrays = arraysOf(g);
    return { limits, atoms, arrays, matches, phases, memoryBytes: g.memoryBytes, cut, late };
  } finally {
    g.dispose();
  }
}

const lineOf = (program: string, line: number | undefined): string =>
  line === undefined ? "" : (program.split("\n")[line - 1] ?? "");

function count(report: RunOutput, matches: Map<string, number>): void {
  for (const r of report.rules) matches.set(r.name, (matches.get(r.name) ?? 0) + r.matches);
}

function arraysOf(g: EGraph): EGraphArrays {
  const r = g.arrays();
  if (!r.ok) throw new Error(`the e-graph can't be read: ${r.error.message}`);
  return r.arrays;
}

/** Rows of `asks-…` not answered yet, as a program that answers them; empty where there is none. */
function answer(g: EGraph, atoms: Atoms, answered: Set<string>): string {
  const a = arraysOf(g);
  const from = { views: atoms.views.values.length, gathers: atoms.gathers.values.length };
  const lines: string[] = [];
  for (let n = 0; n < a.nodeOp.length; n++) {
    const { name } = a.ops[a.nodeOp[n]];
    if (!name.startsWith("asks-")) continue;
    const asked = [...a.children.subarray(a.childStart[n], a.childStart[n + 1])].map(
      (c) => literalNumber(a, c)!,
    );
    const key = `${name} ${asked.join(" ")}`;
    if (answered.has(key)) continue;
    answered.add(key);
    const value = answerTo(name, asked, atoms);
    if (value !== undefined) lines.push(`(set (${name.slice("asks-".length)} ${asked.join(" ")}) ${value})`);
  }
  if (lines.length === 0) return "";
  return `${lines.join("\n")}\n${atomFacts(atoms, from)}`;
}

function answerTo(question: string, asked: readonly number[], atoms: Atoms): number | undefined {
  const [x, y, k, shape] = asked;
  switch (question) {
    case "asks-composed":
      return atoms.composed(x, y);
    case "asks-image":
      return atoms.image(x, y);
    case "asks-without":
      return atoms.without(x, y);
    case "asks-reduced":
      return atoms.reduced(x, y);
    case "asks-remaining":
      return atoms.remaining(x, y);
    case "asks-both":
      return atoms.both(x, y);
    case "asks-spread":
      return atoms.spread(x, y);
    case "asks-paired":
      return atoms.paired(x, y, k, shape);
    case "asks-through":
      return atoms.through(x, y);
    case "asks-stencil":
      return atoms.stencil(x, y);
    case "asks-lessens":
      return atoms.lessens(x, y, k);
    case "asks-split":
      return atoms.split(x, y, k);
    case "asks-apart":
      return atoms.apart(x, y);
    case "asks-summed-apart":
      return atoms.summedApart(x);
    case "asks-joined":
      return atoms.joined(x);
    default:
      throw new Error(`nobody answers ${question}`);
  }
}
