/** Hlir of the body of a model given as text. */

import type { Hlir } from "../../src/ir/hlir.ts";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { elaborate } from "../../src/lower/elaborate/elaborate.ts";

export function hlirFromText(c: {
  readonly name: string;
  readonly head?: string;
  readonly body: string;
}): Hlir {
  const lines = c.body.split("\n");
  const text = `${c.head ?? ""}\nmodel M {\n${lines.map((l) => `  ${l}`).join("\n")}\n}\n`;
  const { hlir, diagnostics } = elaborate({ path: `${c.name}.lum`, text });
  if (hlir === undefined)
    throw new Error(`${c.name}: ${diagnostics.map((d) => `${d.code} ${d.message}`).join("; ")}`);
  checkHlir(hlir, "elaborate");
  return hlir;
}
