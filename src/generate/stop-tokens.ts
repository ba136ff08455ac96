/** The tokens that end a text, from the files that checkpoints come with. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function stopTokens(folder: string): Set<number> {
  const out = new Set<number>();
  for (const name of ["generation_config.json", "config.json"]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const { eos_token_id: eos } = JSON.parse(readFileSync(path, "utf8")) as {
      eos_token_id?: number | number[] | null;
    };
    for (const id of Array.isArray(eos) ? eos : [eos]) if (typeof id === "number") out.add(id);
  }
  return out;
}
