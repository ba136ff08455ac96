/**
 * Pairs the brackets of a file before it is parsed. A bracket that is never closed is reported at its opening
 * and taken out of the pairing, so that the statements after it keep their line ends.
 */
import { createTokenInstance, type IToken, type TokenType, tokenMatcher } from "chevrotain";
import * as t from "../../grammar/tokens.ts";
import { type Diagnostics, diagnostic } from "../diagnostics.ts";
import type { SourceFile } from "../ir/source.ts";
import { tokenSpan } from "./cst.ts";

const closerOf = new Map<TokenType, TokenType>([
  [t.LParen, t.RParen],
  [t.LSquare, t.RSquare],
  [t.LCurly, t.RCurly],
]);
const closers = new Set(closerOf.values());

/** Deeper nesting than any hand-written file has; it bounds the parser's recursion. */
const maxDepth = 60;

export type Paired = {
  readonly tokens: readonly IToken[];
  /** Opening brackets without a partner. */
  readonly unclosed: ReadonlySet<IToken>;
  /** Closing brackets without a partner. */
  readonly stray: ReadonlySet<IToken>;
  readonly tooDeep: boolean;
};

export function pairBrackets(source: SourceFile, tokens: readonly IToken[], report: Diagnostics): Paired {
  const open: IToken[] = [];
  const unclosed = new Set<IToken>();
  const stray = new Set<IToken>();
  const result: IToken[] = [];
  let tooDeep = false;

  const neverClosed = (opener: IToken) => {
    unclosed.add(opener);
    if (swallowed(source, opener, report)) return;
    report.add(diagnostic("LUM1002", tokenSpan(source, opener), { bracket: opener.image }));
  };
  /** Closes every open brace where `token` stands; brackets above the innermost brace were forgotten too. */
  const closeAll = (token: IToken) => {
    const braces = open.filter((o) => o.tokenType === t.LCurly);
    const last = open.length > 0 ? open[open.length - 1] : undefined;
    if (last) neverClosed(last);
    for (const opener of open) if (opener.tokenType !== t.LCurly) unclosed.add(opener);
    for (const _ of braces) result.push(virtual(t.RCurly, token.startOffset));
    open.length = 0;
  };

  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (closerOf.has(token.tokenType)) {
      open.push(token);
      if (open.length === maxDepth && !tooDeep) {
        tooDeep = true;
        report.add(diagnostic("LUM1021", tokenSpan(source, token), { limit: maxDepth }));
      }
    } else if (closers.has(token.tokenType)) {
      const at = partnerOf(token, open);
      if (at === undefined) {
        const top = open[open.length - 1];
        if (top === undefined || top.tokenType === t.LCurly || token.tokenType === t.RCurly) {
          report.add(diagnostic("LUM1003", tokenSpan(source, token), { bracket: token.image }));
          stray.add(token);
          result.push(token);
          continue;
        }
        const notes = [{ text: `the \`${top.image}\` is here`, span: tokenSpan(source, top) }];
        const wanted = closerOf.get(top.tokenType)!;
        const params = { found: token.image, opener: top.image, expected: wanted.LABEL ?? "" };
        report.add(diagnostic("LUM1004", tokenSpan(source, token), params, { notes }));
        open.pop();
        token.tokenType = wanted;
        token.tokenTypeIdx = wanted.tokenTypeIdx!;
      } else {
        for (const opener of open.slice(at + 1)) neverClosed(opener);
        open.length = at;
      }
    } else if (open.length > 0 && beginsItem(tokens, i)) {
      closeAll(token);
      result.push(virtual(t.Newline, token.startOffset));
    }
    result.push(token);
  }
  if (open.length > 0) closeAll(virtual(t.Newline, source.text.length));
  return { tokens: result, unclosed, stray, tooDeep };
}

/** Index in `open` of the bracket that `token` closes; a `)` never reaches past a brace. */
function partnerOf(token: IToken, open: readonly IToken[]): number | undefined {
  for (let k = open.length - 1; k >= 0; k--) {
    if (closerOf.get(open[k].tokenType) === token.tokenType) return k;
    if (open[k].tokenType === t.LCurly) return undefined;
  }
  return undefined;
}

/** Whether an unfinished string behind the bracket may hold its partner: then that string is the mistake. */
function swallowed(source: SourceFile, opener: IToken, report: Diagnostics): boolean {
  return report.all.some(({ code, span }) => {
    if (code !== "LUM1006" || span === undefined || span.start < opener.startOffset) return false;
    const raw = span.end - span.start === 3;
    return raw || !source.text.slice(opener.startOffset, span.start).includes("\n");
  });
}

/** `model Name`, `layer Name(`, `fn name(` or `import {` at the start of a line stands outside every bracket. */
function beginsItem(tokens: readonly IToken[], i: number): boolean {
  const [token, next, after] = [tokens[i], tokens[i + 1], tokens[i + 2]];
  if (i > 0 && tokens[i - 1].tokenType !== t.Newline) return false;
  if (next === undefined) return false;
  if (token.tokenType === t.Import) return next.tokenType === t.LCurly;
  const keyword = [t.Fn, t.Layer, t.Model, t.Kernel].includes(token.tokenType);
  const infix = [t.In, t.As, t.Prefix].includes(next.tokenType);
  const named = keyword && tokenMatcher(next, t.Identifier) && !infix;
  return named && (after?.tokenType === t.LParen || after?.tokenType === t.LCurly);
}

/** A token that the text lacks, of no width. */
export function virtual(type: TokenType, offset: number): IToken {
  return createTokenInstance(type, "", offset, offset - 1, Number.NaN, Number.NaN, Number.NaN, Number.NaN);
}
