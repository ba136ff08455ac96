/** The file of results: written after every part, so that a run that is cut short keeps what it had. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Roofs } from "./roofs.ts";
import type { PartName, Spread } from "./workload.ts";

/** A rival's time, or why there is none. */
export type RivalTime = Spread | { readonly missing: string };

export type Row = {
  readonly name: string;
  /** ‖found − expected‖ / ‖expected‖ of a sample, taken before any timing; `tolerance` is what was allowed. */
  readonly error: number;
  readonly tolerance: number;
  readonly bytes: number;
  readonly flops: number;
  readonly lumc: Spread;
  readonly rivals: Readonly<Record<string, RivalTime>>;
  readonly bytes_per_second: number;
  readonly flops_per_second: number;
  /** Share of the limit that is named, and how many times faster than each rival. */
  readonly limit: { readonly name: string; readonly value: number; readonly share: number };
  readonly ratios: Readonly<Record<string, number>>;
};

export type Part = {
  readonly date: string;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  /** What was not run, and why; what failed. */
  readonly notes: readonly string[];
  readonly rows?: readonly Row[];
  readonly details?: unknown;
};

export type Results = {
  readonly device: {
    readonly name: string;
    readonly driver: string;
    readonly arch: string;
    /** Kernels ran on the CPU: the times say nothing of a GPU. */
    readonly emulated: boolean;
  };
  readonly roofs?: Roofs;
  readonly parts: Readonly<Partial<Record<PartName, Part>>>;
};

/** What the file holds of the same device; otherwise nothing yet. */
export function readResults(path: string, device: Results["device"]): Results {
  const empty: Results = { device, parts: {} };
  if (!existsSync(path)) return empty;
  const found: Results = JSON.parse(readFileSync(path, "utf8"));
  return found.device.name === device.name && found.device.emulated === device.emulated
    ? { ...found, device }
    : empty;
}

/** All of it or what was there before. */
export function writeResults(path: string, results: Results): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(results, undefined, 1)}\n`);
  renameSync(`${path}.new`, path);
}

/** `NVIDIA H100 80GB HBM3` → `nvidia-h100-80gb-hbm3` */
export const fileNameOf = (device: string): string => device.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const milliseconds = (s: Spread): string =>
  `${s.median_ms.toPrecision(3)} (${s.low_ms.toPrecision(3)}..${s.high_ms.toPrecision(3)})`;

/** A table for the end of a terminal. */
export function tableOf(rows: readonly Row[]): string[] {
  return rows.map((r) => {
    const rate = r.limit.name.endsWith("tensor cores")
      ? `${(r.flops_per_second / 1e12).toFixed(1)} TFLOP/s`
      : `${(r.bytes_per_second / 1e12).toFixed(2)} TB/s`;
    const rivals = Object.entries(r.rivals).map(([name, t]) =>
      "missing" in t ? `${name}: ${t.missing}` : `${name} ${milliseconds(t)} = ${r.ratios[name].toFixed(2)}x`,
    );
    const share = `${(100 * r.limit.share).toFixed(0)} % of ${r.limit.name}`;
    return `${r.name.padEnd(24)} ${milliseconds(r.lumc)} ms, ${rate}, ${share}, error ${r.error.toExponential(1)}; ${rivals.join("; ")}`;
  });
}
