// Failures of the user's files as values: a diagnostic, or what was asked for.

import { type Code, type Diagnostic, diagnostic, type ParamsOf } from "../diagnostics.ts";

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Diagnostic };

export const fine = <T>(value: T): Outcome<T> => ({ ok: true, value });

/** A failure that no place in a .lum file explains. */
export function failed<C extends Code>(code: C, params: ParamsOf<C>): Outcome<never> {
  return { ok: false, problem: diagnostic(code, undefined, params) };
}

/** The operating system's reason, without Node's decoration. */
export function systemReason(error: unknown): string {
  if (error instanceof Error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === undefined
      ? error.message
      : `${code} (${error.message.replace(/^[A-Z]+: /, "").split(",")[0]})`;
  }
  return String(error);
}
