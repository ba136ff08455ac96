/** Compiles a case's .lum file into a folder of its own and loads it. */
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readSource } from "../cli/model.ts";
import type { Arch } from "../src/emit/arch.ts";
import { compileProject } from "../src/emit/compile.ts";
import { writeProject } from "../src/emit/write.ts";
import type { Plan } from "../src/ir/plan.ts";
import { type ModelSpec, NativeModel, type TypedArray } from "../src/loader/native.ts";
import { modelSpec } from "../src/loader/spec.ts";
import { compile, compileSearched } from "../src/pipeline.ts";
import type { SearchOptions } from "../src/search/search.ts";
import type { RequiredTensor } from "../src/weights/match.ts";
import { requiredTensors } from "../src/weights/required.ts";
import type { Arrays, Case, Feeds } from "./case.ts";
import type { Side } from "./side.ts";

export type BuiltModel = {
  readonly dir: string;
  readonly library: string;
  readonly spec: ModelSpec;
  readonly tensors: readonly RequiredTensor[];
};

type ModelFile = Pick<Case, "name" | "file" | "set">;

/** With the direct plan, or the one that the search finds; `label` tells apart the folders of several plans. */
export async function buildLumc(
  root: string,
  model: ModelFile,
  arch: Arch,
  search?: SearchOptions,
  label: (plans: readonly Plan[]) => string = () => (search === undefined ? "" : "searched"),
): Promise<BuiltModel> {
  const source = readSource(join(root, model.file));
  const common = { set: new Map(Object.entries(model.set ?? {})), arch };
  const compilation =
    search === undefined ? compile(source, common) : await compileSearched(source, { ...common, search });
  const plans = [compilation.plan, ...compilation.buckets.map((b) => b.plan)];
  const dir = join(
    root,
    ".cache",
    "bench",
    [model.name, label(plans)].filter((part) => part !== "").join("-"),
  );
  mkdirSync(dir, { recursive: true });
  writeProject(compilation.files, dir, { force: true });
  const { library } = await compileProject(dir, { arch, jobs: availableParallelism() });
  return { dir, library, spec: modelSpec(compilation.program), tensors: requiredTensors(compilation.hlir) };
}

export type LumcOptions = {
  readonly threads: number;
  readonly weights: string;
};

/** Outputs go into the same arrays at every call. */
export function openLumc(
  built: BuiltModel,
  c: Pick<Case, "dims" | "prepareLumc">,
  inputs: readonly Feeds[],
  { threads, weights }: LumcOptions,
): Side & { readonly model: NativeModel } {
  const model = new NativeModel(built.library, built.spec, { weights, threads, cache: "" });
  c.prepareLumc?.(model);
  const given: readonly Arrays[] = inputs.map((feeds) =>
    Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data])),
  );
  const entry = built.spec.entries[0].name;
  const outputs: { [name: string]: TypedArray } = model.run(entry, c.dims, given[0]);
  return {
    model,
    outputs,
    call: (number) => model.run(entry, c.dims, given[number % given.length], outputs),
    close: () => model.close(),
  };
}
