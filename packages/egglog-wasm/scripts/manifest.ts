// The record of what wasm/egglog.wasm was built from, and its check.
//   manifest.ts inputs               prints the hash of the inputs
//   manifest.ts write RUSTC WASM_OPT writes wasm/manifest.json
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type Manifest = {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Over everything that the build reads: sources, lock file, script. */
  readonly inputsSha256: string;
  readonly egglog: string;
  readonly rustc: string;
  readonly wasmOpt: string;
};

const root = fileURLToPath(new URL("..", import.meta.url));
const inputFolders = ["crate/src", "crate/web-time/src"];
const inputFiles = [
  "crate/Cargo.toml",
  "crate/Cargo.lock",
  "crate/build.rs",
  "crate/web-time/Cargo.toml",
  "scripts/build-wasm.sh",
];

export function inputsSha256(): string {
  const inFolders = inputFolders.flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const hash = createHash("sha256");
  for (const name of [...inFolders, ...inputFiles].sort()) {
    const bytes = readFileSync(join(root, name));
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** Version of a crate in crate/Cargo.lock. */
export function lockedVersion(name: string): string {
  const lock = readFileSync(join(root, "crate/Cargo.lock"), "utf8");
  const version = new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(lock)?.[1];
  if (version === undefined) throw new Error(`${name} is not in Cargo.lock`);
  return version;
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, "wasm/manifest.json"), "utf8")) as Manifest;
}

export function readWasm(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(root, "wasm/egglog.wasm")));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function write(rustc: string, wasmOpt: string): void {
  const wasm = readWasm();
  const manifest: Manifest = {
    file: "egglog.wasm",
    bytes: wasm.length,
    sha256: sha256(wasm),
    inputsSha256: inputsSha256(),
    egglog: lockedVersion("egglog"),
    rustc,
    wasmOpt,
  };
  writeFileSync(join(root, "wasm/manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

if (import.meta.main) {
  const [command, rustc = "", wasmOpt = ""] = process.argv.slice(2);
  if (command === "inputs") process.stdout.write(inputsSha256());
  else if (command === "write") write(rustc, wasmOpt);
  else throw new Error("usage: manifest.ts inputs | write RUSTC WASM_OPT");
}
