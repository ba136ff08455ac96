/**
 * Proves the invariants of Hlir: shapes and dtypes agree, every access is in bounds for all values of the dims,
 * values that a loop carries keep their type, and a version of a state has one successor. A failure names the
 * step that made the graph and prints the node.
 */
import { CompileError, type Diagnostic, diagnostic } from "../diagnostics.ts";
import {
  bodyNodes,
  type Entry,
  type Hlir,
  type Loop,
  loopRange,
  type Node,
  reachable,
  rootsOf,
} from "./hlir.ts";
import { nodeProblems } from "./hlir-check-nodes.ts";
import { entryNames, printNode, typeText } from "./hlir-print.ts";
import { equal } from "./poly.ts";

type Report = (n: Node, problem: string) => void;

/** Where a node stands: the loops around it, and the nodes of its own region (an entry or one loop's body). */
type Region = { readonly loops: readonly string[]; readonly nodes: readonly Node[] };

/** Throws a CompileError with LUM3001 for each thing wrong. */
export function checkHlir(h: Hlir, step: string): void {
  const problems: Diagnostic[] = [];
  for (const entry of h.entries) {
    const names = entryNames(entry);
    checkEntry(h, entry, (n, problem) => {
      problems.push(diagnostic("LUM3001", n.span, { step, problem, node: printNode(n, names) }));
    });
  }
  if (problems.length > 0) throw new CompileError(problems);
}

function checkEntry(h: Hlir, entry: Entry, report: Report): void {
  const nodes = reachable(rootsOf(entry));
  checkRegion(h, entry, { loops: [], nodes }, report);
  const successors = successorsOf(nodes);
  for (const { cell, value } of entry.states) {
    if (value.cell !== cell)
      report(value, `the last version of state ${cell} is a version of ${value.cell ?? "none"}`);
    if (successors.has(value)) report(value, `a later version of state ${cell} than the last exists`);
  }
}

function checkRegion(h: Hlir, entry: Entry, region: Region, report: Report): void {
  for (const n of region.nodes) {
    for (const problem of nodeProblems(n, { h, entry, loops: region.loops })) report(n, problem);
    if (n.op.kind === "loop") checkLoop(h, entry, n, n.op.loop, region, report);
  }
  checkVersions(region, report);
}

function checkLoop(h: Hlir, entry: Entry, n: Node, loop: Loop, around: Region, report: Report): void {
  const range = h.bounds.loops.get(loop.variable);
  const own = loopRange(loop);
  if (range === undefined) report(n, `loop variable ${loop.variable} has no range`);
  else if (!equal(range.low, own.low) || !equal(range.high, own.high))
    report(n, `loop variable ${loop.variable} has another range than its loop`);
  if (around.loops.includes(loop.variable))
    report(n, `loop variable ${loop.variable} is taken by a loop around`);
  if (n.inputs.length !== loop.params.length || n.inputs.length !== loop.results.length)
    return report(
      n,
      `${n.inputs.length} initial values, ${loop.params.length} params, ${loop.results.length} results`,
    );
  loop.params.forEach((p, i) => checkCarried(n.inputs[i], p, loop, i, (problem) => report(n, problem)));
  const nodes = bodyNodes(loop);
  for (const r of nodes) if (r.id >= n.id) report(r, "is in the body of a loop that was made before it");
  checkRegion(h, entry, { loops: [...around.loops, loop.variable], nodes }, report);
}

function checkCarried(
  start: Node,
  param: Node,
  loop: Loop,
  index: number,
  report: (problem: string) => void,
): void {
  const { op } = param;
  if (op.kind !== "param" || op.loop !== loop.variable || op.index !== index)
    report(`param ${index} does not belong to the loop ${loop.variable}`);
  const wanted = `${typeText(param.shape, param.dtype)}${param.cell ?? ""}`;
  for (const [what, n] of [
    ["starts", start],
    ["ends an iteration", loop.results[index]],
  ] as const)
    if (`${typeText(n.shape, n.dtype)}${n.cell ?? ""}` !== wanted)
      report(
        `carried value ${index}, ${typeText(param.shape, param.dtype)}, ${what} as ${typeText(n.shape, n.dtype)}`,
      );
  if (
    param.shape.some((p) =>
      p.terms.some((t) => t.atoms.some((a) => a.kind === "loop" && a.name === loop.variable)),
    )
  )
    report(`the shape of carried value ${index} changes from one iteration to the next`);
}

/** Nodes of the region that make a new version of a state out of another, by the version that they replace. */
function successorsOf(nodes: readonly Node[]): Map<Node, Node[]> {
  const found = new Map<Node, Node[]>();
  for (const n of nodes) {
    const op = n.op;
    const before = op.kind === "update" ? [n.inputs[0]] : op.kind === "loop" ? changedStates(n, op.loop) : [];
    for (const v of before) found.set(v, [...(found.get(v) ?? []), n]);
  }
  return found;
}

const changedStates = (n: Node, loop: Loop): Node[] =>
  n.inputs.filter((_, i) => loop.params[i]?.cell !== undefined);

function checkVersions(region: Region, report: Report): void {
  const inside = new Set(region.nodes);
  for (const [version, writers] of successorsOf(region.nodes)) {
    if (writers.length > 1) report(writers[1], `a second writer of one version of state ${version.cell}`);
    if (!inside.has(version))
      report(writers[0], `writes state ${version.cell}, which the loop around does not carry`);
  }
}
