/** Writes docs/diagnostics.md from the table of messages; `--check` fails where it would change. */
import { readFileSync, writeFileSync } from "node:fs";
import { messages } from "../src/messages/table.ts";

const file = new URL("../docs/diagnostics.md", import.meta.url);

const kinds: readonly (readonly [prefix: string, title: string])[] = [
  ["LUM1", "Syntax"],
  ["LUM2", "Names, types and shapes"],
  ["LUM3", "Lowering"],
  ["LUM4", "Search"],
  ["LUM5", "Emission, toolchain and command line"],
  ["LUM60", "Calls of a compiled model"],
  ["LUM61", "Weights and arrays"],
  ["LUM62", "Commands that run a model"],
];

/** The message with its parameters' names in the places of their values. */
export function sample(write: (p: never) => string): string {
  const names = new Proxy({}, { get: (_, key) => (typeof key === "symbol" ? () => "…" : placeholder(key)) });
  try {
    return write(names as never).replace(/\s+/g, " ");
  } catch {
    return "";
  }
}

/** Stands for a value in text, in lists and in comparisons. */
function placeholder(name: string): unknown {
  const text = `‹${name}›`;
  return Object.assign(new String(text), { join: () => text, map: () => [text] });
}

export function diagnosticsPage(): string {
  const rows = Object.entries(
    messages as Record<string, { text: (p: never) => string; help?: (p: never) => string }>,
  );
  const out = [
    "# Diagnostics",
    "",
    "Every message that lumc gives, printed from `src/messages/`. ‹name› stands for a value.",
  ];
  const taken = new Set<string>();
  for (const [prefix, title] of kinds) {
    const own = rows
      .filter(([code]) => code.startsWith(prefix) && !taken.has(code))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    if (own.length === 0) continue;
    out.push("", `## ${title}`, "", "| code | message | what to do |", "|---|---|---|");
    for (const [code, m] of own) {
      taken.add(code);
      out.push(`| ${code} | ${cell(sample(m.text))} | ${cell(m.help === undefined ? "" : sample(m.help))} |`);
    }
  }
  return `${out.join("\n")}\n`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const page = diagnosticsPage();
  if (process.argv.includes("--check")) process.exitCode = readFileSync(file, "utf8") === page ? 0 : 1;
  else writeFileSync(file, page);
}
