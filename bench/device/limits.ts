/** What a time is worth: rates, the share of the limit, and how many times faster than the rivals. */
import { cudaArchOf } from "../../src/targets/cuda.ts";
import type { Row } from "./results.ts";
import { copyRoof, type Roofs } from "./roofs.ts";
import type { Workload } from "./workload.ts";

type Timed = Pick<Row, "lumc" | "bytes" | "flops" | "rivals"> & Pick<Workload, "limit">;

export function limitOf(t: Timed, roofs: Roofs, arch: string): Omit<Row, "name" | "error" | "tolerance"> {
  const { lumc, bytes, flops, rivals, limit } = t;
  const seconds = lumc.median_ms * 1e-3;
  const rates = { bytes: bytes / seconds, flops: flops / seconds };
  const { part, halfRate } = cudaArchOf(arch);
  const values = { copy: copyRoof(roofs), read: roofs.read.bytes_per_second, "tensor cores": halfRate };
  const value = values[limit];
  const onCores = limit === "tensor cores";
  const ratios = Object.entries(rivals).flatMap(([rival, time]): [string, number][] =>
    "missing" in time ? [] : [[rival, time.median_ms / lumc.median_ms]],
  );
  return {
    bytes,
    flops,
    lumc,
    rivals,
    bytes_per_second: rates.bytes,
    flops_per_second: rates.flops,
    limit: {
      name: onCores ? `the published rate of the ${part}'s tensor cores` : `the ${limit} roof`,
      value,
      share: (onCores ? rates.flops : rates.bytes) / value,
    },
    ratios: Object.fromEntries(ratios),
  };
}
