/** Sources → objects, several compilers at a time; an object whose key is in the cache is taken from there. */
import { copyFileSync, renameSync, rmSync } from "node:fs";
import { freemem } from "node:os";
import { join, relative } from "node:path";
import { CompileError, diagnostic } from "../diagnostics.ts";
import { defaultCache } from "./cache-folder.ts";
import { ObjectCache } from "./object-cache.ts";
import { objectKey } from "./object-key.ts";
import { type Compiler, runTool } from "./toolchain.ts";

export type Unit = { readonly source: string; readonly object: string };

export type UnitsOptions = {
  readonly compiler: Compiler;
  readonly flags: readonly string[];
  /** Compilers at a time, at most. */
  readonly jobs?: number;
  /** Where objects are kept; "" keeps none. */
  readonly cache?: string;
  readonly onProgress?: (done: number, total: number, file: string) => void;
};

export type Counts = {
  /** Objects compiled now, and those found in the cache or made by an equal unit. */
  readonly compiled: number;
  readonly reused: number;
  /** Compilers that ran at one time, at most. */
  readonly together: number;
};

/** What the largest source of the runtime takes to compile at -O3, and some. */
const bytesPerCompiler = 512 << 20;

/** As many compilers as asked for, as far as they fit into the memory that is free. */
export const compilersAtOnce = (jobs: number, free = freemem()): number =>
  Math.max(1, Math.min(jobs, Math.floor(free / bytesPerCompiler)));

/** Compiles into `object`s. Throws LUM5002 with all that failed. */
export async function compileUnits(
  dir: string,
  units: readonly Unit[],
  options: UnitsOptions,
): Promise<Counts> {
  const folder = options.cache ?? defaultCache();
  const cache = folder === "" ? undefined : new ObjectCache(folder);
  const { compiler, flags } = options;
  const missing = new Map<string, Missing>();
  let [reused, done] = [0, 0];
  const step = (unit: Unit): void => options.onProgress?.(++done, units.length, unit.source);

  for (const unit of units) {
    const { key, bytes } = objectKey(dir, unit.source, compiler.identity, flags);
    const same = missing.get(key);
    if (same !== undefined) same.twins.push(unit);
    else if (cache?.take(key, unit.object) === true) {
      reused++;
      step(unit);
    } else missing.set(key, { key, bytes, unit, twins: [] });
  }
  // What takes longest starts first, so that nobody waits for it at the end.
  const waiting = [...missing.values()].sort((a, b) => b.bytes - a.bytes);
  let [compiled, running, together] = [0, 0, 0];
  const failures: CompileError[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && failures.length === 0; next = waiting.shift()) {
      const { key, unit, twins } = next;
      together = Math.max(together, ++running);
      const problem = await compileOne(dir, unit, options);
      running--;
      if (problem !== undefined) {
        failures.push(problem);
        return;
      }
      cache?.keep(key, unit.object, { source: unit.source, compiler: compiler.identity.split("\n")[0] });
      compiled++;
      step(unit);
      for (const twin of twins) {
        copyFileSync(unit.object, twin.object);
        reused++;
        step(twin);
      }
    }
  };
  await Promise.all(Array.from({ length: compilersAtOnce(options.jobs ?? 2) }, worker));
  if (failures.length > 0) throw new CompileError(failures.flatMap((f) => f.diagnostics));
  return { compiled, reused, together };
}

/** A source to compile, and others that would give the same object. */
type Missing = {
  readonly key: string;
  readonly bytes: number;
  readonly unit: Unit;
  readonly twins: Unit[];
};

async function compileOne(dir: string, unit: Unit, options: UnitsOptions): Promise<CompileError | undefined> {
  const made = `${unit.object}.${process.pid}`;
  const { path } = options.compiler;
  const args = [...options.flags, "-Iinclude", "-Isrc", "-c", unit.source, "-o", relative(dir, made)];
  const result = await runTool(path, args, dir);
  if (result.code !== 0) {
    rmSync(made, { force: true });
    const output = result.output.split("\n").slice(0, 40).join("\n");
    const parameters = { compiler: path, file: join(dir, unit.source), output };
    return new CompileError([diagnostic("LUM5002", undefined, parameters)]);
  }
  renameSync(made, unit.object);
  return undefined;
}
