/** How a kernel of several products is cut: one cut for all, as quick as one product over all their columns allows. */
import type { Contraction, Kernel, Merged, Tiling } from "../../ir/kernel.ts";
import type { CudaArch } from "../../targets/cuda.ts";
import { type Product, productOf, quickestCut, tilingBy, typeOf } from "./tiles.ts";

/** The sum is never split: the columns of several products fill the device sooner than those of each do. */
export function mergedTiling(kernel: Kernel, { parts, after }: Merged, arch: CudaArch): Tiling {
  const all = parts.map((p) => productOf(kernel, p));
  // What follows another product has its blocks.
  const own = all.filter((_, i) => after[i] === undefined);
  return tilingBy(quickestCut({ ...sideBySide(all, parts), n: columns(own) }, arch, 1), own);
}

const columns = (products: readonly Product[]): number => products.reduce((sum, p) => sum + p.n, 0);

/** On tensor cores only where they would take each product, and all in the same way. */
function sideBySide(products: readonly Product[], parts: readonly Contraction[]): Product {
  const { inParts, ...first } = products[0];
  const onCores = new Set(parts.map((p) => typeOf(p.b))).size === 1 && products.every((p) => p.onCores);
  return {
    ...first,
    asTf32: products.every((p) => p.asTf32),
    bBytes: Math.max(...products.map((p) => p.bBytes)),
    onCores,
    ...(onCores && inParts !== undefined ? { inParts } : {}),
    alongK: products.every((p) => p.alongK),
  };
}
