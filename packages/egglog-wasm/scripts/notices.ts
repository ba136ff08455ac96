// THIRD-PARTY.md: the licences of every crate that is compiled into the module.
//   node scripts/notices.ts
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

type Crate = { readonly name: string; readonly version: string; readonly license: string };

const root = fileURLToPath(new URL("..", import.meta.url));
const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");

/** Crates from the registry that are linked for wasm32: no build scripts, no procedural macros. */
function crates(): Crate[] {
  const args = ["tree", "--locked", "--target", "wasm32-unknown-unknown", "--edges", "normal,no-proc-macro"];
  const format = ["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"];
  const manifest = ["--manifest-path", join(root, "crate/Cargo.toml")];
  const text = execFileSync(process.env.CARGO ?? "cargo", [...args, ...format, ...manifest], {
    encoding: "utf8",
  });
  const lines = [...new Set(text.trim().split("\n"))].filter((line) => !line.includes(" (/")).sort();
  return lines.map((line) => {
    const [, name, version, license] = /^(\S+) v(\S+).*\|(.*)$/.exec(line) ?? [];
    return { name, version, license };
  });
}

/** The crate's MIT text if it offers one, else all its licence files. */
function licenceText({ name, version }: Crate): string {
  const [folder] = globSync(join(registry, `*/${name}-${version}`));
  if (folder === undefined || !existsSync(folder)) throw new Error(`${name} ${version} is not unpacked`);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .filter((file) => /^(licen[cs]e|copying|unlicense)/i.test(file))
    .sort();
  const mit = files.filter((file) => /mit/i.test(file));
  const chosen = mit.length > 0 ? mit : files.filter((file) => !/apache/i.test(file));
  return (chosen.length > 0 ? chosen : files)
    .map((file) => readFileSync(join(folder, file), "utf8").trim())
    .join("\n\n");
}

function notices(): string {
  const byText = new Map<string, Crate[]>();
  for (const crate of crates()) {
    // The engine's parts are published from one repository, the text with the main crate only.
    const part = crate.name.startsWith("egglog-");
    const text = licenceText(part ? { ...crate, name: "egglog" } : crate)
      .replaceAll("\r", "")
      .replace(/[ \t]+$/gm, "");
    byText.set(text, [...(byText.get(text) ?? []), crate]);
  }
  const sections = [...byText].map(([text, list]) => {
    const names = list.map(({ name, version, license }) => `- ${name} ${version} (${license})`).join("\n");
    return `${names}\n\n\`\`\`text\n${text || "(no licence file in the archive; the terms are as named above)"}\n\`\`\`\n`;
  });
  return `# What is inside egglog.wasm

The module contains the crates below, unmodified but for web-time, which crate/web-time replaces, and Rust's standard library (MIT OR Apache-2.0, the Rust project contributors).
Written by \`node scripts/notices.ts\` from the crates' own archives.

${sections.join("\n")}`;
}

writeFileSync(join(root, "THIRD-PARTY.md"), notices());
