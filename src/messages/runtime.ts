/**
 * LUM60xx: calls of a compiled model. Emitted C++ (templates/cpu/src) and the loader (src/loader/native.ts)
 * report the same codes; the C interface returns the number as its result.
 */
type Entry<P> = { readonly text: (p: P) => string; readonly help: (p: P) => string };

const entry = <P>(text: (p: P) => string, help: (p: P) => string): Entry<P> => ({ text, help });

export const runtimeMessages = {
  LUM6001: entry(
    (p: { library: string; reason: string }) => `cannot load ${p.library}: ${p.reason}`,
    () => "build the project first, as its README says",
  ),
  LUM6002: entry(
    (p: { call: string; dim: string; value: string; range: string }) =>
      `${p.call}: ${p.dim} = ${p.value} is outside of ${p.range}`,
    () => "the bounds are those of the `dim` in the .lum file",
  ),
  LUM6003: entry(
    (p: { call: string; name: string; found: string; expected: string }) =>
      `${p.call}: ${p.name} is ${p.found}, expected ${p.expected}`,
    () => "pass a typed array of that type with that many elements, row-major",
  ),
  LUM6004: entry(
    (p: { call: string; name: string; known: string }) => `${p.call}: no ${p.name}; known: ${p.known}`,
    () => "check the spelling against the .lum file",
  ),
  LUM6005: entry(
    (p: { call: string; name: string }) => `${p.call}: ${p.name} is null`,
    () => "every input and output needs memory",
  ),
  LUM6006: entry(
    (p: { bytes: string; what: string }) => `no memory for ${p.bytes} bytes of ${p.what}`,
    () => "free memory, or build with smaller bounds of the dims",
  ),
  LUM6007: entry(
    (p: { call: string; kernel: string; read: string; index: string; last: string }) =>
      `${p.call}: kernel ${p.kernel}: ${p.read}: index ${p.index} is outside of 0..${p.last}`,
    () => "indices come from an input: check its values",
  ),
  LUM6008: entry(
    (p: { call: string }) => `${p.call}: the model is closed`,
    () => "load it again",
  ),
  LUM6009: entry(
    (p: { call: string; name: string; type: string }) => `${p.call}: ${p.name}, ${p.type}, is missing`,
    () => "every input, weight and state of the entry must be given",
  ),
  LUM6010: entry(
    (p: { call: string; dim: string }) => `${p.call}: no value for the dim ${p.dim}`,
    () => "it is not the size of an input's axis, so it must be given by name",
  ),
  LUM6020: entry(
    (p: { call: string; status: string }) => `${p.call}: ${p.status}`,
    () => "LUM_SEQ=1 runs kernel by kernel and names the one that fails",
  ),
  LUM6021: entry(
    (p: { needed: string }) => `no NVIDIA driver on this machine; CUDA ${p.needed} needs one`,
    () => "install the driver, or build the model for --target cpu",
  ),
  LUM6022: entry(
    (p: { found: string; needed: string }) =>
      `the driver supports CUDA ${p.found}, this library was built with CUDA ${p.needed}`,
    () => "update the driver, or build with an older toolkit",
  ),
  LUM6023: entry(
    (p: { status: string }) => `no CUDA device: ${p.status}`,
    () => "check that the GPU is there (nvidia-smi) and CUDA_VISIBLE_DEVICES doesn't hide it",
  ),
  LUM6024: entry(
    (p: { device: string; found: string; needed: string }) =>
      `${p.device} has compute capability ${p.found}, the library holds code for ${p.needed}`,
    () => "build with its -DCMAKE_CUDA_ARCHITECTURES; kernels need 8.0 (Ampere) or later",
  ),
  LUM6025: entry(
    (p: { path: string }) => `LUM_TRACE: cannot write ${p.path}`,
    () => "name a file in a folder that exists",
  ),
  LUM6026: entry(
    (p: { kernel: string; needed: string; device: string; found: string }) =>
      `kernel ${p.kernel} takes ${p.needed} bytes of shared memory in a block, ${p.device} has ${p.found}`,
    () => "its tiles were chosen for another GPU: write the project anew with lumc build --arch",
  ),
};
