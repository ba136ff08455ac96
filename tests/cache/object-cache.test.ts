/** Objects by content: what is kept is taken again, and what is damaged is not. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ObjectCache, sha256 } from "../../src/emit/object-cache.ts";

let folder: string;
let cache: ObjectCache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lumc-cache-"));
  cache = new ObjectCache(join(folder, "lumc", "objects"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const note = { source: "src/kernels/y.cpp", compiler: "g++ 0" };
const at = (name: string): string => join(folder, name);
const contentOf = (text: string): string => join(cache.dir, "contents", `${sha256(text)}.o`);

function keep(key: string, text: string): void {
  writeFileSync(at("made.o"), text);
  cache.keep(key, at("made.o"), note);
}

describe("the object cache", () => {
  test("gives what it was given, under every key that it has", () => {
    keep("k1", "object");
    keep("k2", "object");
    expect([cache.take("k1", at("a.o")), cache.take("k2", at("b.o")), cache.take("k3", at("c.o"))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(readFileSync(at("b.o"), "utf8")).toBe("object");
    expect(readdirSync(join(cache.dir, "contents"))).toHaveLength(1);
  });

  test.each([
    ["one byte changed", (path: string) => writeFileSync(path, "obkect")],
    ["cut short", (path: string) => writeFileSync(path, "obj")],
    ["gone", (path: string) => rmSync(path)],
  ])("does not give a content that is damaged: %s", (_, damage) => {
    keep("k1", "object");
    damage(contentOf("object"));
    expect(cache.take("k1", at("a.o"))).toBe(false);
    expect(existsSync(at("a.o"))).toBe(false);
    keep("k1", "object");
    expect(cache.take("k1", at("a.o"))).toBe(true);
  });

  test("does not give what a damaged entry stands for", () => {
    keep("k1", "object");
    writeFileSync(join(cache.dir, "entries", "k1.json"), '{"sha256": "../../x"');
    expect(cache.take("k1", at("a.o"))).toBe(false);
  });

  test("names what is damaged or unused, and removes it when asked", () => {
    keep("k1", "object");
    keep("k2", "second");
    keep("k3", "third");
    writeFileSync(contentOf("object"), "objekt");
    writeFileSync(join(cache.dir, "entries", "k2.json"), "");
    const found = cache.examine();
    expect(found.damaged.map((d) => d.path).sort()).toEqual([
      contentOf("object"),
      join(cache.dir, "entries", "k2.json"),
    ]);
    expect(found.unused).toEqual([contentOf("second")]);
    expect(found.entries.map((e) => e.key)).toEqual(["k3"]);
    expect([found.contents, found.bytes]).toEqual([1, 5]);
    cache.examine(true);
    expect(cache.examine()).toMatchObject({ damaged: [], unused: [], contents: 1 });
  });
});

describe("lumc cache", () => {
  const lumc = (...args: string[]): { code: number; text: string } => {
    const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
    try {
      const env = { ...process.env, LUMC_CACHE: folder };
      return {
        code: 0,
        text: execFileSync(process.execPath, [main, "cache", ...args], { env, encoding: "utf8" }),
      };
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: string };
      return { code: status, text: stdout };
    }
  };

  test("stat and verify", { timeout: 60_000 }, () => {
    keep("k1", "object");
    keep("k2", "second");
    const stat = JSON.parse(lumc("stat", "--json").text);
    expect(stat).toMatchObject({ keys: 2, objects: 2, bytes: 12, kinds: { kernels: 2 }, damaged: 0 });
    expect(lumc("verify").code).toBe(0);
    writeFileSync(contentOf("object"), "objekt");
    const bad = lumc("verify", "--json");
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.text)).toMatchObject({ sound: 1, damaged: [{ path: contentOf("object") }] });
    expect(lumc("verify", "--repair").code).toBe(0);
    expect(lumc("verify").text).toBe("1 sound, 0 damaged, 0 unused\n");
  });

  test("diff", { timeout: 60_000 }, () => {
    writeFileSync(at("a.cpp"), "int a;\nint b;\n");
    writeFileSync(at("b.cpp"), "int a;\nint c;\n");
    expect(lumc("diff", at("a.cpp"), at("a.cpp"))).toEqual({ code: 0, text: "1 equal, 0 different\n" });
    expect(lumc("diff", at("a.cpp"), at("b.cpp"))).toEqual({
      code: 1,
      text: "source     a.cpp: line 2: int b; | int c;\n0 equal, 1 different\n",
    });
  });
});
