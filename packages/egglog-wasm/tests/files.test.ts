// The committed products against what they are made from.
import { expect, test } from "vitest";
import { loadEngine } from "../dist/index.js";
import { staleFiles } from "../scripts/build-js.ts";
import { inputsSha256, lockedVersion, readManifest, readWasm, sha256 } from "../scripts/manifest.ts";

test("dist is what the compiler makes of src", () => {
  expect(staleFiles()).toEqual([]);
});

test("the manifest describes the module and the inputs as they are now", () => {
  const manifest = readManifest();
  const wasm = readWasm();
  expect(manifest.bytes).toBe(wasm.length);
  expect(manifest.sha256).toBe(sha256(wasm));
  expect(manifest.inputsSha256).toBe(inputsSha256());
  expect(manifest.egglog).toBe(lockedVersion("egglog"));
});

test("the module itself says the same", async () => {
  const versions = (await loadEngine()).versions();
  const { egglog, inputsSha256 } = readManifest();
  expect(versions).toMatchObject({ egglog, inputs: inputsSha256 });
});

test("the module imports only what its host gives", async () => {
  const { module } = await loadEngine();
  const imports = WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`);
  expect(imports.sort()).toEqual([
    "env.memory",
    "host.now",
    "host.out_of_memory",
    "host.panic",
    "host.poll",
    "host.safepoint",
  ]);
});

test("no folder of whoever built it is in the module", () => {
  const text = new TextDecoder("latin1").decode(readWasm());
  expect(text).not.toMatch(/\/(?:root|home|work|tmp)\//);
});
