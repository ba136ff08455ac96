/** How a kernel of several products is cut: one cut for all, as quick as one product over all their columns allows. */
import type { Contraction, Kernel, Merged, Tiling } from "../../ir/kernel.ts";
import type { CudaArch } from "../../targets/cuda.ts";
import { type Product, productOf, quickestCut, tilingBy, typeOf } from "./tiles.ts";

/** The sum is never split: the columns of several products fill the device sooner than those of each do. */
export function mergedTiling(kernel: Kernel, { parts }: Merged, arch: CudaArch): Tiling {
  const products = parts.map((p) => productOf(kernel, p));
  return tilingBy(quickestCut(sideBySide(products, parts), arch, 1), products);
}

/** On tensor cores only where they would take each product, and all in the same way. */
function sideBySide(products: readonly Product[], parts: readonly Contraction[]): Product {
  const { inParts, ...first } = products[0];
  const onCores = new Set(parts.map((p) => typeOf(p.b))).size === 1 && products.every((p) => p.onCores);
  return {
    ...first,
    n: products.reduce((sum, p) => sum + p.n, 0),
    bBytes: Math.max(...products.map((p) => p.bBytes)),
    onCores,
    ...(onCores && inParts !== undefined ? { inParts } : {}),
    alongK: products.every((p) => p.alongK),
  };
}
