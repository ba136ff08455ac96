/** The timing database: what was kept is there after a kill at any moment, and nothing damaged is trusted. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TimingDatabase, type TimingKey } from "../../src/search/measure/database.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lumc-timings-"));
  path = join(folder, "timings.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key = (kernel: string): TimingKey => ({ kernel, form: "8 f32:64x1", flags: "-O3", machine: "here" });

function filled(count: number): void {
  const db = TimingDatabase.open(path);
  db.keep(Array.from({ length: count }, (_, i) => [key(`k${i}`), (i + 1) / 1e6] as const));
  db.close();
}

/** Opens it, and gives what it says and has. */
function reopened() {
  const db = TimingDatabase.open(path);
  const found = { problems: db.problems.map((p) => p.code), ...db.count(), first: db.find(key("k0")) };
  db.close();
  return found;
}

test("finds what was kept, by the whole key", () => {
  filled(3);
  const db = TimingDatabase.open(path);
  expect(db.find(key("k2"))).toBe(3e-6);
  for (const other of [{ kernel: "k3" }, { form: "9" }, { flags: "-O2" }, { machine: "there" }])
    expect(db.find({ ...key("k2"), ...other })).toBeUndefined();
  db.keep([[key("k2"), 1]]);
  expect([db.find(key("k2")), db.count().rows]).toEqual([1, 3]);
  db.close();
});

test("killed at any moment, it has all that was kept", { timeout: 120_000 }, async () => {
  const script = fileURLToPath(new URL("writer.ts", import.meta.url));
  let least = 0;
  for (let run = 0; run < 6; run++) {
    const child = spawn(process.execPath, [script, path, String(run)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let [text, said] = ["", 0];
    const closed = new Promise((resolve) => child.on("close", resolve));
    child.stdout.on("data", (data) => {
      text += data;
      said = Number(text.split("\n").at(-2) ?? 0);
      if (said >= 50 * (1 + 7 * run)) child.kill("SIGKILL");
    });
    await closed;
    expect(said, "the writer wrote").toBeGreaterThan(0);
    expect(child.signalCode).toBe("SIGKILL");
    least += said;
    const { problems, rows, damaged } = reopened();
    expect({ problems, damaged }).toEqual({ problems: [], damaged: 0 });
    expect(rows).toBeGreaterThanOrEqual(least);
    expect(rows % 50, "a batch is kept whole").toBe(0);
    least = rows;
  }
});

test.each([
  ["text", () => writeFileSync(path, "this is no database, though it is long enough to be taken for one")],
  ["cut short", () => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
  [
    "pages overwritten",
    () => {
      const bytes = readFileSync(path);
      for (let at = 4096; at < bytes.length; at += 97) bytes[at] ^= 0x5a;
      writeFileSync(path, bytes);
    },
  ],
  [
    "of a later version",
    () => {
      const db = new DatabaseSync(path);
      db.exec("PRAGMA user_version = 99");
      db.close();
    },
  ],
  [
    "of another program",
    () => {
      rmSync(path);
      const db = new DatabaseSync(path);
      db.exec("CREATE TABLE songs (name TEXT)");
      db.close();
    },
  ],
])("a damaged one is said and set aside: %s", (_, damage) => {
  filled(200);
  damage();
  const before = readFileSync(path);
  expect(reopened()).toEqual({ problems: ["LUM4501"], rows: 0, damaged: 0, first: undefined });
  expect(readFileSync(`${path}.damaged`)).toEqual(before);
  filled(2);
  expect(reopened()).toEqual({ problems: [], rows: 2, damaged: 0, first: 1e-6 });
  writeFileSync(path, "damaged once more, and again for long enough");
  expect(reopened().problems).toEqual(["LUM4501"]);
  expect(readdirSync(folder).filter((n) => /damaged(-2)?$/.test(n))).toHaveLength(2);
});

test("a row that was changed is not trusted", () => {
  filled(2);
  const db = new DatabaseSync(path);
  db.exec("UPDATE timings SET seconds = 1e-9 WHERE kernel = 'k0'");
  db.close();
  expect(reopened()).toEqual({ problems: [], rows: 2, damaged: 1, first: undefined });
});

test("an empty file becomes one", () => {
  writeFileSync(path, "");
  expect(reopened()).toEqual({ problems: [], rows: 0, damaged: 0, first: undefined });
});

test("where it can't be written, timings last as long as the process", () => {
  writeFileSync(path, "a file where a folder should be");
  const db = TimingDatabase.open(join(path, "timings.sqlite"));
  expect(db.problems.map((p) => p.code)).toEqual(["LUM4502"]);
  db.keep([[key("k0"), 1]]);
  expect(db.find(key("k0"))).toBe(1);
  db.close();
});

test("two use it at once", () => {
  const [a, b] = [TimingDatabase.open(path), TimingDatabase.open(path)];
  a.keep([[key("k0"), 1]]);
  b.keep([[key("k1"), 2]]);
  expect([a.find(key("k1")), b.find(key("k0"))]).toEqual([2, 1]);
  a.close();
  b.close();
  expect(existsSync(path)).toBe(true);
});
