/** `weights.json`: which tensor of the checkpoint goes where. `lumc.lock.json`: the choice behind each kernel. */

import type { Program, WeightSlot } from "../ir/llir.ts";
import { printPoly } from "../ir/poly.ts";
import type { ProjectView } from "./view.ts";
import { bytesOf, sourceText } from "./view-weights.ts";

/** Indented JSON with lists of plain values on one line. */
const json = (value: unknown): string => {
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(/\[\n\s*([^[\]{}]*?)\n\s*\]/g, (_, items: string) => `[${items.replace(/,\s+/g, ", ")}]`)}\n`;
};

function layoutOf(w: WeightSlot): unknown {
  if (w.layout.kind === "stored") return "as stored";
  if (w.layout.kind === "filters") return { kind: "transformed 3x3 filters" };
  return { kind: "panels", columns: printPoly(w.layout.n), depth: printPoly(w.layout.k) };
}

export function weightsFile(program: Program, view: ProjectView): string {
  return json({
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

export function lockFile(program: Program, view: ProjectView, arch: string): string {
  const kernel = new Map(view.kernels.map((k) => [k.name, k]));
  return json({
    lock: 1,
    model: view.model.title,
    target: "cpu",
    arch,
    search: "direct",
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
