/** A `.lum` text with its name, and spans into it. */

export type SourceFile = {
  /** Path as the user gave it, or `std/nn.lum` for the standard library. */
  readonly path: string;
  readonly text: string;
};

/** Half-open range of UTF-16 offsets in one file. */
export type Span = { readonly file: SourceFile; readonly start: number; readonly end: number };

export type Position = { readonly line: number; readonly column: number };

/** One-based line and column of an offset. */
export function positionOf(file: SourceFile, offset: number): Position {
  const before = file.text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

export function joinSpans(a: Span, b: Span): Span {
  return { file: a.file, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}

/** The text of a span without comments, its white space folded to single blanks. */
export function spanText(span: Span): string {
  return withoutComments(span.file.text.slice(span.start, span.end)).replace(/\s+/g, " ").trim();
}

/** Comments end with their line; `//` within a string begins none. */
export const withoutComments = (text: string): string =>
  text.replace(/("(?:\\.|[^"\\\n])*")|\/\/.*/g, (_, string: string | undefined) => string ?? "");
