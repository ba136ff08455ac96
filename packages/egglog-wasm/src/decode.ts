// From the module's JSON to the outputs that callers see.
import type { RawTerm } from "./term.ts";
import { decodeTerms } from "./term.ts";
import type { EgglogError, Output, RunResult, TableSize } from "./types.ts";

/** A run as the module tells it: flat text, however deep the terms in it are. */
export type RawRun = {
  readonly error: EgglogError | null;
  /** JSON objects with commas between them. */
  readonly outputs: string;
  readonly commands: number;
  readonly warnings: readonly string[];
  readonly tuples: number;
};

export function decodeRun({ error, outputs, ...ran }: RawRun): RunResult {
  const decoded = { outputs: decodeOutputs(outputs), ...ran };
  return error === null ? { ok: true, ...decoded } : { ok: false, error, ...decoded };
}

type RawOutput =
  | { readonly kind: "check" }
  | { readonly kind: "extract"; readonly cost: number; readonly root: number; readonly terms: RawTerm[] }
  | {
      readonly kind: "extract-variants";
      readonly variants: { readonly cost?: number; readonly root: number }[];
      readonly terms: RawTerm[];
    }
  | {
      readonly kind: "print-function";
      readonly name: string;
      readonly output: string;
      readonly rows: [number, number][];
      readonly terms: RawTerm[];
    }
  | { readonly kind: "print-size"; readonly of?: string; readonly sizes: TableSize[] }
  | Exclude<Output, { kind: "check" | "extract" | "extract-variants" | "print-function" | "print-size" }>;

function decodeOutputs(json: string): Output[] {
  const raw = JSON.parse(`[${json}]`) as RawOutput[];
  return raw.map(decodeOutput);
}

function decodeOutput(raw: RawOutput): Output {
  switch (raw.kind) {
    case "extract":
      return { kind: "extract", cost: raw.cost, term: decodeTerms(raw.terms)[raw.root] };
    case "extract-variants": {
      const terms = decodeTerms(raw.terms);
      const variants = raw.variants.map(({ cost, root }) => ({ cost, term: terms[root] }));
      return { kind: "extract-variants", variants };
    }
    case "print-function": {
      const terms = decodeTerms(raw.terms);
      const rows = raw.rows.map(([row, output]) => ({ row: terms[row], output: terms[output] }));
      return { kind: "print-function", name: raw.name, output: raw.output, rows };
    }
    default:
      return raw;
  }
}
