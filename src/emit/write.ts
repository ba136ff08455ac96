/**
 * Puts a project into a folder. All files are written beside their places first and then renamed, so that an
 * interruption leaves whole files; `.lumc-files.json` remembers what was written, so that files made or changed by
 * hand are left alone and files that are no longer part of the project go away.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CompileError, diagnostic } from "../diagnostics.ts";
import type { ProjectFiles } from "./project.ts";

const manifestName = ".lumc-files.json";
/** With the process's number behind it. */
const stagingName = ".lumc-staging-";

/** Hashes of what lumc has put, or was about to put, at a path. */
type Manifest = { [path: string]: string[] };

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

export type WriteOptions = {
  /** Write over files that were changed by hand. */
  readonly force?: boolean;
};

/** Returns the paths whose text has changed. Throws LUM5003 where it cannot write, LUM5004 over changes by hand. */
export function writeProject(files: ProjectFiles, dir: string, options: WriteOptions = {}): string[] {
  try {
    return write(files, dir, options);
  } catch (error) {
    if (error instanceof CompileError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompileError([diagnostic("LUM5003", undefined, { path: dir, reason })]);
  }
}

function write(files: ProjectFiles, dir: string, options: WriteOptions): string[] {
  mkdirSync(dir, { recursive: true });
  const before = readManifest(dir);
  const kept = keptByHand(files, before, dir);
  if (kept.length > 0 && options.force !== true)
    throw new CompileError([diagnostic("LUM5004", undefined, { dir, paths: kept.join(", ") })]);

  const changed = [...files].filter(([path, text]) => readText(join(dir, path)) !== text);
  removeAbandoned(dir);
  const staging = join(dir, `${stagingName}${process.pid}`);
  try {
    for (const [path, text] of changed) {
      mkdirSync(dirname(join(staging, path)), { recursive: true });
      writeFileSync(join(staging, path), text);
    }
    // From here to the last line both the old and the new text are known as lumc's own.
    const after: Manifest = Object.fromEntries([...files].map(([path, text]) => [path, [hashOf(text)]]));
    writeManifest(dir, union(before, after));
    for (const [path] of changed) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      renameSync(join(staging, path), join(dir, path));
    }
    for (const path of Object.keys(before)) if (!files.has(path)) removeOwn(dir, path, before[path]);
    writeManifest(dir, after);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return changed.map(([path]) => path);
}

/** What processes that were killed have left. */
function removeAbandoned(dir: string): void {
  for (const name of readdirSync(dir))
    if (name.startsWith(stagingName) && !isRunning(Number(name.slice(stagingName.length))))
      rmSync(join(dir, name), { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Files in the way that lumc did not write, or that differ from all it has written. */
function keptByHand(files: ProjectFiles, before: Manifest, dir: string): string[] {
  return [...files].flatMap(([path, text]) => {
    const found = readText(join(dir, path));
    if (found === undefined || found === text) return [];
    return before[path]?.includes(hashOf(found)) ? [] : [path];
  });
}

function removeOwn(dir: string, path: string, hashes: readonly string[]): void {
  const found = readText(join(dir, path));
  if (found === undefined || !hashes.includes(hashOf(found))) return;
  rmSync(join(dir, path));
  for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) {
    try {
      rmdirSync(join(dir, folder));
    } catch {
      return; // Something else is still in it.
    }
  }
}

function union(a: Manifest, b: Manifest): Manifest {
  const paths = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(paths.map((p) => [p, [...new Set([...(a[p] ?? []), ...(b[p] ?? [])])]]));
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function readManifest(dir: string): Manifest {
  const text = readText(join(dir, manifestName));
  return text === undefined ? {} : (JSON.parse(text) as Manifest);
}

function writeManifest(dir: string, manifest: Manifest): void {
  const path = join(dir, manifestName);
  writeFileSync(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
