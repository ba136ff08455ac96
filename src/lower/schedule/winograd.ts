/** Convolutions that Winograd's filtering computes: 3x3, stride 1, constant filters, the image in memory. */
import type { Node } from "../../ir/hlir.ts";
import { type Choice, isGiven, type WinogradTile, winogradTileText } from "../../ir/plan.ts";
import { constantOf, zero } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";
import { usesOf } from "../plan-reads.ts";
import type { KernelDraft } from "./build.ts";
import { axesOfRoot, splitAxes } from "./contraction.ts";
import { createEvaluator, offsetAt } from "./evaluate.ts";
import { strideIn } from "./merge.ts";
import { locate } from "./operands.ts";
import type { Slot } from "./storage.ts";

/** The filters as they lie in the checkpoint: f32[outputs, channels, 3, 3]. */
export type Filters = {
  readonly weight: Node;
  readonly slot: Slot;
  readonly outputs: number;
  readonly channels: number;
};

/** Taps along each side of a filter. */
const taps = 3;

/** The filters of a contraction that is such a convolution; undefined for any other. */
export function filtersOf(
  k: Pick<KernelDraft, "bounds" | "slotOf" | "usesOf">,
  choice: Choice,
): Filters | undefined {
  const { implementation } = choice;
  if (implementation.family !== "contraction") return undefined;
  const { anchor, form } = implementation;
  const product = anchor.inputs[0];
  const size = (a: number): number | undefined => constantOf(product.shape[a]);
  const { m, window } = splitAxes(k, choice, anchor, form, axesOfRoot(k, choice, anchor));
  if (window?.side !== "b" || m.length !== 1) return undefined;
  const { h, c, r, s, image } = window.of;
  const ones = [...image.strides, ...image.dilations].every((x) => x === 1);
  if (h === undefined || c === undefined || r === undefined || !ones) return undefined;
  if (size(r) !== taps || size(s) !== taps) return undefined;
  const [outputs, channels] = [size(m[0]), size(c)];
  if (outputs === undefined || channels === undefined) return undefined;
  if (channels > cpu.winogradChannels) return undefined;

  const ev = createEvaluator({ bounds: k.bounds, slotOf: k.slotOf, root: choice.root });
  const coords = product.shape.map((extent, i) => ev.variable(`a${i}`, extent));
  const at = locate(k, ev, form.a, coords, choice.root);
  if (at === undefined || at.padded || at.node.op.kind !== "weight" || at.node.dtype !== "f32")
    return undefined;
  const offset = offsetAt(at.slot.shape, at.coords);
  const stride = (a: number): number | undefined => constantOf(strideIn(offset, a) ?? zero);
  const strides = new Map([
    [m[0], channels * taps * taps],
    [c, taps * taps],
    [r, taps],
    [s, 1],
  ]);
  const whole = coords.every((_, a) => size(a) === 1 || stride(a) === (strides.get(a) ?? 0));
  const elements = at.slot.shape.reduce((n, p) => n * (constantOf(p) ?? 0), 1);
  if (!whole || offset.constant !== 0 || elements !== outputs * channels * taps * taps) return undefined;
  return { weight: at.node, slot: at.slot, outputs, channels };
}

/** The same before anything has a place in memory. */
export function winogradApplies(
  choice: Choice,
  bounds: KernelDraft["bounds"],
  isStored: (n: Node) => boolean,
): boolean {
  const slotOf = (n: Node): Slot | undefined =>
    isStored(n) || isGiven(n)
      ? { key: `${n.id}`, name: "", place: { kind: "temporary", name: "" }, shape: n.shape, dtype: n.dtype }
      : undefined;
  const uses = usesOf(choice, isStored);
  return filtersOf({ bounds, slotOf, usesOf: (n) => uses.get(n) ?? [] }, choice) !== undefined;
}

/** Where transformed filters lie, beside the stored ones. */
export const filtersSlot = ({ slot }: Filters, tile: WinogradTile): Slot => ({
  ...slot,
  key: `${slot.key} filters ${tile}`,
  name: `${slot.name}_filters`,
  place:
    slot.place.kind === "weight" ? { kind: "weight", name: filtersName(slot.place.name, tile) } : slot.place,
});

export const filtersName = (weight: string, tile: WinogradTile): string =>
  `${weight}_winograd_${winogradTileText(tile)}`;
