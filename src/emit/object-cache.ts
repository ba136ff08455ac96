/**
 * Objects by content: `contents/<sha256>.o` holds one, `entries/<key>.json` says which a key stands for. A content is
 * hashed again whenever it is taken, so that a damaged one is dropped and compiled anew instead of linked. Files are
 * renamed into place; several processes may use one cache.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export type EntryNote = {
  /** The source that was compiled, relative to its project. */
  readonly source: string;
  /** First line of what the compiler says of itself. */
  readonly compiler: string;
};

export type CacheEntry = EntryNote & {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
};

export type Damage = { readonly path: string; readonly what: string };

export type CacheReport = {
  readonly entries: readonly CacheEntry[];
  /** Contents that some entry stands for, each once, and their bytes. */
  readonly contents: number;
  readonly bytes: number;
  readonly damaged: readonly Damage[];
  /** Contents that no entry stands for. */
  readonly unused: readonly string[];
};

export const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");

export class ObjectCache {
  readonly dir: string;
  private readonly entries: string;
  private readonly contents: string;

  constructor(dir: string) {
    this.dir = dir;
    this.entries = join(dir, "entries");
    this.contents = join(dir, "contents");
  }

  /** Puts the object of a key at `path`; false where there is none, or none that can be trusted. */
  take(key: string, path: string): boolean {
    const entryPath = this.entryPath(key);
    const entry = readEntry(entryPath);
    if (entry === undefined) return false;
    const data = readIfThere(this.contentPath(entry.sha256));
    if (data === undefined || sha256(data) !== entry.sha256) {
      this.forget(entryPath);
      this.forget(this.contentPath(entry.sha256));
      return false;
    }
    writeWhole(path, data);
    return true;
  }

  /** Keeps an object; a cache that cannot be written is no reason to fail. */
  keep(key: string, path: string, note: EntryNote): void {
    try {
      const data = readFileSync(path);
      const hash = sha256(data);
      if (readIfThere(this.contentPath(hash)) === undefined) writeWhole(this.contentPath(hash), data);
      const entry = { sha256: hash, bytes: data.length, ...note };
      writeWhole(this.entryPath(key), `${JSON.stringify(entry, null, 2)}\n`);
    } catch {
      return;
    }
  }

  /** Reads everything again. `repair` removes what is damaged and what nothing stands for. */
  examine(repair = false): CacheReport {
    const entries: CacheEntry[] = [];
    const damaged: Damage[] = [];
    const used = new Map<string, number>();
    const broken = (path: string, what: string): void => {
      damaged.push({ path, what });
      if (repair) this.forget(path);
    };
    for (const path of filesIn(this.entries)) {
      const entry = readEntry(path);
      if (entry === undefined) {
        broken(path, "is no entry");
        continue;
      }
      const data = readIfThere(this.contentPath(entry.sha256));
      if (data === undefined) broken(path, "stands for a content that is missing");
      else if (sha256(data) !== entry.sha256) {
        broken(this.contentPath(entry.sha256), "is not what its name says");
        if (repair) this.forget(path);
      } else {
        entries.push({ key: basename(path, ".json"), ...entry });
        used.set(entry.sha256, data.length);
      }
    }
    const reported = new Set(damaged.map((d) => d.path));
    const unused = filesIn(this.contents).filter((p) => !used.has(basename(p, ".o")) && !reported.has(p));
    if (repair) for (const path of unused) this.forget(path);
    const bytes = [...used.values()].reduce((a, b) => a + b, 0);
    return { entries, contents: used.size, bytes, damaged, unused };
  }

  private entryPath(key: string): string {
    return join(this.entries, `${key}.json`);
  }

  private contentPath(hash: string): string {
    return join(this.contents, `${hash}.o`);
  }

  private forget(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch {
      return;
    }
  }
}

function readEntry(path: string): Omit<CacheEntry, "key"> | undefined {
  try {
    const { sha256: hash, bytes, source, compiler } = JSON.parse(readFileSync(path, "utf8"));
    const fits =
      typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash) && Number.isSafeInteger(bytes) && bytes >= 0;
    return fits ? { sha256: hash, bytes, source: String(source), compiler: String(compiler) } : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

let made = 0;

function writeWhole(path: string, data: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.${made++}`;
  writeFileSync(beside, data);
  renameSync(beside, path);
}

/** Files that are whole: those on their way into place are left out. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(json|o)$/.test(name))
      .sort()
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile());
  } catch {
    return [];
  }
}
