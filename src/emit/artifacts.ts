/** Compares what builds have left, file by file: which differ by sha256, of what kind they are, and where first. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CompileError, diagnostic } from "../diagnostics.ts";

export const artifactKinds = [
  "kernel",
  "runtime",
  "source",
  "header",
  "object",
  "library",
  "program",
  "weights",
  "lock",
  "loader",
  "build file",
  "text",
  "binary",
] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

export type Side = { readonly sha256: string; readonly bytes: number };

export type FirstDifference =
  | { readonly unit: "line"; readonly at: number; readonly a: string; readonly b: string }
  /** Bytes in hexadecimal, none where a file has ended. */
  | { readonly unit: "byte"; readonly at: number; readonly a: string; readonly b: string };

export type ArtifactDifference = {
  readonly path: string;
  readonly kind: ArtifactKind;
  /** Undefined where the file is only in the other. */
  readonly a: Side | undefined;
  readonly b: Side | undefined;
  readonly first: FirstDifference | undefined;
};

export type ArtifactReport = { readonly equal: number; readonly differences: readonly ArtifactDifference[] };

/** Two files, or two folders with all that is in them. Throws LUM5101 or LUM5301. */
export function compareArtifacts(a: string, b: string): ArtifactReport {
  const [inA, inB] = [filesOf(a), filesOf(b)];
  if (inA.isFolder !== inB.isFolder) throw new CompileError([diagnostic("LUM5301", undefined, { a, b })]);
  const paths = [...new Set([...inA.files.keys(), ...inB.files.keys()])].sort();
  const differences: ArtifactDifference[] = [];
  for (const path of paths) {
    const [left, right] = [inA.files.get(path), inB.files.get(path)];
    const found =
      left === undefined || right === undefined ? oneSided(left, right) : compareFiles(left, right);
    const name = path === "" ? basename(a) : path;
    if (found !== undefined) differences.push({ path: name, kind: kindOf(name, (left ?? right)!), ...found });
  }
  return { equal: paths.length - differences.length, differences };
}

const oneSided = (a: string | undefined, b: string | undefined) => ({
  a: a === undefined ? undefined : sideOf(a),
  b: b === undefined ? undefined : sideOf(b),
  first: undefined,
});

const passedOver = new Set(["node_modules", ".git"]);

/** By path within the folder; a file alone has the path "". */
function filesOf(root: string): { isFolder: boolean; files: ReadonlyMap<string, string> } {
  const files = new Map<string, string>();
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const at = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && !passedOver.has(entry.name)) visit(at);
      else if (entry.isFile()) files.set(at, join(root, at));
    }
  };
  try {
    const isFolder = statSync(root).isDirectory();
    if (isFolder) visit("");
    else files.set("", root);
    return { isFolder, files };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompileError([diagnostic("LUM5101", undefined, { path: root, reason })]);
  }
}

function sideOf(path: string): Side {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const part of partsOf(path)) {
    hash.update(part);
    bytes += part.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Nothing where the files are equal. */
function compareFiles(a: string, b: string): Omit<ArtifactDifference, "path" | "kind"> | undefined {
  const [left, right] = [sideOf(a), sideOf(b)];
  if (left.sha256 === right.sha256) return undefined;
  return { a: left, b: right, first: firstLine(a, b, left, right) ?? firstByte(a, b) };
}

const longestText = 8 << 20;

/** Nothing where either is no text. */
function firstLine(a: string, b: string, left: Side, right: Side): FirstDifference | undefined {
  if (Math.max(left.bytes, right.bytes) > longestText) return undefined;
  const [x, y] = [readFileSync(a), readFileSync(b)];
  if (x.includes(0) || y.includes(0)) return undefined;
  const [la, lb] = [x.toString("utf8").split("\n"), y.toString("utf8").split("\n")];
  const at = la.findIndex((line, i) => line !== lb[i]);
  const line = at < 0 ? la.length : at;
  return { unit: "line", at: line + 1, a: la[line] ?? "", b: lb[line] ?? "" };
}

function firstByte(a: string, b: string): FirstDifference {
  const [left, right] = [partsOf(a), partsOf(b)];
  const hex = (part: Uint8Array, from: number) => Buffer.from(part.subarray(from, from + 8)).toString("hex");
  for (let start = 0; ; ) {
    const x: Uint8Array = left.next().value ?? new Uint8Array();
    const y: Uint8Array = right.next().value ?? new Uint8Array();
    const most = Math.max(x.length, y.length);
    for (let i = 0; i < most; i++)
      if (x[i] !== y[i]) return { unit: "byte", at: start + i, a: hex(x, i), b: hex(y, i) };
    if (most === 0) throw new Error(`${a} and ${b} changed while they were compared`);
    start += most;
  }
}

const partBytes = 1 << 20;

/** A file in parts of equal length, the last one shorter. */
function* partsOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const part = new Uint8Array(partBytes);
    for (;;) {
      let filled = 0;
      for (let n = -1; n !== 0 && filled < partBytes; filled += n)
        n = readSync(file, part, filled, partBytes - filled, null);
      if (filled === 0) return;
      yield part.slice(0, filled);
    }
  } finally {
    closeSync(file);
  }
}

function kindOf(path: string, file: string): ArtifactKind {
  const name = basename(path);
  if (/\.o$/.test(name)) return "object";
  if (/\.(so|dylib)$/.test(name)) return "library";
  if (/\.lock\.json$/.test(name)) return "lock";
  if (/\.(safetensors|packed)$/.test(name) || name === "weights.json") return "weights";
  if (/(^|\/)kernels\/.*\.(cpp|cu)$/.test(path)) return "kernel";
  if (/(^|\/)runtime\//.test(path)) return "runtime";
  if (/\.h$/.test(name)) return "header";
  if (/\.(cpp|cu)$/.test(name)) return "source";
  if (/\.ts$/.test(name)) return "loader";
  if (/^(CMakeLists\.txt|package\.json|\.lumc-files\.json)$/.test(name)) return "build file";
  const [start] = partsOf(file);
  if (start === undefined || !start.includes(0)) return "text";
  return start[0] === 0x7f && start[1] === 0x45 ? "program" : "binary";
}
