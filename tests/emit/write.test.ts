/** Putting a project into a folder: nothing that a person made is lost, nothing half-written is left. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CompileError } from "../../src/diagnostics.ts";
import { writeProject } from "../../src/emit/write.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "lumc-write-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const files = (o: Record<string, string>) => new Map(Object.entries(o));
const read = (path: string) => readFileSync(join(dir, path), "utf8");

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof CompileError) return error.diagnostics[0].code;
    throw error;
  }
  return "no error";
}

test("writes what changed and says so", () => {
  expect(writeProject(files({ "a.txt": "1", "src/b.txt": "2" }), dir)).toEqual(["a.txt", "src/b.txt"]);
  expect(writeProject(files({ "a.txt": "1", "src/b.txt": "3" }), dir)).toEqual(["src/b.txt"]);
  expect(read("src/b.txt")).toBe("3");
  expect(readdirSync(dir).sort()).toEqual([".lumc-files.json", "a.txt", "src"]);
});

test("removes what is no longer part of the project, and nothing else", () => {
  writeProject(files({ "src/kernels/old.cpp": "1", "src/kept.cpp": "2", "gone/x.txt": "3" }), dir);
  writeFileSync(join(dir, "src/mine.cpp"), "by hand");
  writeProject(files({ "src/kept.cpp": "2" }), dir);
  expect(existsSync(join(dir, "src/kernels"))).toBe(false);
  expect(existsSync(join(dir, "gone"))).toBe(false);
  expect(read("src/mine.cpp")).toBe("by hand");
});

test("leaves changes by hand alone unless forced", () => {
  writeProject(files({ "k.cpp": "1", "other.cpp": "1" }), dir);
  writeFileSync(join(dir, "k.cpp"), "faster");
  expect(codeOf(() => writeProject(files({ "k.cpp": "2", "other.cpp": "2" }), dir))).toBe("LUM5004");
  expect([read("k.cpp"), read("other.cpp")]).toEqual(["faster", "1"]);
  writeProject(files({ "k.cpp": "2", "other.cpp": "2" }), dir, { force: true });
  expect(read("k.cpp")).toBe("2");
});

test("keeps a file that was changed by hand when it leaves the project", () => {
  writeProject(files({ "k.cpp": "1", "a.cpp": "1" }), dir);
  writeFileSync(join(dir, "k.cpp"), "faster");
  writeProject(files({ "a.cpp": "1" }), dir);
  expect(read("k.cpp")).toBe("faster");
});

test("does not take over a file that it didn't write", () => {
  writeFileSync(join(dir, "README.md"), "mine");
  expect(codeOf(() => writeProject(files({ "README.md": "lumc's" }), dir))).toBe("LUM5004");
  expect(read("README.md")).toBe("mine");
});

test("goes on after an interruption between two renames", () => {
  writeProject(files({ "a.txt": "1", "b.txt": "1" }), dir);
  // What such a write leaves: one new file, one old one, and a record that knows both.
  const record = JSON.parse(read(".lumc-files.json"));
  writeProject(files({ "a.txt": "2", "b.txt": "1" }), dir);
  const later = JSON.parse(read(".lumc-files.json"));
  const both = { "a.txt": [...record["a.txt"], ...later["a.txt"]], "b.txt": record["b.txt"] };
  writeFileSync(join(dir, ".lumc-files.json"), JSON.stringify(both));
  expect(writeProject(files({ "a.txt": "3", "b.txt": "3" }), dir)).toEqual(["a.txt", "b.txt"]);
});

test("leaves the last good output where it cannot write", () => {
  writeProject(files({ "a.txt": "1" }), dir);
  // A folder in the place of a file to come makes the rename fail.
  mkdirSync(join(dir, "b.txt/inner"), { recursive: true });
  expect(codeOf(() => writeProject(files({ "a.txt": "1", "b.txt": "2" }), dir))).toBe("LUM5003");
  expect(read("a.txt")).toBe("1");
  expect(readdirSync(dir).filter((name) => name.startsWith(".lumc-staging"))).toEqual([]);
});

test.skipIf(process.getuid?.() === 0)("says so where the folder is read-only", () => {
  chmodSync(dir, 0o500);
  expect(codeOf(() => writeProject(files({ "a.txt": "1" }), dir))).toBe("LUM5003");
  chmodSync(dir, 0o700);
});
