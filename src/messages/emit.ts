/** LUM5xxx: writing the project and compiling it. */
type Entry<P> = { readonly text: (p: P) => string; readonly help: (p: P) => string };

const entry = <P>(text: (p: P) => string, help: (p: P) => string): Entry<P> => ({ text, help });

export const emitMessages = {
  LUM5001: entry(
    (p: { tried: string }) => `no C++ compiler found (tried ${p.tried})`,
    () =>
      "install one, e.g. `apt install g++`, or name one with CXX or --compiler; --no-compile stops before it",
  ),
  LUM5002: entry(
    (p: { compiler: string; file: string; output: string }) =>
      `${p.compiler} refused ${p.file}:\n${p.output}`,
    () => "emitted sources should compile as they are: if this one wasn't changed by hand, lumc has a defect",
  ),
  LUM5003: entry(
    (p: { path: string; reason: string }) => `cannot write ${p.path}: ${p.reason}`,
    () => "check the folder, its permissions and the free space; what was there before is untouched",
  ),
  LUM5004: entry(
    (p: { dir: string; paths: string }) => `these files in ${p.dir} were changed by hand: ${p.paths}`,
    () => "build into another folder with --out, or remove them to have them written again",
  ),
  LUM5005: entry(
    (p: { arch: string; known: string }) => `unknown architecture "${p.arch}" for the cpu target`,
    (p: { arch: string; known: string }) => `known: ${p.known}`,
  ),
  LUM5008: entry(
    (p: { arch: string; known: string }) => `unknown architecture "${p.arch}" for the cuda target`,
    (p: { arch: string; known: string }) => `known: ${p.known}`,
  ),
  LUM5009: entry(
    (p: { looked: string }) => `no nvcc found (looked at ${p.looked})`,
    () =>
      "install the CUDA toolkit, 12 or later, or name its nvcc with --compiler; --no-compile writes the sources only, and `lumc run --emulate` needs no toolkit",
  ),
  LUM5010: entry(
    (p: { arch: string; reason: string }) => `cannot measure kernels for ${p.arch}: ${p.reason}`,
    () => "search without --measure: the cost model needs no GPU",
  ),
  LUM5011: entry(
    (p: { target: string }) => `--emulate is for --target cuda, not for ${p.target}`,
    () => "add --target cuda, or leave --emulate out",
  ),
  LUM5012: entry(
    (p: { allowed: string; target: string }) =>
      `--allow ${p.allowed} is for --target cuda, not for ${p.target}`,
    () => "add --target cuda, or leave --allow out",
  ),
  LUM5006: entry(
    (p: { compiler: string; arch: string; output: string }) =>
      `${p.compiler} cannot compile for ${p.arch}: ${p.output}`,
    () => "name a compiler for that architecture with --compiler, or another --arch",
  ),
  LUM5007: entry(
    (p: { compiler: string; reason: string }) => `cannot run the compiler ${p.compiler}: ${p.reason}`,
    () => "check the name given with --compiler or CXX",
  ),
};
