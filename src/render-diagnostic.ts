/** Diagnostics as text for a terminal and as plain data for `--json`. */
import type { Diagnostic, Note } from "./diagnostics.ts";
import { positionOf, type Span } from "./ir/source.ts";

export type RenderOptions = { readonly colour?: boolean };

export type JsonNote = { readonly text: string } & Partial<JsonPlace>;
export type JsonPlace = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
};
export type JsonDiagnostic = Partial<JsonPlace> & {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly notes: readonly JsonNote[];
  readonly help: string | undefined;
};

/** Lines and columns count from one; the end is the position behind the last character. */
export function toJson(d: Diagnostic): JsonDiagnostic {
  const notes = d.notes.map((note) => ({ text: note.text, ...placeOf(note.span) }));
  const { code, severity, message, help } = d;
  return { code, severity, message, ...placeOf(d.span), notes, help };
}

function placeOf(span: Span | undefined): Partial<JsonPlace> {
  if (span === undefined) return {};
  const { line, column } = positionOf(span.file, span.start);
  const end = positionOf(span.file, Math.max(span.start, span.end));
  return { file: span.file.path, line, column, endLine: end.line, endColumn: end.column };
}

/** All diagnostics, a blank line between them, and their count at the end. */
export function renderDiagnostics(all: readonly Diagnostic[], options: RenderOptions = {}): string {
  const errors = all.filter((d) => d.severity === "error").length;
  const warnings = all.length - errors;
  const counts = [count(errors, "error"), count(warnings, "warning")].filter((text) => text !== "");
  return [...all.map((d) => renderDiagnostic(d, options)), counts.join(" and ")].join("\n\n");
}

function count(n: number, noun: string): string {
  return n === 0 ? "" : `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/**
 * ```
 * error[LUM2001]: `xx` is not defined
 *  --> model.lum:3:5
 *   |
 * 3 | y = xx + 1
 *   |     ^^
 *   = help: did you mean `x`?
 * ```
 */
export function renderDiagnostic(d: Diagnostic, options: RenderOptions = {}): string {
  const ink = options.colour ? ansi : plain;
  const spans = [d.span, ...d.notes.map((note) => note.span)].filter((span) => span !== undefined);
  const lastLine = Math.max(1, ...spans.map((span) => positionOf(span.file, span.end).line));
  const gutter = String(lastLine).length;
  const tone = d.severity === "error" ? ink.error : ink.warning;

  const out = [`${tone(`${d.severity}[${d.code}]`)}${ink.bold(`: ${d.message}`)}`];
  if (d.span) out.push(...excerpt(d.span, gutter, "^", tone, ink));
  for (const note of d.notes) out.push(...renderNote(note, d.span, gutter, ink));
  if (d.help) out.push(`${" ".repeat(gutter)} ${ink.frame("=")} ${ink.bold("help:")} ${d.help}`);
  return out.join("\n");
}

function renderNote(note: Note, main: Span | undefined, gutter: number, ink: Ink): string[] {
  const head = `${" ".repeat(gutter)} ${ink.frame("=")} ${ink.bold("note:")} ${note.text}`;
  if (note.span === undefined) return [head];
  const samePlace = main && note.span.file === main.file && note.span.start === main.start;
  return samePlace ? [head] : [head, ...excerpt(note.span, gutter, "-", ink.frame, ink)];
}

/** At most this many lines of one span are shown; the middle of a longer one is left out. */
const maxLines = 4;

function excerpt(span: Span, gutter: number, mark: string, tone: Paint, ink: Ink): string[] {
  const { line, column } = positionOf(span.file, span.start);
  const end = positionOf(span.file, Math.max(span.start, span.end));
  const lines = span.file.text.split("\n");
  const bar = `${" ".repeat(gutter)} ${ink.frame("|")}`;
  const out = [`${" ".repeat(gutter)}${ink.frame("-->")} ${span.file.path}:${line}:${column}`, bar];
  // A span that ends with a line break ends on that line.
  const lastLine = end.column === 1 && end.line > line ? end.line - 1 : end.line;
  for (let n = line; n <= lastLine; n++) {
    if (lastLine - line >= maxLines && n > line + 1 && n < lastLine) {
      if (n === line + 2) out.push(`${" ".repeat(gutter)} ${ink.frame("...")}`);
      continue;
    }
    const text = (lines[n - 1] ?? "").replace(/\r$/, "");
    const from = n === line ? column - 1 : text.length - text.trimStart().length;
    const to = n === end.line ? end.column - 1 : text.length;
    const before = cells(text.slice(0, from), 0);
    const width = Math.max(1, cells(text.slice(from, to), before));
    out.push(`${ink.frame(`${String(n).padStart(gutter)} |`)} ${expandTabs(text)}`);
    out.push(`${bar} ${" ".repeat(before)}${tone(mark.repeat(width))}`);
  }
  return out;
}

const tabWidth = 4;

function expandTabs(text: string): string {
  let out = "";
  let column = 0;
  for (const char of text) {
    const width = cellWidth(char, column);
    out += char === "\t" ? " ".repeat(width) : width === 0 && isControl(char) ? "" : char;
    column += width;
  }
  return out;
}

/** Columns that `text` takes on a terminal when it begins at column `start`. */
function cells(text: string, start: number): number {
  let column = start;
  for (const char of text) column += cellWidth(char, column);
  return column - start;
}

function cellWidth(char: string, column: number): number {
  if (char === "\t") return tabWidth - (column % tabWidth);
  if (isControl(char) || /^[\p{Mn}\p{Me}\p{Cf}]$/u.test(char)) return 0;
  return isWide(char.codePointAt(0)!) ? 2 : 1;
}

function isControl(char: string): boolean {
  return /^\p{Cc}$/u.test(char);
}

/** East Asian wide and fullwidth blocks, and the emoji planes (Unicode Standard Annex 11, coarse). */
function isWide(point: number): boolean {
  return (
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd)
  );
}

type Paint = (text: string) => string;
type Ink = { readonly error: Paint; readonly warning: Paint; readonly bold: Paint; readonly frame: Paint };

const asIs: Paint = (text) => text;
const plain: Ink = { error: asIs, warning: asIs, bold: asIs, frame: asIs };

function sgr(code: string): Paint {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}

const ansi: Ink = { error: sgr("1;31"), warning: sgr("1;33"), bold: sgr("1"), frame: sgr("34") };
