/** `weights.json`: which tensor of the checkpoint goes where. `lumc.lock.json`: the choice behind each kernel. */

import type { Program, WeightSlot } from "../ir/llir.ts";
import { winogradTileText } from "../ir/plan.ts";
import { printPoly } from "../ir/poly.ts";
import { jsonText } from "../json-text.ts";
import type { LockPart } from "../search/lock.ts";
import { lockText } from "../search/lock-file.ts";
import type { ProjectView } from "./view.ts";
import { bytesOf, sourceText } from "./view-weights.ts";

function layoutOf(w: WeightSlot): unknown {
  if (w.layout.kind === "stored") return "as stored";
  if (w.layout.kind === "filters")
    return { kind: "transformed 3x3 filters", tile: winogradTileText(w.layout.tile) };
  return { kind: "panels", columns: printPoly(w.layout.n), depth: printPoly(w.layout.k) };
}

export function weightsFile(program: Program, view: ProjectView): string {
  return jsonText({
    model: view.model.title,
    bytes: view.weights.bytes,
    tensors: program.weights.map((w) => ({
      source: sourceText(w.source),
      ...(w.loops.length > 0
        ? { loops: Object.fromEntries(w.loops.map((l) => [l.variable, [l.low, l.high]])) }
        : {}),
      slot: view.weights.path(w.name),
      dtype: w.dtype,
      shape: w.shape.map((p) => p.constant),
      layout: layoutOf(w),
      bytes: bytesOf(w),
    })),
  });
}

/** `part` is what the search decided; what of it the kernels became is added here. */
export function lockFile(
  program: Program,
  view: ProjectView,
  { arch, allow = [] }: { readonly arch: string; readonly allow?: readonly string[] },
  part: LockPart,
): string {
  const kernel = new Map(view.kernels.map((k) => [k.name, k]));
  return lockText({
    model: view.model.title,
    hash: part.hash,
    target: program.device ?? "cpu",
    arch,
    ...(allow.length === 0 ? {} : { allow }),
    search: part.search,
    plans: part.plans,
    kernels: Object.fromEntries(
      program.kernels.map((k) => [
        k.name,
        {
          computes: kernel.get(k.name)!.computes,
          implementation: k.family,
          source: kernel.get(k.name)!.place,
          why: k.notes,
        },
      ]),
    ),
    arenaBytes: program.arenaBytes,
  });
}
