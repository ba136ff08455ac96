// The C++ runtime, compiled once with sanitizers and driven through tests/weights/probe.cpp.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const RUNTIME = path.resolve(import.meta.dirname, "../../templates/cpu/runtime");
const PROBE = path.join(import.meta.dirname, "probe.cpp");

export type Probe = {
  readonly directory: string;
  /** Runs to the end and returns what was printed; throws when a sanitizer or the probe complains. */
  readonly run: (args: readonly string[], input?: string) => string[];
  /** Runs and tells how it ended, for runs that are meant to be killed. */
  readonly attempt: (args: readonly string[]) => { readonly signal: string | null; readonly stderr: string };
  /** Starts a run and kills it with SIGKILL after so many milliseconds. */
  readonly killAfter: (args: readonly string[], milliseconds: number) => Promise<string | null>;
  /** Runs where no file may grow beyond so many KiB, as on a full disk. */
  readonly limited: (args: readonly string[], kibibytes: number) => string[];
  /** Starts a run beside this process. */
  readonly start: (args: readonly string[]) => Promise<string[]>;
  readonly close: () => void;
};

/** Compiles the probe into a directory of its own. No optimization: with sanitizers it takes far longer to compile. */
export function buildProbe(): Probe {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lumc-weights-"));
  const program = path.join(directory, "probe");
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  execFileSync("g++", ["-std=c++17", ...sanitizers, ...warnings, "-I", RUNTIME, PROBE, "-o", program]);
  return {
    directory,
    run: (args, input) => lines(execFileSync(program, args, { input, maxBuffer: 1 << 28, encoding: "utf8" })),
    attempt: (args) => {
      const { signal, stderr } = spawnSync(program, args, { encoding: "utf8" });
      return { signal, stderr };
    },
    killAfter: (args, milliseconds) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, { stdio: "ignore" });
        const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
        child.on("error", reject);
        child.on("exit", (_, signal) => {
          clearTimeout(timer);
          resolve(signal);
        });
      }),
    limited: (args, kibibytes) => {
      // Ignoring SIGXFSZ turns the limit into a failing write.
      const script = `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$0" "$@"`;
      return lines(
        execFileSync("bash", ["-c", script, program, ...args], { encoding: "utf8", stdio: "pipe" }),
      );
    },
    start: (args) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        child.on("error", reject);
        child.on("close", (code) =>
          code === 0 ? resolve(lines(text)) : reject(new Error(`exit code ${code}`)),
        );
      }),
    close: () => fs.rmSync(directory, { recursive: true }),
  };
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
