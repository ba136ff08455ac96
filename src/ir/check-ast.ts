/** Checker of the Ast: every span lies in its file, and a child's span within its parent's. */
import type { File } from "./ast.ts";
import type { Span } from "./source.ts";

/** Faults found, as sentences; empty if the Ast is sound. */
export function checkAst(file: File): string[] {
  const faults: string[] = [];
  for (const child of [...file.imports, ...file.items, ...file.comments]) visit(child, file.span, faults);
  return faults;
}

function visit(value: unknown, parent: Span, faults: string[]): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const child of value) visit(child, parent, faults);
    return;
  }
  const span = "span" in value ? (value.span as Span) : parent;
  const name = "kind" in value ? String(value.kind) : "node";
  if (span.file !== parent.file) faults.push(`the span of ${name} is in another file`);
  if (!(span.start <= span.end)) faults.push(`the span of ${name} runs from ${span.start} to ${span.end}`);
  if (span.start < parent.start || span.end > parent.end) {
    faults.push(
      `the span of ${name}, ${span.start}..${span.end}, leaves its parent's, ${parent.start}..${parent.end}`,
    );
  }
  for (const [key, child] of Object.entries(value)) {
    if (key !== "span" && key !== "opSpan") visit(child, span, faults);
  }
}
