// Outputs as the egglog command line prints them.
import { printTerm } from "./term.ts";
import type { FunctionRow, Output, PrintFunctionOutput, PrintSizeOutput, RunReport } from "./types.ts";

/** The text of one output; empty for a check and a run, which print nothing. */
export function formatOutput(output: Output): string {
  switch (output.kind) {
    case "check":
    case "run":
      return "";
    case "extract":
      return `${printTerm(output.term)}\n`;
    case "extract-variants":
      return `(\n${output.variants.map(({ term }) => `   ${printTerm(term)}\n`).join("")})\n`;
    case "print-function":
      return formatFunction(output);
    case "print-size":
      return formatSizes(output);
    case "statistics":
      return `Overall statistics:\n${formatReport(output)}`;
    case "proof":
    case "text":
      return output.text;
  }
}

function formatFunction({ output, rows }: PrintFunctionOutput): string {
  const line = (row: FunctionRow): string =>
    output === "Unit" ? printTerm(row.row) : `${printTerm(row.row)} -> ${printTerm(row.output)}`;
  return `(\n${rows.map((row) => `   ${line(row)}\n`).join("")})\n`;
}

function formatSizes({ of, sizes }: PrintSizeOutput): string {
  if (of !== undefined) return `${sizes[0].size}\n`;
  return `(${sizes.map(({ name, size }) => `(${name} ${size})`).join("\n ")})\n`;
}

function formatReport({ rules, rulesets }: RunReport): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)}s`;
  const byTime = [...rules].sort((a, b) => a.searchMs - b.searchMs);
  const ruleLines = byTime.map(
    ({ name, searchMs, matches }) =>
      `Rule ${shorten(name)}: search and apply ${seconds(searchMs)}, num matches ${matches}\n`,
  );
  const rulesetLines = rulesets.map(
    ({ name, searchMs, mergeMs, rebuildMs }) =>
      `Ruleset ${name}: search ${seconds(searchMs)}, merge ${seconds(mergeMs)}, rebuild ${seconds(rebuildMs)}\n`,
  );
  return [...ruleLines, ...rulesetLines].join("");
}

function shorten(name: string): string {
  const line = name.replaceAll("\n", " ");
  return line.length > 80 ? `${line.slice(0, 80)}...` : line;
}
