/** What kernels take of a multiprocessor by `ptxas -v`, held against what was recorded with the same nvcc. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

export type Resources = {
  readonly registers: number;
  readonly spilled: number;
  readonly stack: number;
  /** Bytes that the kernel declares; what a launch adds to them is in the goldens' launches.txt. */
  readonly shared: number;
};
type Recorded = { readonly nvcc: string; readonly [kernels: string]: Record<string, Resources> | string };

const pattern =
  /entry function '(\w+)'[\s\S]*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads[\s\S]*?Used (\d+) registers([^\n]*)/g;

/** By kernel. */
export function resourcesOf(output: string): Record<string, Resources> {
  const found = [...output.matchAll(pattern)].map(([, name, stack, stores, loads, registers, rest]) => {
    const shared = Number(/(\d+) bytes smem/.exec(rest)?.[1] ?? 0);
    const resources = { registers: +registers, spilled: +stores + +loads, stack: +stack, shared };
    return [plainName(name), resources] as const;
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `_ZN7kernels5logitsEPK…` is `logits`. */
function plainName(mangled: string): string {
  const [, length, rest] = /^_ZN7kernels(\d+)(\w+)$/.exec(mangled) ?? [];
  return length === undefined ? mangled : rest.slice(0, Number(length));
}

/** With UPDATE_GOLDEN=1 the record is written anew; one of another nvcc is not compared, and said so. */
export function expectRecorded(
  file: string,
  key: string,
  resources: Record<string, Resources>,
  nvcc: string,
): void {
  const recorded: Recorded = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { nvcc: "none" };
  if (process.env.UPDATE_GOLDEN === "1") {
    writeFileSync(file, `${JSON.stringify({ ...recorded, nvcc, [key]: resources }, null, 2)}\n`);
    return;
  }
  if (recorded.nvcc === nvcc) expect(resources).toEqual(recorded[key]);
  else console.warn(`${key}: registers not compared, they are ${recorded.nvcc}'s and this is ${nvcc}`);
}
