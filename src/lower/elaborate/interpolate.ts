/** `"model.layers.{l}"`: text with integers in braces. */

import type * as Ast from "../../ir/ast.ts";
import { constantOf, type Poly } from "../../ir/poly.ts";
import { parse } from "../../parser/parse.ts";
import { type Context, fail, type Piece, type Site } from "./context.ts";
import { evaluate } from "./expressions.ts";
import { describe } from "./values.ts";

/** Pieces of the string; neighbouring texts are joined. */
export function interpolate(cx: Context, site: Site, s: Ast.StringLiteral): Piece[] {
  const out: Piece[] = [];
  for (const part of s.value.split(/(\{[^{}]*\})/)) {
    if (part === "") continue;
    if (!part.startsWith("{")) out.push(part);
    else {
      const value = hole(cx, site, part.slice(1, -1), s);
      out.push(typeof value === "string" ? value : (constantText(value) ?? value));
    }
  }
  return joined(out);
}

const constantText = (p: Poly): string | undefined => constantOf(p)?.toString();

export function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const p of pieces) {
    const last = out.at(-1);
    if (typeof p === "string" && typeof last === "string") out[out.length - 1] = last + p;
    else out.push(p);
  }
  return out;
}

function hole(cx: Context, site: Site, text: string, s: Ast.StringLiteral): string | Poly {
  const { file, diagnostics } = parse({ path: s.span.file.path, text: `hole = ${text}` });
  const item = file.items[0];
  if (diagnostics.length > 0 || item?.kind !== "define") return fail("LUM2062", s.span, { text });
  const v = evaluate(cx, site, at(item.value, s));
  if (v.kind === "string") return v.value;
  return v.kind === "int" ? v.value : fail("LUM2063", s.span, { text, found: describe(v) });
}

/** The expression with every span set to the string's, where errors should point. */
function at<T>(e: T, s: Ast.StringLiteral): T {
  if (Array.isArray(e)) return e.map((x) => at(x, s)) as T;
  if (e === null || typeof e !== "object") return e;
  return Object.fromEntries(
    Object.entries(e).map(([k, v]) => [k, k === "span" || k === "opSpan" ? s.span : at(v, s)]),
  ) as T;
}
