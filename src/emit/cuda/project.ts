/** Llir for NVIDIA GPUs → the files of a CUDA project that builds and runs without lumc. */
import type { Program } from "../../ir/llir.ts";
import type { LockPart } from "../../search/lock.ts";
import { cudaArchs, type Permission } from "../../targets/cuda.ts";
import { loaderExample, loaderFiles } from "../loader.ts";
import { lockFile, weightsFile } from "../manifests.ts";
import { exampleArguments, noChoices, type ProjectFiles } from "../project.ts";
import { runtimeFiles } from "../runtime-files.ts";
import { render } from "../template.ts";
import { viewCuda } from "./view.ts";

export type CudaOptions = {
  /** Default of the project's own build, `sm_90a`. */
  readonly arch: string;
  readonly allow?: readonly Permission[];
  /** The choices that the program comes from; none where it was written by hand. */
  readonly lock?: LockPart;
};

export function emitCudaProject(program: Program, options: CudaOptions): ProjectFiles {
  const view = viewCuda(program, options.arch);
  const files = new Map<string, string>();
  const { id } = view.model;
  const readme = { ...view, example: exampleArguments(view), loader: loaderExample(view), archs: cudaArchs };

  files.set("README.md", render("cuda/README.md.ejs", readme));
  files.set(`include/${id}.h`, render("cpu/include/model.h.ejs", view));
  files.set("src/model.h", render("cuda/src/model.h.ejs", view));
  files.set("src/model.cu", render("cuda/src/model.cu.ejs", view));
  files.set("src/interface.cu", render("cpu/src/interface.cpp.ejs", view));
  files.set("src/program.h", render("cpu/src/program.h.ejs", view));
  files.set("src/program.cpp", render("cpu/src/program.cpp.ejs", view));
  files.set("src/main.cpp", render("cpu/src/main.cpp.ejs", view));
  files.set("src/kernels/kernels.h", render("cuda/src/kernels.h.ejs", view));
  if (view.dims.length > 0) files.set("src/kernels/dims.h", render("cuda/src/dims.h.ejs", view));
  view.kernels.forEach((kernel, i) => files.set(kernel.path, view.texts[i].text));
  files.set("verify.cpp", render("cpu/verify.cpp.ejs", view));
  files.set("bench.cpp", render("cpu/bench.cpp.ejs", view));
  for (const [name, text] of runtimeFiles(["cuda", "cpu"], files.values()))
    files.set(`src/runtime/${name}`, text);
  const sources = [...files.keys()].filter((path) => /^src\/(runtime|kernels)\/.*\.(cpp|cu)$/.test(path));
  const number = options.arch.replace(/^sm_/, "");
  files.set("CMakeLists.txt", render("cuda/CMakeLists.txt.ejs", { ...view, number, sources }));
  files.set("weights.json", weightsFile(program, view));
  files.set("lumc.lock.json", lockFile(program, view, options, options.lock ?? noChoices));
  for (const [path, text] of loaderFiles(view)) files.set(path, text);
  return files;
}
