/** Llir → the files of a project that builds and runs without lumc. */
import type { Kernel } from "../ir/kernel.ts";
import type { Program } from "../ir/llir.ts";
import type { LockPart } from "../search/lock.ts";
import { type Arch, archFlags, archs, hostArch, languageFlags } from "./arch.ts";

import { loaderExample, loaderFiles } from "./loader.ts";
import { lockFile, weightsFile } from "./manifests.ts";
import { runtimeFiles } from "./runtime-files.ts";
import { render } from "./template.ts";
import { type ProjectView, viewProject } from "./view.ts";

/** Text by path, in an order that depends on nothing but the program. */
export type ProjectFiles = ReadonlyMap<string, string>;

export type EmitOptions = {
  /** Default of the project's own build. */
  readonly arch?: Arch;
  /** C++ text of a kernel. */
  readonly kernelSource: (kernel: Kernel) => string;
  /** The choices that the program comes from; none where it was written by hand. */
  readonly lock?: LockPart;
};

export const noChoices: LockPart = { hash: "", search: { by: "direct" }, plans: [] };

export function emitProject(program: Program, options: EmitOptions): ProjectFiles {
  const view = viewProject(program);
  const arch = {
    name: options.arch ?? hostArch(),
    known: archs,
    flags: archs.map((name) => ({ name, flags: archFlags(name) })),
  };
  const source = options.kernelSource;
  const files = new Map<string, string>();
  const { id } = view.model;

  files.set(
    "README.md",
    render("cpu/README.md.ejs", {
      ...view,
      arch,
      example: exampleArguments(view),
      loader: loaderExample(view),
    }),
  );
  files.set(`include/${id}.h`, render("cpu/include/model.h.ejs", view));
  files.set("src/model.h", render("cpu/src/model.h.ejs", view));
  files.set("src/model.cpp", render("cpu/src/model.cpp.ejs", view));
  files.set("src/interface.cpp", render("cpu/src/interface.cpp.ejs", view));
  files.set("src/program.h", render("cpu/src/program.h.ejs", view));
  files.set("src/program.cpp", render("cpu/src/program.cpp.ejs", view));
  files.set("src/main.cpp", render("cpu/src/main.cpp.ejs", view));
  files.set("src/kernels/kernels.h", render("cpu/src/kernels.h.ejs", view));
  for (const kernel of view.kernels) files.set(kernel.path, source(kernel.kernel));
  files.set("verify.cpp", render("cpu/verify.cpp.ejs", view));
  files.set("bench.cpp", render("cpu/bench.cpp.ejs", view));
  const runtime = runtimeFiles(["cpu"], files.values());
  for (const [name, text] of runtime) files.set(`src/runtime/${name}`, text);
  const sources = [...files.keys()].filter((path) => /^src\/(runtime|kernels)\/.*\.cpp$/.test(path));
  files.set(
    "CMakeLists.txt",
    render("cpu/CMakeLists.txt.ejs", { ...view, arch, flags: languageFlags, sources }),
  );
  files.set("weights.json", weightsFile(program, view));
  files.set("lumc.lock.json", lockFile(program, view, { arch: arch.name }, options.lock ?? noChoices));
  for (const [path, text] of loaderFiles(view)) files.set(path, text);
  return files;
}

/** Arguments of the program for its first entry. */
export function exampleArguments(view: ProjectView): string {
  const entry = view.entries[0];
  return [
    ...(view.weights.count > 0 ? ["--weights model.safetensors"] : []),
    ...(view.entries.length > 1 ? [`--entry ${entry.name}`] : []),
    ...entry.dims.map((d) => `--dim ${d.name}=${d.tsLow.includes("d.") ? 0 : d.tsLow}`),
    ...entry.inputs.map((t) => `--input ${t.name}=${t.name}.npy`),
    "--output-dir .",
  ].join(" ");
}
