/**
 * Decides which line ends separate statements. A newline stays where the innermost bracket is a block (or none)
 * and neither side of it asks for more: the line before does not end in an operator, comma, `=` or opening
 * bracket, the line after does not begin with a binary operator (`-` excepted, which may be a sign), `=`,
 * `then`, `else`, `{` or a closing bracket. Each block and the file end with a newline, written or not.
 */
import { type IToken, type TokenType, tokenMatcher } from "chevrotain";
import * as t from "../../grammar/tokens.ts";
import { virtual } from "./brackets.ts";

const continuesAfter: readonly TokenType[] = [
  ...[t.AddOp, t.MulOp, t.CompareOp, t.Caret, t.Comma, t.Equals, t.Walrus, t.Arrow, t.Colon, t.DotDot],
  ...[t.And, t.Or, t.Not, t.If, t.Then, t.Else, t.LCurly],
];
const continuesBefore: readonly TokenType[] = [
  ...[t.Plus, t.MulOp, t.CompareOp, t.Caret, t.Comma, t.Equals, t.Walrus, t.Arrow, t.DotDot],
  ...[t.And, t.Or, t.Then, t.Else, t.LCurly, t.RParen, t.RSquare],
];

export function layOut(tokens: readonly IToken[], unclosed: ReadonlySet<IToken>): IToken[] {
  const result: IToken[] = [];
  /** For each open bracket, whether newlines count in it. */
  const open: boolean[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    const previous = result[result.length - 1];
    if (token.tokenType === t.Newline) {
      const counts = open.length === 0 || open[open.length - 1];
      if (counts && !joins(previous, tokens, nextReal(tokens, i))) result.push(token);
      continue;
    }
    if (isOpener(token) && !unclosed.has(token)) {
      open.push(token.tokenType === t.LCurly && previous?.tokenType !== t.Import);
    } else if (isCloser(token)) {
      const block = open.pop();
      if (block && previous.tokenType !== t.LCurly && previous.tokenType !== t.Newline) {
        result.push(virtual(t.Newline, previous.endOffset! + 1));
      }
    }
    result.push(token);
  }
  const last = result[result.length - 1];
  if (last && last.tokenType !== t.Newline) result.push(virtual(t.Newline, last.endOffset! + 1));
  return result;
}

function joins(previous: IToken | undefined, tokens: readonly IToken[], next: number): boolean {
  if (previous === undefined || previous.tokenType === t.Newline) return true;
  if (continuesAfter.some((type) => tokenMatcher(previous, type))) return true;
  if (next === tokens.length) return false;
  if (continuesBefore.some((type) => tokenMatcher(tokens[next], type))) return true;
  // Soft words are names too, but no statement begins with one of these and such a successor.
  const [word, after] = [tokens[next].tokenType, tokens[next + 1]];
  if (word === t.As) return after !== undefined && tokenMatcher(after, t.Identifier);
  if (word === t.From || word === t.Prefix) return after !== undefined && tokenMatcher(after, t.TextLiteral);
  return false;
}

function nextReal(tokens: readonly IToken[], i: number): number {
  while (i < tokens.length && tokens[i].tokenType === t.Newline) i++;
  return i;
}

function isOpener(token: IToken): boolean {
  return [t.LParen, t.LSquare, t.LCurly].includes(token.tokenType);
}

function isCloser(token: IToken): boolean {
  return [t.RParen, t.RSquare, t.RCurly].includes(token.tokenType);
}
