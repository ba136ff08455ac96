/**
 * Misspelt keywords. Two names in a row at the start of a line can only be a declaration; where the first is
 * no keyword but nearly one, it is reported and read as that one, so that a whole `modle X { … }` is checked.
 */
import { type IToken, type TokenType, tokenMatcher } from "chevrotain";
import * as t from "../../grammar/tokens.ts";
import { type Diagnostics, diagnostic } from "../diagnostics.ts";
import type { SourceFile } from "../ir/source.ts";
import { nearest } from "../nearest.ts";
import { tokenSpan } from "./cst.ts";
import { retype } from "./token-errors.ts";

const itemWords: readonly TokenType[] = [t.Import, t.Fn, t.Layer, t.Model, t.Kernel];
const statementWords: readonly TokenType[] = [
  ...[t.Dim, t.Input, t.Weight, t.State, t.Output, t.Entry, t.Tap, t.Emit, t.Scan],
  ...[t.For, t.If, t.Return],
];
/** What other languages call it. */
const otherNames: Readonly<Record<string, TokenType>> = {
  def: t.Fn,
  func: t.Fn,
  function: t.Fn,
  class: t.Layer,
  module: t.Model,
  network: t.Model,
  net: t.Model,
  param: t.Weight,
  parameter: t.Weight,
  size: t.Dim,
};
/** Words that are simply left out: `let y = x`. */
const fillers = new Set(["let", "var", "const", "val"]);

export function repairWords(source: SourceFile, tokens: IToken[], report: Diagnostics): IToken[] {
  const kept: IToken[] = [];
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const [token, next] = [tokens[i], tokens[i + 1]];
    if (token.tokenType === t.LCurly) depth++;
    if (token.tokenType === t.RCurly) depth--;
    kept.push(token);
    const previous = kept[kept.length - 2]?.tokenType;
    const begins = previous === undefined || previous === t.Newline || previous === t.LCurly;
    if (!begins || token.tokenType !== t.Identifier || !next || !tokenMatcher(next, t.Identifier)) continue;
    if (previous === t.LCurly && kept[kept.length - 3]?.tokenType === t.Import) continue;
    if (kernelTarget(next, tokens[i + 2])) continue;
    const place = depth === 0 ? "an item" : "a statement";
    const span = tokenSpan(source, token);
    if (fillers.has(token.image)) {
      const help = "leave it out: a definition is `name = value`";
      report.add(diagnostic("LUM1010", span, { word: token.image, place, nearest: undefined }, { help }));
      kept.pop();
      continue;
    }
    const meant = guess(token.image, depth === 0 ? itemWords : statementWords);
    if (!meant) continue;
    report.add(diagnostic("LUM1010", span, { word: token.image, place, nearest: meant.LABEL }));
    retype(token, meant);
  }
  return kept;
}

/** `cuda grid(…)`, a line of a kernel. */
function kernelTarget(next: IToken, after: IToken | undefined): boolean {
  return [t.Grid, t.Block].includes(next.tokenType) && after?.tokenType === t.LParen;
}

function guess(word: string, among: readonly TokenType[]): TokenType | undefined {
  const other = Object.hasOwn(otherNames, word) ? otherNames[word] : undefined;
  if (other && among.includes(other)) return other;
  const found = nearest(
    word,
    among.map((type) => type.LABEL!),
  );
  return among.find((type) => type.LABEL === found);
}
