/** Records cases for a project's self-test: `verify/<name>/case.json` with inputs and expected outputs as .npy. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CompileError } from "../diagnostics.ts";
import { type Tensor, tensor, toBytes } from "../lower/tensor.ts";
import { type NpyDtype, writeNpy } from "../npy.ts";

export type RecordedCase = {
  /** Cases run in the order of their names, on one model, so that state goes from one to the next. */
  readonly name: string;
  readonly entry: string;
  readonly dims: { readonly [name: string]: number };
  /** Largest error, relative to the largest expected value, that passes. */
  readonly tolerance: number;
  readonly inputs: { readonly [name: string]: Tensor };
  readonly outputs: { readonly [name: string]: Tensor };
};

/** Writes into `dir/verify`. Throws LUM6120 where it cannot. */
export function recordCase(dir: string, recorded: RecordedCase): void {
  const folder = join(dir, "verify", recorded.name);
  mkdirSync(folder, { recursive: true });
  for (const [name, t] of Object.entries(recorded.inputs)) save(join(folder, `in.${name}.npy`), t);
  for (const [name, t] of Object.entries(recorded.outputs)) save(join(folder, `out.${name}.npy`), t);
  const { entry, dims, tolerance } = recorded;
  writeFileSync(join(folder, "case.json"), `${JSON.stringify({ entry, dims, tolerance }, null, 2)}\n`);
}

function save(path: string, t: Tensor): void {
  // The format has no bf16 and no 8-bit floats: f32 holds them exactly.
  const isForeign = t.dtype === "bf16" || t.dtype.startsWith("f8");
  const stored = isForeign ? tensor("f32", t.shape, t.data) : t;
  const written = writeNpy(path, {
    dtype: stored.dtype as NpyDtype,
    shape: stored.shape,
    data: toBytes(stored),
  });
  if (!written.ok) throw new CompileError([written.problem]);
}
