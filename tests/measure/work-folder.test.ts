/** Folders of killed runs are removed by the next run; all others stay. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workFolder } from "../../src/search/measure/work-folder.ts";

const scratch = mkdtempSync(join(tmpdir(), "lumc-folders-test-"));
const before = process.env.TMPDIR;
const children: ChildProcess[] = [];

beforeAll(() => {
  process.env.TMPDIR = scratch;
});
afterAll(() => {
  for (const c of children) c.kill("SIGKILL");
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(scratch, { recursive: true, force: true });
});

/** A process that makes a folder, tells its name and stays. */
async function run(): Promise<{ folder: string; kill: () => Promise<void> }> {
  const script = fileURLToPath(new URL("../../src/search/measure/work-folder.ts", import.meta.url));
  const text = `import { workFolder } from ${JSON.stringify(script)};
    process.stdout.write(workFolder("test") + "\\n");
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", text], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const folder = await new Promise<string>((resolve, reject) => {
    child.stdout!.once("data", (d) => resolve(String(d).trim()));
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = (): Promise<void> => {
    child.kill("SIGKILL");
    return ended;
  };
  return { folder, kill };
}

test("a folder of a killed run goes when the next one starts, that of a running one stays", async () => {
  const [killed, running] = [await run(), await run()];
  writeFileSync(join(killed.folder, "weights.safetensors"), "0".repeat(1000));
  await killed.kill();
  expect(existsSync(killed.folder)).toBe(true);
  const own = workFolder("test");
  expect(existsSync(killed.folder)).toBe(false);
  expect(existsSync(running.folder)).toBe(true);
  await running.kill();
  workFolder("test");
  expect(existsSync(running.folder)).toBe(false);
  expect(existsSync(own)).toBe(true);
});

test("a number that another process has now is not taken for its owner", () => {
  const own = workFolder("test");
  const note = join(own, "owner.json");
  const owner = JSON.parse(readFileSync(note, "utf8"));
  // Without a start time to compare, a process with that number may still be the owner.
  if (owner.started === "") return;
  writeFileSync(note, JSON.stringify({ ...owner, started: "1" }));
  workFolder("test");
  expect(existsSync(own)).toBe(false);
});

test("what is not known to be left over stays", async () => {
  const gone = await run();
  await gone.kill();
  const note = join(gone.folder, "owner.json");
  const owner = JSON.parse(readFileSync(note, "utf8"));
  for (const text of [
    JSON.stringify({ ...owner, table: "another machine" }),
    JSON.stringify({ ...owner, pid: "1" }),
    JSON.stringify({ ...owner, pid: -1 }),
    "{",
    "null",
  ]) {
    writeFileSync(note, text);
    workFolder("test");
    expect(existsSync(gone.folder), text).toBe(true);
  }
  rmSync(note);
  const other = join(scratch, "lumc-other-folder");
  mkdirSync(other);
  workFolder("test");
  expect(existsSync(gone.folder)).toBe(true);
  expect(existsSync(other)).toBe(true);
});
