/**
 * Timings of kernels on this machine, in SQLite with a write-ahead log: several processes may use it, and one that is
 * killed leaves the others' and its own whole rows. What is damaged is set aside and said, never read: a file that
 * SQLite finds fault with as a whole, a row by its own checksum.
 */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Diagnostic, diagnostic } from "../../diagnostics.ts";
import { cacheFolder } from "../../emit/cache-folder.ts";
import { sha256 } from "../../emit/object-cache.ts";

export type TimingKey = {
  /** Hash of the kernel's text. */
  readonly kernel: string;
  /** Sizes and buffers of the call. */
  readonly form: string;
  /** Compiler and its flags. */
  readonly flags: string;
  /** Processor and threads. */
  readonly machine: string;
};

export const defaultTimings = (): string => join(cacheFolder(), "timings.sqlite");

const version = 1;

const schema = `
  CREATE TABLE timings (
    kernel TEXT NOT NULL,
    form TEXT NOT NULL,
    flags TEXT NOT NULL,
    machine TEXT NOT NULL,
    seconds REAL NOT NULL,
    sum TEXT NOT NULL,
    PRIMARY KEY (kernel, form, flags, machine)
  ) WITHOUT ROWID;
  PRAGMA user_version = ${version};
`;

export class TimingDatabase {
  /** What was wrong when it was opened. */
  readonly problems: readonly Diagnostic[];
  private readonly db: DatabaseSync;

  private constructor(db: DatabaseSync, problems: readonly Diagnostic[]) {
    this.db = db;
    this.problems = problems;
  }

  /** Opens or makes it. A damaged one is moved aside; where nothing can be written, timings last as long as the process. */
  static open(path: string): TimingDatabase {
    const problems: Diagnostic[] = [];
    try {
      mkdirSync(dirname(path), { recursive: true });
      const fault = existsSync(path) ? faultOf(path) : undefined;
      if (fault !== undefined) {
        const aside = setAside(path);
        problems.push(diagnostic("LUM4501", undefined, { path, reason: fault, aside }));
      }
      return new TimingDatabase(connect(path), problems);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(diagnostic("LUM4502", undefined, { path, reason }));
      return new TimingDatabase(connect(":memory:"), problems);
    }
  }

  /** Seconds of a call, undefined where it was never timed or the row is damaged. */
  find(key: TimingKey): number | undefined {
    const row = this.db
      .prepare("SELECT seconds, sum FROM timings WHERE kernel = ? AND form = ? AND flags = ? AND machine = ?")
      .get(key.kernel, key.form, key.flags, key.machine);
    if (row === undefined) return undefined;
    const seconds = Number(row.seconds);
    return row.sum === sumOf(key, seconds) ? seconds : undefined;
  }

  /** All or none. */
  keep(timings: readonly (readonly [TimingKey, number])[]): void {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      const put = this.db.prepare("INSERT OR REPLACE INTO timings VALUES (?, ?, ?, ?, ?, ?)");
      for (const [k, seconds] of timings)
        put.run(k.kernel, k.form, k.flags, k.machine, seconds, sumOf(k, seconds));
      this.db.exec("COMMIT");
    } catch (error) {
      this.db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Rows, and how many of them are damaged. */
  count(): { readonly rows: number; readonly damaged: number } {
    let [rows, damaged] = [0, 0];
    for (const row of this.db.prepare("SELECT * FROM timings").iterate()) {
      rows++;
      const [kernel, form, flags, machine] = [row.kernel, row.form, row.flags, row.machine].map(String);
      if (row.sum !== sumOf({ kernel, form, flags, machine }, Number(row.seconds))) damaged++;
    }
    return { rows, damaged };
  }

  close(): void {
    this.db.close();
  }
}

const sumOf = (k: TimingKey, seconds: number): string =>
  sha256([k.kernel, k.form, k.flags, k.machine, seconds].join("\n")).slice(0, 16);

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 10_000 });
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  db.exec("BEGIN IMMEDIATE");
  const found = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get();
  if (found?.n === 0) db.exec(schema);
  db.exec("COMMIT");
  return db;
}

/** Why an existing file can't be trusted; nothing of an empty one, which SQLite fills. */
function faultOf(path: string): string | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 10_000 });
    const check = db.prepare("PRAGMA integrity_check(1)").get();
    if (check?.integrity_check !== "ok") return String(check?.integrity_check);
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    if (tables.length === 0) return undefined;
    const found = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    if (found !== version) return `its version is ${found}, not ${version}`;
    db.prepare("SELECT kernel, form, flags, machine, seconds, sum FROM timings LIMIT 1").get();
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
    if (!faults.has(code)) throw error;
    return (error as Error).message;
  } finally {
    db?.close();
  }
}

/** SQLite's codes for a damaged file, one of another kind, and one whose tables are others; a lock that lasts is none. */
const faults = new Set([11, 26, 1]);

/** With what SQLite keeps beside it. Throws where it cannot. */
function setAside(path: string): string {
  let aside = `${path}.damaged`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${n}`;
  renameSync(path, aside);
  for (const tail of ["-wal", "-shm"]) if (existsSync(path + tail)) renameSync(path + tail, aside + tail);
  return aside;
}
