/** A read-only stream over memory as a thing to time: the roof that decoding is held against. */
import { join } from "node:path";
import koffi from "koffi";
import { type Arch, archFlags } from "../src/emit/arch.ts";
import { findCompiler, runTool } from "../src/emit/toolchain.ts";
import type { Timed } from "./measure.ts";

/** Far larger than any cache. */
export const STREAM_BYTES = 2 ** 30;

export async function openStream(
  root: string,
  arch: Arch,
  threads: number,
): Promise<Timed & { readonly close: () => void }> {
  const compiler = await findCompiler(undefined, archFlags(arch), arch);
  const library = join(root, ".cache", "bench", "libread-bandwidth.so");
  const source = join(root, "bench", "read-bandwidth.cpp");
  const flags = [
    "-std=c++17",
    "-O3",
    "-shared",
    "-fPIC",
    "-Wl,-z,nodelete",
    ...archFlags(arch),
    ...compiler.threads,
  ];
  const { code, output } = await runTool(compiler.path, [...flags, source, "-o", library]);
  if (code !== 0) throw new Error(output);

  const native = koffi.load(library);
  const create = native.func("stream_create", "void*", ["int64_t"]) as (bytes: number) => unknown;
  const read = native.func("stream_read", "uint64_t", ["void*", "int64_t", "int32_t"]);
  const destroy = native.func("stream_destroy", "void", ["void*"]);
  const memory = create(STREAM_BYTES);
  return {
    call: () => read(memory, STREAM_BYTES, threads),
    close: () => destroy(memory),
  };
}
