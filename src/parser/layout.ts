/**
 * Decides which line ends separate statements. A newline stays where the innermost bracket is a block (or none)
 * and neither side of it asks for more: the line before does not end in an operator, comma, `=` or opening
 * bracket, the line after does not begin with a binary operator (`-` excepted, which may be a sign), `=`,
 * `then`, `else`, `{` or a closing bracket. Each block and the file end with a newline, written or not.
 */
import { type IToken, type TokenType, tokenMatcher } from "chevrotain";
import * as t from "../../grammar/tokens.ts";
import { type Paired, virtual } from "./brackets.ts";

const continuesAfter: readonly TokenType[] = [
  ...[t.AddOp, t.MulOp, t.CompareOp, t.Caret, t.Comma, t.Equals, t.Walrus, t.Arrow, t.Colon, t.DotDot],
  ...[t.And, t.Or, t.Not, t.If, t.Then, t.Else, t.LCurly],
];
const continuesBefore: readonly TokenType[] = [
  ...[t.Plus, t.MulOp, t.CompareOp, t.Caret, t.Comma, t.Equals, t.Walrus, t.Arrow, t.DotDot],
  ...[t.And, t.Or, t.Then, t.Else, t.LCurly, t.RParen, t.RSquare],
];

const declarations = [t.Dim, t.Input, t.Weight, t.State, t.Output, t.Entry, t.Tap, t.Emit, t.Scan];
const infixWords = [t.As, t.In, t.From, t.Prefix, t.With];

export function layOut({ tokens, unclosed, stray }: Paired): IToken[] {
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
    } else if (isCloser(token) && !stray.has(token)) {
      const block = open.pop();
      if (block && previous.tokenType !== t.LCurly && previous.tokenType !== t.Newline) {
        result.push(virtual(t.Newline, previous.endOffset! + 1));
      }
    }
    result.push(token);
  }
  const last = result[result.length - 1];
  if (last && last.tokenType !== t.Newline) result.push(virtual(t.Newline, last.endOffset! + 1));
  return withoutStray(result, stray);
}

/** Also drops a newline that a stray bracket alone had justified. */
function withoutStray(tokens: readonly IToken[], stray: ReadonlySet<IToken>): IToken[] {
  const kept: IToken[] = [];
  for (const token of tokens) {
    const empty = kept.length === 0 || kept[kept.length - 1].tokenType === t.Newline;
    if (!stray.has(token) && !(empty && token.tokenType === t.Newline)) kept.push(token);
  }
  return kept;
}

function joins(previous: IToken | undefined, tokens: readonly IToken[], next: number): boolean {
  if (previous === undefined || [t.Newline, t.LCurly].includes(previous.tokenType)) return true;
  // After a comma it may also be the next name, as in `with S = a,` above `T = b`.
  if (previous.tokenType !== t.Comma && beginsStatement(tokens, next)) return false;
  if (continuesAfter.some((type) => tokenMatcher(previous, type))) return true;
  if (next === tokens.length) return false;
  if (continuesBefore.some((type) => tokenMatcher(tokens[next], type))) return true;
  // Soft words are names too, but no statement begins with one of these and such a successor.
  const [word, after] = [tokens[next].tokenType, tokens[next + 1]];
  if (word === t.As) return after !== undefined && tokenMatcher(after, t.Identifier);
  if (word === t.From || word === t.Prefix) return after !== undefined && tokenMatcher(after, t.TextLiteral);
  return false;
}

/**
 * Where the value was forgotten, as in `x =` above `y = 3`, the next line is still a statement of its own: no
 * expression outside brackets holds a name and `=`, or a declaration's keyword and a name.
 */
function beginsStatement(tokens: readonly IToken[], at: number): boolean {
  const [first, second] = [tokens[at], tokens[at + 1]];
  if (first?.tokenType === t.For || first?.tokenType === t.Return) return true;
  if (first === undefined || second === undefined || !tokenMatcher(first, t.Identifier)) return false;
  if (declarations.includes(first.tokenType) && tokenMatcher(second, t.Identifier)) {
    return !infixWords.includes(second.tokenType);
  }
  let after = at + 1;
  if (second.tokenType === t.LSquare) {
    let depth = 0;
    do {
      if (tokens[after].tokenType === t.LSquare) depth++;
      if (tokens[after].tokenType === t.RSquare) depth--;
      after++;
    } while (depth > 0 && after < tokens.length);
  }
  const sign = tokens[after]?.tokenType;
  return sign === t.Equals || sign === t.Walrus;
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
