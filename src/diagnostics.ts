/**
 * Diagnostics: one typed value per message. The table of every message is `src/messages/*.ts`;
 * `diagnostic("LUM2001", span, { name: "x" })` does not compile with a wrong code or a missing parameter.
 */

import { positionOf, type Span } from "./ir/source.ts";
import { messages } from "./messages/table.ts";

export type Code = keyof typeof messages;
export type ParamsOf<C extends Code> = Parameters<(typeof messages)[C]["text"]>[0];

/** A second place that a message speaks of, for example where a size came from. */
export type Note = { readonly text: string; readonly span: Span | undefined };

export type Diagnostic = {
  readonly code: Code;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly span: Span | undefined;
  readonly notes: readonly Note[];
  /** What to do about it. */
  readonly help: string | undefined;
};

export type Extra = { readonly notes?: readonly Note[]; readonly help?: string };

export function diagnostic<C extends Code>(
  code: C,
  span: Span | undefined,
  params: ParamsOf<C>,
  extra: Extra = {},
): Diagnostic {
  const entry = messages[code] as {
    severity?: "error" | "warning";
    text: (params: ParamsOf<C>) => string;
    help?: (params: ParamsOf<C>) => string;
  };
  return {
    code,
    severity: entry.severity ?? "error",
    message: entry.text(params),
    span,
    notes: extra.notes ?? [],
    help: extra.help ?? entry.help?.(params),
  };
}

/** Thrown where going on makes no sense; the command line prints its diagnostics. */
export class CompileError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
    this.name = "CompileError";
    this.diagnostics = diagnostics;
  }
}

/** Collects diagnostics of one run; equal code at an equal place is kept once. */
export class Diagnostics {
  readonly all: Diagnostic[] = [];

  add(d: Diagnostic): void {
    const same = (e: Diagnostic) =>
      e.code === d.code &&
      e.span?.start === d.span?.start &&
      e.span?.file === d.span?.file &&
      e.message === d.message;
    if (!this.all.some(same)) this.all.push(d);
  }

  get hasErrors(): boolean {
    return this.all.some((d) => d.severity === "error");
  }

  throwIfErrors(): void {
    if (this.hasErrors) throw new CompileError(this.all);
  }
}

/** `file:line:column` of a span, the form that terminals make clickable. */
export function placeOf(span: Span): string {
  const { line, column } = positionOf(span.file, span.start);
  return `${span.file.path}:${line}:${column}`;
}
