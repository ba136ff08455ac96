/**
 * A matrix product with too few tiles for the device, its summed axis split: one kernel sums each part, a second one
 * adds the parts up in their order, so that the same sums come out every time, and does the epilogue.
 */
import type { Contraction, Kernel, Tiling } from "../../ir/kernel.ts";
import { int } from "../../ir/poly.ts";
import { isPure } from "./loops.ts";
import { Draft, local, overGrid, overParts, type Stage } from "./stages.ts";

/** The product of a kernel that is nothing but one. */
export function productIn(kernel: Kernel): Contraction | undefined {
  const last = kernel.body.at(-1);
  return last?.kind === "contraction" && kernel.body.slice(0, -1).every(isPure) ? last : undefined;
}

export function splitProduct(kernel: Kernel, s: Contraction, tiling: Tiling): Stage[] {
  const d = new Draft(kernel);
  const before = kernel.body.slice(0, -1);
  const part = d.variable("part", int(tiling.parts));
  const at = [part, s.batch, s.m, s.n];
  const room = d.room(d.name(`${s.sum}s`), at, 1);
  const shape = `[${tiling.parts} parts of the sum]`;
  const value = { kind: "load", from: room.room, at: d.place(at), dtype: "f32" } as const;
  const sums: Contraction = {
    ...s,
    split: { part },
    epilogue: [{ kind: "store", to: room.room, at: d.place(at), value: local(s.sum) }],
  };
  const inParts = `The sum is split into ${tiling.parts} parts, for enough tiles to fill the device.`;
  const first = d.stage(
    { name: `${kernel.name}_parts`, notes: [...kernel.notes, inParts], family: "contraction" },
    [...before, sums],
    [{ room, mutable: true, shape }],
  );
  const second = d.stage(
    { name: kernel.name, notes: ["Adds up the parts of the sum in their order."], family: "reduction" },
    [
      ...before,
      ...overGrid(
        d,
        [s.batch, s.m, s.n],
        [
          { kind: "accumulator", name: s.sum, dtype: "f32", start: 0 },
          overParts(part, int(tiling.parts), [{ kind: "fold", name: s.sum, fn: "sum", value }]),
          ...s.epilogue,
        ],
      ),
    ],
    [{ room, mutable: false, shape }],
  );
  return [{ ...first, tiling }, second];
}
