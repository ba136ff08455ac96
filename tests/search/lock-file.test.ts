/** The lock as a file: written whole or not at all, read without being trusted, the same wherever it is made. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
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
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../src/pipeline.ts";
import { lockName, lockText, readLock, setAside } from "../../src/search/lock-file.ts";
import { example, root } from "./examples.ts";

const scratch = mkdtempSync(join(tmpdir(), "lumc-lock-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const sound = compile(example("mlp"), { arch: "x86-64-v3" }).files.get(lockName)!;
const put = (text: string): string => {
  const path = join(mkdtempSync(join(scratch, "at-")), lockName);
  writeFileSync(path, text);
  return path;
};

describe("reading", () => {
  test("what was written is read", () => {
    const read = readLock(put(sound));
    expect(read.kind).toBe("lock");
  });

  test("a lock that was cut off is damaged, wherever", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: sound.trimEnd().length - 1 }), (length) => {
        expect(readLock(put(sound.slice(0, length))).kind).toBe("damaged");
      }),
      { numRuns: 60 },
    );
  });

  test("with a changed character it is damaged, or says the same", () => {
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.constantFrom("0", "x", '"', " ", "}"), (at, c) => {
        const text = sound.slice(0, at) + c + sound.slice(at + 1);
        const read = readLock(put(text));
        if (read.kind === "lock") expect(JSON.parse(text)).toEqual(JSON.parse(sound));
        else expect(["damaged", "other version"]).toContain(read.kind);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["nothing", ""],
    ["text", "no JSON"],
    ["a list", "[]"],
    ["null", "null"],
    ["a sound checksum of nothing that a lock states", lockText({ model: "Mlp" })],
  ])("%s is damaged", (_, text) => {
    expect(readLock(put(text)).kind).toBe("damaged");
  });

  test("no file, and one of another form", () => {
    expect(readLock(join(scratch, "none", lockName)).kind).toBe("none");
    expect(readLock(put('{ "lock": 1, "model": "Mlp" }')).kind).toBe("other version");
  });

  test("a damaged one is put aside beside those before it", () => {
    const path = put("first");
    expect(setAside(path)).toBe(`${path}.damaged`);
    writeFileSync(path, "second");
    expect(setAside(path)).toBe(`${path}.damaged-2`);
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(`${path}.damaged`, "utf8")).toBe("first");
    expect(readFileSync(`${path}.damaged-2`, "utf8")).toBe("second");
  });
});

describe("lumc build --locked", () => {
  const model = join(scratch, "model.lum");
  const project = join(scratch, "project");
  const lock = join(project, lockName);
  const lumc = (words: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) =>
    spawnSync(process.execPath, [join(root, "cli/main.ts"), ...words], {
      encoding: "utf8",
      cwd: options.cwd ?? scratch,
      env: { ...process.env, ...options.env },
    });
  const build = (...words: string[]) =>
    lumc(["build", model, "--no-compile", "--out", project, "--arch", "x86-64-v3", ...words]);
  let first: string;
  beforeAll(() => {
    copyFileSync(join(root, "examples/mlp/mlp.lum"), model);
    expect(build("--search", "0.1").status).toBe(0);
    first = readFileSync(lock, "utf8");
  });

  test("keeps the lock and searches nothing", () => {
    const again = build("--locked");
    expect([again.status, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).not.toContain("searched");
    expect(readFileSync(lock, "utf8")).toBe(first);
  });

  test("is the same from another folder, in another language and time zone, with any --jobs, in another process", () => {
    const elsewhere = join(scratch, "elsewhere");
    mkdirSync(elsewhere);
    const variants: [string, Record<string, string>, string[]][] = [
      [elsewhere, { LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", TZ: "Asia/Kathmandu" }, ["--jobs", "1"]],
      ["/", { LANG: "C", LC_ALL: "C", TZ: "America/St_Johns" }, ["--jobs", "7"]],
    ];
    for (const [i, [cwd, env, words]] of variants.entries()) {
      const out = join(scratch, `variant-${i}`);
      const { status, stderr } = lumc(
        ["build", model, "--no-compile", "--out", out, "--arch", "x86-64-v3", "--search", "0.1", ...words],
        { cwd, env },
      );
      expect(stderr).toBe("");
      expect(status).toBe(0);
      expect(readFileSync(join(out, lockName), "utf8")).toBe(first);
    }
  });

  test("says where there is no lock, one of another architecture, other buckets", () => {
    const nowhere = lumc(["build", model, "--no-compile", "--locked", "--out", join(scratch, "nowhere")]);
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toContain("LUM4002");
    expect(existsSync(join(scratch, "nowhere"))).toBe(false);
    const other = build("--locked", "--bucket", "batch=1");
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/LUM5106.*--bucket asks for batch=1/);
    const arch = lumc(["build", model, "--no-compile", "--out", project, "--locked", "--arch", "aarch64"]);
    expect(arch.status).toBe(1);
    expect(arch.stderr).toMatch(/LUM5106.*"arch": "x86-64-v3"/);
    expect(readFileSync(lock, "utf8")).toBe(first);
  });

  test("keeps what was allowed, and takes it back with the same permission only", () => {
    const out = join(scratch, "allowed");
    const words = ["build", model, "--target", "cuda", "--no-compile", "--out", out];
    expect(lumc([...words, "--allow", "tf32"]).stderr).toBe("");
    const text = readFileSync(join(out, lockName), "utf8");
    expect(text).toContain('"allow": ["tf32"]');
    expect(lumc([...words, "--locked", "--allow", "tf32"]).stderr).toBe("");
    expect(lumc([...words, "--locked"]).stderr).toMatch(/LUM5106.*--allow tf32, this build has no --allow/);
    expect(readFileSync(join(out, lockName), "utf8")).toBe(text);
  });

  test("puts a damaged lock aside: an error where it is asked for, a remark where it is in the way", () => {
    writeFileSync(lock, first.slice(0, 300));
    const asked = build("--locked");
    expect(asked.status).toBe(1);
    expect(asked.stderr).toContain("LUM4001");
    expect(readFileSync(`${lock}.damaged`, "utf8")).toBe(first.slice(0, 300));
    expect(existsSync(lock)).toBe(false);

    writeFileSync(lock, first.replace('"seed": 1', '"seed": 2'));
    const rebuilt = build("--search", "0.1");
    expect([rebuilt.status, rebuilt.stderr]).toEqual([0, ""]);
    expect(rebuilt.stdout).toContain(`${lock}.damaged-2`);
    expect(readFileSync(lock, "utf8")).toBe(first);
  });

  test("takes back a model that was changed only with an error", () => {
    const text = readFileSync(model, "utf8");
    writeFileSync(model, text.replace("gelu(", "relu(").replace("gelu }", "relu }"));
    const changed = build("--locked");
    writeFileSync(model, text);
    expect(changed.status).toBe(1);
    expect(changed.stderr).toContain("LUM5106");
    expect(changed.stderr).toContain("without --locked");
  });
});

test("killed at any moment, the last lock is whole and the next build goes on", async () => {
  const project = join(scratch, "killed");
  const [a, b] = [1, 2].map((seed) => sound.replace('"by": "direct"', `"by": "direct", "seed": ${seed}`));
  const script = join(scratch, "write.ts");
  writeFileSync(
    script,
    `import { writeProject } from ${JSON.stringify(join(root, "src/emit/write.ts"))};
const texts = ${JSON.stringify([a, b])};
process.stdout.write("ready");
for (let i = 0; ; i++) writeProject(new Map([["${lockName}", texts[i % 2]], ["src/a.cpp", "// " + i]]), ${JSON.stringify(project)});
`,
  );
  let whole = 0;
  for (let i = 0; i < 20; i++) {
    const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    await killedAfter(child, 1 + 3 * i);
    const path = join(project, lockName);
    if (!existsSync(path)) continue;
    expect([a, b]).toContain(readFileSync(path, "utf8"));
    whole++;
  }
  expect(whole).toBeGreaterThan(10);
  const { writeProject } = await import("../../src/emit/write.ts");
  writeProject(new Map([[lockName, sound]]), project);
  expect(readFileSync(join(project, lockName), "utf8")).toBe(sound);
  expect(readdirSync(project).filter((f) => f.startsWith(".lumc-staging"))).toEqual([]);
});

/** SIGKILL some milliseconds after it has begun to write. */
function killedAfter(child: ChildProcess, ms: number): Promise<void> {
  return new Promise((done) => {
    child.once("exit", () => done());
    child.stdout!.once("data", () => setTimeout(() => child.kill("SIGKILL"), ms));
  });
}
