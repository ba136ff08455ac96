// Runs egglog's own test programs, from the crate's published archive, on the
// module; writes tests/upstream.md. An outcome is right when it is what the
// crate's own test run (tests/files.rs and its snapshots) expects.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineVersions, Output, RunResult } from "../dist/index.js";
import { EGraphWorker, formatOutput, loadEngine } from "../dist/index.js";
import { lockedVersion } from "./manifest.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const version = lockedVersion("egglog");
const TIME_MS = 300_000;

type Verdict = {
  readonly file: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly note: string;
};

/** Where cargo has unpacked the crate; cargo checks the archive against Cargo.lock. */
function crateFolder(): string {
  const cargo = process.env.CARGO ?? "cargo";
  execFileSync(cargo, ["fetch", "--locked", "--manifest-path", join(root, "crate/Cargo.toml")], {
    stdio: "inherit",
  });
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const [folder] = globSync(join(registry, `*/egglog-${version}`));
  if (folder === undefined) throw new Error(`egglog ${version} is not under ${registry}`);
  return folder;
}

/** Why a program is not run, if it is not. */
function reasonToSkip(file: string, text: string): string | undefined {
  if (file.startsWith("tests/header/")) return "fragment, included by others";
  const bypassed = ["tests/gemma.egg", "tests/gemma4_moe.egg"];
  if (bypassed.includes(file)) return "too slow for the crate's own test run, which leaves it out";
  if (/^\s*\((input|output)\b|\(print-function [^)]*:file/m.test(text)) return "needs a file system";
  return undefined;
}

/** Outputs as the crate's snapshots keep them: costs instead of terms, nothing that depends on time or order. */
function stableText(outputs: readonly Output[]): string {
  return outputs.map(stableOutput).join("");
}

function stableOutput(output: Output): string {
  switch (output.kind) {
    case "extract":
      return `(extraction-costs ${output.cost})\n`;
    case "extract-variants":
    case "print-function":
    case "statistics":
      return "";
    default:
      return formatOutput(output);
  }
}

function snapshot(folder: string, name: string): string | undefined {
  const file = join(folder, "tests/snapshots", `files__${name}.snap`);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  return text.slice(text.indexOf("\n---\n", 3) + 5).trimEnd();
}

/** As in the crate's tests/files.rs, where these outputs are known to vary. */
const VARYING = [
  "extract-vec-bench",
  "python_array_optimize",
  "stresstest_large_expr",
  "towers-of-hanoi",
  "taylor51",
  "factoring-multisets",
];

/**
 * Which of several ungrounded variables is named, and in which order a proof
 * lists its substitutions, follows the order of a hash table, and that differs
 * between 32 and 64 bits. What is left is the words of a proof in alphabetical order.
 */
function withoutHashOrder(text: string): string {
  const words = (proof: string): string =>
    proof
      .split(/[\s()]+/)
      .sort()
      .join(" ");
  const named = text.replace(/^Variable \S+ is ungrounded/m, "Variable is ungrounded");
  return named.includes("(substitution ") || named.includes("(substitution\n") ? words(named) : named;
}

function judge(folder: string, file: string, result: RunResult): Omit<Verdict, "file"> {
  const stem = basename(file, ".egg").replace(/[.\- ]/g, "_");
  const mustFail = file.includes("fail-typecheck");
  if (mustFail && result.ok) return { outcome: "failed", note: "should have failed" };
  if (!mustFail && !result.ok) {
    const { kind, message, line } = result.error;
    return { outcome: "failed", note: `${kind} error in line ${line}: ${message.split("\n")[0]}` };
  }
  const what = mustFail ? "fails, message" : "output";
  const varies = VARYING.some((name) => file.includes(name));
  const expected = varies
    ? undefined
    : snapshot(folder, `${mustFail ? "fail-typecheck_" : "shared_snapshot"}_${stem}`);
  if (expected === undefined) return { outcome: "passed", note: `${what} has no snapshot` };
  const actual = (
    result.ok ? stableText(result.outputs) : (result.error.text ?? result.error.message)
  ).trimEnd();
  if (actual === expected) return { outcome: "passed", note: `${what} as in the snapshot` };
  if (withoutHashOrder(actual) === withoutHashOrder(expected)) {
    return { outcome: "passed", note: `${what} as in the snapshot, but for the order of a hash table` };
  }
  return { outcome: "failed", note: `${what} differs from the snapshot` };
}

async function runOne(
  folder: string,
  file: string,
  files: Readonly<Record<string, string>>,
): Promise<Verdict> {
  const text = files[file];
  const skip = reasonToSkip(file, text);
  if (skip !== undefined) return { file, outcome: "skipped", note: skip };
  const mode = file.startsWith("tests/proofs/") ? "proofs" : "plain";
  const worker = await EGraphWorker.create({
    files,
    mode,
    reservedNames: true,
    recover: false,
    limits: { timeMs: TIME_MS },
  });
  try {
    const result = await worker.run(`${text}\n(print-size)`, { file: basename(file) });
    const serialized = result.ok
      ? await worker.serialize({ maxFunctions: 40, maxCallsPerFunction: 40 })
      : { ok: true };
    const arrays = result.ok ? await worker.arrays() : { ok: true };
    if (!serialized.ok || !arrays.ok) return { file, outcome: "failed", note: "could not be serialized" };
    return { file, ...judge(folder, file, result) };
  } catch (error) {
    return { file, outcome: "failed", note: String(error) };
  } finally {
    worker.terminate();
  }
}

function table(verdicts: readonly Verdict[], versions: EngineVersions): string {
  const count = (outcome: Verdict["outcome"]): number => verdicts.filter((v) => v.outcome === outcome).length;
  const rows = verdicts.map(
    ({ file, outcome, note }) =>
      `| ${file.slice("tests/".length)} | ${outcome} | ${note.replaceAll("|", "\\|")} |`,
  );
  return `# egglog's own test programs on the module

Written by \`npm run test:upstream\`: the programs under \`tests/\` of the published crate egglog ${versions.egglog}, each on one thread
and followed by \`(print-size)\`, as the crate's own test run does it, then serialized.

**${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped.**

| program | outcome | |
| --- | --- | --- |
${rows.join("\n")}
`;
}

const folder = crateFolder();
const names = globSync("tests/**/*.egg", { cwd: folder }).sort();
const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
const only = process.argv[2];
const verdicts: Verdict[] = [];
for (const name of names.filter((file) => only === undefined || file.includes(only))) {
  const start = performance.now();
  const verdict = await runOne(folder, name, files);
  verdicts.push(verdict);
  console.log(
    `${verdict.outcome.padEnd(8)}${name}  ${verdict.note}  (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
}
const versions = (await loadEngine()).versions();
if (only === undefined) writeFileSync(join(root, "tests/upstream.md"), table(verdicts, versions));
const failed = verdicts.filter(({ outcome }) => outcome === "failed");
console.log(`${verdicts.length} programs, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
