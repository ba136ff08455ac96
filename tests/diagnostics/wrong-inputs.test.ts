/** Wrong arguments, files and machines: the command line refuses each with its code and exits with 1. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/npy.ts";
import { unwrap } from "../models/fixtures.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "lumc-wrong-"));
const at = (name: string): string => join(scratch, name);
const project = at("project");

const model = `model Small {
  dim s in 1..4
  input x: f32[s, 3], i: i32[s]
  weight w: f32[3, 2], table: f32[5, 2]
  output y[t, o] = sum(k) x[t, k] * w[k, o] + table[i[t], o]
}
`;

type Result = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

function lumc(words: readonly string[], env: Record<string, string> = {}): Result {
  return spawnSync(process.execPath, [join(root, "cli/main.ts"), ...words], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    cwd: scratch,
  });
}

/** A safetensors file of the two weights, its header changed by `damage`. */
function weightsFile(name: string, damage: (header: string) => string = (h) => h): string {
  const header = damage(
    JSON.stringify({
      table: { dtype: "F32", shape: [5, 2], data_offsets: [24, 64] },
      w: { dtype: "F32", shape: [3, 2], data_offsets: [0, 24] },
    }),
  );
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  const data = Buffer.from(Float32Array.from({ length: 16 }, (_, i) => i).buffer);
  writeFileSync(at(name), Buffer.concat([size, Buffer.from(header), data]));
  return at(name);
}

function npy(
  name: string,
  dtype: "f32" | "f64" | "i32",
  shape: readonly number[],
  values: readonly number[],
): string {
  const array = { f32: Float32Array, f64: Float64Array, i32: Int32Array }[dtype].from(values);
  unwrap(writeNpy(at(name), { dtype, shape, data: new Uint8Array(array.buffer) }));
  return at(name);
}

let common: string[];

beforeAll(() => {
  mkdirSync(project, { recursive: true });
  writeFileSync(at("small.lum"), model);
  const x = npy("x.npy", "f32", [2, 3], [1, 2, 3, 4, 5, 6]);
  const i = npy("i.npy", "i32", [2], [0, 4]);
  common = [
    "run",
    at("small.lum"),
    "--out",
    project,
    "--weights",
    weightsFile("good.safetensors"),
    "--input",
    `x=${x}`,
    "--input",
    `i=${i}`,
  ];
  const first = lumc(common);
  expect(first.stderr).not.toMatch(/error/);
  expect(first.stdout).toContain("y: f32[2, 2] [22, 29, 48, 64]");
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The same command with other values for some options. */
function changed(changes: Record<string, string>): string[] {
  const words = [...common];
  for (const [option, value] of Object.entries(changes)) {
    const name = value.split("=")[0];
    const found = words.findIndex(
      (w, k) => w === `--${option}` && (option !== "input" || words[k + 1].startsWith(`${name}=`)),
    );
    if (found < 0) words.push(`--${option}`, value);
    else words[found + 1] = value;
  }
  return words;
}

const cases: readonly (readonly [
  title: string,
  code: string,
  words: () => string[],
  env?: Record<string, string>,
])[] = [
  ["a file that is not there", "LUM5101", () => ["check", at("none.lum")]],
  ["a folder without a model", "LUM5102", () => ["check", project]],
  ["a setting without a value", "LUM5104", () => ["check", at("small.lum"), "--set", "hidden"]],
  ["an unknown setting", "LUM2132", () => ["check", at("small.lum"), "--set", "hidden=3"]],
  ["a dtype for a model that takes none", "LUM5105", () => ["check", at("small.lum"), "--dtype", "bf16"]],
  ["a target that is not built yet", "LUM5103", () => [...changed({}), "--target", "metal"]],
  ["an unknown GPU", "LUM5008", () => [...changed({ arch: "sm_1" }), "--target", "cuda"]],
  ["an emulated CPU", "LUM5011", () => [...changed({}), "--emulate"]],
  ["TF32 on a CPU", "LUM5012", () => [...changed({}), "--allow", "tf32"]],
  [
    "no nvcc at all",
    "LUM5009",
    () => [...changed({ arch: "sm_80", compiler: at("no-nvcc") }), "--target", "cuda"],
  ],
  [
    "timings of kernels for a GPU",
    "LUM5010",
    () => [...changed({ arch: "sm_80" }), "--target", "cuda", "--measure"],
  ],
  ["an unknown architecture", "LUM5005", () => changed({ arch: "z80" })],
  ["a missing compiler", "LUM5007", () => changed({ compiler: at("no-such-compiler") })],
  ["no compiler at all", "LUM5001", () => changed({}), { PATH: "/nonexistent", CXX: "" }],
  ["an input that the model does not have", "LUM6201", () => changed({ input: `z=${at("x.npy")}` })],
  ["a missing input", "LUM6202", () => common.slice(0, -2)],
  [
    "an input of the wrong rank",
    "LUM6203",
    () => changed({ input: `x=${npy("flat.npy", "f32", [6], [1, 2, 3, 4, 5, 6])}` }),
  ],
  [
    "an input of the wrong size",
    "LUM6203",
    () => changed({ input: `x=${npy("wide.npy", "f32", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8])}` }),
  ],
  [
    "an input of the wrong dtype",
    "LUM6203",
    () => changed({ input: `i=${npy("floats.npy", "f64", [2], [0, 1])}` }),
  ],
  [
    "inputs that disagree about a dim",
    "LUM6203",
    () => changed({ input: `i=${npy("three.npy", "i32", [3], [0, 1, 2])}` }),
  ],
  [
    "a dim past its bounds",
    "LUM6002",
    () =>
      changed({ input: `x=${npy("long.npy", "f32", [5, 3], new Array(15).fill(1))}` }).map((w) =>
        w.startsWith("i=") ? `i=${npy("five.npy", "i32", [5], [0, 0, 0, 0, 0])}` : w,
      ),
  ],
  ["an index past its table", "LUM6007", () => changed({ input: `i=${npy("far.npy", "i32", [2], [0, 5])}` })],
  ["a negative index", "LUM6007", () => changed({ input: `i=${npy("negative.npy", "i32", [2], [0, -1])}` })],
  ["a file that is no .npy", "LUM61", () => changed({ input: `x=${at("small.lum")}` })],
  [
    "no weights",
    "LUM6208",
    () => common.filter((w, k) => w !== "--weights" && common[k - 1] !== "--weights"),
  ],
  ["weights that are not there", "LUM6101", () => changed({ weights: at("none.safetensors") })],
  [
    "a truncated checkpoint",
    "LUM61",
    () => {
      copyFileSync(at("good.safetensors"), at("short.safetensors"));
      truncateSync(at("short.safetensors"), 200);
      return changed({ weights: at("short.safetensors") });
    },
  ],
  [
    "a header that is no JSON",
    "LUM61",
    () => changed({ weights: weightsFile("text.safetensors", (h) => h.replace("{", "(")) }),
  ],
  [
    "overlapping offsets",
    "LUM61",
    () => changed({ weights: weightsFile("overlap.safetensors", (h) => h.replace("[24,64]", "[20,60]")) }),
  ],
  [
    "sizes that are NaN",
    "LUM61",
    () => changed({ weights: weightsFile("nan.safetensors", (h) => h.replace("[5,2]", "[NaN,2]")) }),
  ],
  [
    "a missing tensor",
    "LUM61",
    () => changed({ weights: weightsFile("missing.safetensors", (h) => h.replace('"table"', '"tabel"')) }),
  ],
  [
    "a misshapen tensor",
    "LUM61",
    () => changed({ weights: weightsFile("shape.safetensors", (h) => h.replace("[5,2]", "[2,5]")) }),
  ],
  [
    "a tensor of integers",
    "LUM61",
    () => changed({ weights: weightsFile("type.safetensors", (h) => h.replace('"F32"', '"I32"')) }),
  ],
];

test.each(cases.map((c) => ({ title: c[0], code: c[1], words: c[2], env: c[3] })))(
  "$title is $code",
  ({ code, words, env }) => {
    const { status, stderr, stdout } = lumc(words(), env);
    expect(stderr + stdout).toMatch(new RegExp(`error\\[${code}`));
    expect(stderr).not.toContain("defect");
    expect(status).toBe(1);
  },
);

test("after all of them the project still runs", () => {
  expect(existsSync(join(project, "src/model.cpp"))).toBe(true);
  expect(lumc(common).stdout).toContain("y: f32[2, 2] [22, 29, 48, 64]");
});

test("--json gives the diagnostics as data", () => {
  const { stdout, status } = lumc(["check", at("small.lum"), "--set", "hidden=3", "--json"]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout).diagnostics[0]).toMatchObject({ code: "LUM2132", severity: "error", line: 1 });
});

test("a build that is killed leaves what was there, and the next one goes on", () => {
  const main = join(root, "cli/main.ts");
  const before = readFileSync(join(project, "src/model.cpp"), "utf8");
  writeFileSync(at("small.lum"), model.replace("sum(k)", "2.0 * sum(k)"));
  for (const ms of [300, 700, 1100, 1500, 1900]) {
    spawnSync(process.execPath, [main, "build", at("small.lum"), "--out", project, "--no-compile"], {
      timeout: ms,
      killSignal: "SIGKILL",
      cwd: scratch,
    });
    const now = readFileSync(join(project, "src/model.cpp"), "utf8");
    expect(now === before || now.includes("run_forward")).toBe(true);
  }
  expect(lumc(common).stdout).toContain("y: f32[2, 2] [38, 51, 82, 113]");
  writeFileSync(at("small.lum"), model);
  expect(lumc(common).stdout).toContain("y: f32[2, 2] [22, 29, 48, 64]");
});
