/** How much each kernel does: multiply-adds of contractions, statements of all else, at the largest sizes. */
import { type Bounds, highest } from "../ir/bounds.ts";
import type { Kernel, Stmt } from "../ir/kernel.ts";
import { type Program, routinesOf, type Step } from "../ir/llir.ts";
import type { Poly } from "../ir/poly.ts";

const largest = (p: Poly, bounds: Bounds): number => Math.max(0, highest(p, bounds) ?? 1);

/** Operations of one call. */
export function workOf(kernel: Kernel): number {
  const size = (variable: number | undefined): number =>
    variable === undefined ? 1 : largest(kernel.variables[variable].size, kernel.bounds);

  function sum(body: readonly Stmt[]): number {
    return body.reduce((total, s) => total + work(s), 0);
  }
  function work(s: Stmt): number {
    switch (s.kind) {
      case "loop":
        return Math.min(largest(s.size, kernel.bounds), s.block?.length ?? Infinity) * sum(s.body);
      case "if":
        return sum(s.body);
      case "topk":
        return largest(s.size, kernel.bounds) * (1 + sum(s.lets));
      case "attention": {
        const scores = size(s.item) * size(s.row) * size(s.key);
        const outputs = size(s.item) * size(s.row) * size(s.width);
        return scores * (size(s.depth) + size(s.width) + 1 + sum(s.score.lets)) + outputs * sum(s.epilogue);
      }
      case "contraction": {
        const outputs = size(s.batch) * size(s.m) * size(s.n);
        return outputs * (size(s.k) + sum(s.epilogue));
      }
      case "merged":
        return sum(s.parts);
      default:
        return 1;
    }
  }
  return sum(kernel.body);
}

/** Share of all work by kernel name, in one call of every entry and of each of its buckets; all 0 where nothing is counted. */
export function workShares(program: Program): Map<string, number> {
  const each = new Map(program.kernels.map((k) => [k.name, workOf(k)]));
  const total = new Map(program.kernels.map((k) => [k.name, 0]));
  const visit = (steps: readonly Step[], times: number, bounds: Bounds): void => {
    for (const step of steps) {
      if (step.kind === "call")
        total.set(step.kernel, total.get(step.kernel)! + times * each.get(step.kernel)!);
      else
        visit(
          step.steps,
          times * Math.max(0, largest(step.high, bounds) - largest(step.low, bounds)),
          bounds,
        );
    }
  };
  for (const entry of program.entries)
    for (const { steps, bounds } of routinesOf(entry, program)) visit(steps, 1, bounds);
  const all = [...total.values()].reduce((a, b) => a + b, 0);
  return new Map([...total].map(([name, work]) => [name, all === 0 ? 0 : work / all]));
}
