/**
 * Mistakes that show in a single token: stray characters, unfinished strings, and signs from other languages.
 * Each is reported and, where its meaning is plain, replaced by the sign that was meant, so that the parser
 * does not stumble over it again.
 */
import type { ILexingResult, IToken, TokenType } from "chevrotain";
import * as t from "../../grammar/tokens.ts";
import { type Diagnostics, diagnostic } from "../diagnostics.ts";
import type { SourceFile } from "../ir/source.ts";
import { tokenSpan } from "./cst.ts";

const replacements = new Map<TokenType, { readonly meant: TokenType; readonly instead: string }>([
  [t.AmpAmp, { meant: t.And, instead: "`and`" }],
  [t.BarBar, { meant: t.Or, instead: "`or`" }],
  [t.Bang, { meant: t.Not, instead: "`not`" }],
  [t.StarStar, { meant: t.Caret, instead: "`^`" }],
  [t.OpEquals, { meant: t.Equals, instead: "the operation in full: `x = x + y`" }],
]);

/** The tokens without those that mean nothing. */
export function checkTokens(source: SourceFile, lexed: ILexingResult, report: Diagnostics): IToken[] {
  for (const error of lexed.errors) {
    const span = { file: source, start: error.offset, end: error.offset + error.length };
    report.add(diagnostic("LUM1005", span, { text: source.text.slice(span.start, span.end) }));
  }
  const kept: IToken[] = [];
  for (const token of lexed.tokens) {
    if (checkToken(source, token, report)) kept.push(token);
  }
  return kept;
}

/** Reports what is wrong with a token; false if the parser should not see it. */
function checkToken(source: SourceFile, token: IToken, report: Diagnostics): boolean {
  const span = tokenSpan(source, token);
  const replacement = replacements.get(token.tokenType);
  if (replacement) {
    const params = { operator: token.image, instead: replacement.instead };
    report.add(diagnostic("LUM1009", span, params));
    retype(token, replacement.meant);
    return true;
  }
  switch (token.tokenType) {
    case t.Semicolon:
      report.add(diagnostic("LUM1008", span, {}));
      retype(token, t.Newline);
      return true;
    case t.HashComment:
    case t.BlockComment: {
      const opener = token.image.startsWith("#") ? "#" : "/*";
      const start = { ...span, end: span.start + opener.length };
      report.add(diagnostic("LUM1007", start, { opener }));
      return false;
    }
    case t.OpenString:
    case t.OpenRawString: {
      const quote = token.tokenType === t.OpenString ? '"' : '"""';
      report.add(diagnostic("LUM1006", { ...span, end: span.start + quote.length }, { quote }));
      return true;
    }
    case t.QuotedString:
      for (const { 0: image, index } of token.image.matchAll(/\\[\s\S]/g)) {
        if (/[ntr"\\]/.test(image[1])) continue;
        const start = span.start + index;
        report.add(
          diagnostic("LUM1023", { file: source, start, end: start + image.length }, { escape: image }),
        );
      }
      return true;
    case t.IntLiteral:
      if (!Number.isSafeInteger(Number(token.image.replaceAll("_", ""))))
        report.add(diagnostic("LUM1026", span, {}));
      return true;
    default:
      return true;
  }
}

export function retype(token: IToken, type: TokenType): void {
  token.tokenType = type;
  token.tokenTypeIdx = type.tokenTypeIdx!;
}
