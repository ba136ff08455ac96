/**
 * Syntax errors as prose. The parser says where it stopped, in which rule and what it wanted; the functions
 * here recognise the common mistakes by the tokens around that place, and fall back to found/expected.
 */
import {
  EOF,
  type IParserErrorMessageProvider,
  type IRecognitionException,
  type IToken,
  tokenMatcher,
} from "chevrotain";
import { maxMistakes } from "../../grammar/recovering-parser.ts";
import * as t from "../../grammar/tokens.ts";
import { type Diagnostic, diagnostic } from "../diagnostics.ts";
import type { SourceFile, Span } from "../ir/source.ts";
import { tokenSpan } from "./cst.ts";
import { mistakes } from "./mistakes.ts";

const ruleProse: Readonly<Record<string, string>> = {
  item: "`import`, `fn`, `layer`, `model` or `kernel`",
  statement: "a statement",
  type: "a type",
  body: "`=` or `{`",
  assignment: "`=`",
};

/** Makes the parser's messages the bare name of what it expected. */
export const expectation: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => {
    if (expected === t.Identifier) return "a name";
    if (expected === t.TextLiteral) return "a string";
    return expected.LABEL && expected !== t.Newline ? `\`${expected.LABEL}\`` : "the end of the line";
  },
  buildNoViableAltMessage: ({ ruleName }) => ruleProse[ruleName] ?? "an expression",
  buildEarlyExitMessage: () => "an expression",
  buildNotAllInputParsedMessage: () => "the end of the file",
};

/** What the recognisers of `mistakes.ts` see of one syntax error. */
export type Stop = {
  readonly source: SourceFile;
  /** Token that the parser could not take. */
  readonly token: IToken;
  /** Tokens of the same statement before it, the nearest first. */
  readonly before: readonly IToken[];
  /** Grammar rules that were open, the innermost last. */
  readonly rules: readonly string[];
  /** What the parser wanted and what it found, as prose. */
  readonly expected: string;
  readonly found: string;
  readonly span: Span;
};

/** One diagnostic for each error, except where `known` already holds one about the same statement. */
export function explain(
  source: SourceFile,
  tokens: readonly IToken[],
  errors: readonly IRecognitionException[],
  known: readonly Diagnostic[],
): Diagnostic[] {
  const positions = new Map(tokens.map((token, i) => [token, i]));
  const result: Diagnostic[] = [];
  for (const error of errors) {
    const at = error.token.tokenType === EOF ? tokens.length : (positions.get(error.token) ?? tokens.length);
    const [from, to] = statementAround(tokens, at, source);
    if (known.some((d) => d.span !== undefined && d.span.start >= from && d.span.start <= to)) continue;
    const stop = stopAt(source, tokens, at, error);
    if (result.length === maxMistakes) {
      return [...result, diagnostic("LUM1032", stop.span, { limit: maxMistakes })];
    }
    result.push(
      mistakes(stop) ?? diagnostic("LUM1001", stop.span, { found: stop.found, expected: stop.expected }),
    );
  }
  return result;
}

function stopAt(
  source: SourceFile,
  tokens: readonly IToken[],
  at: number,
  error: IRecognitionException,
): Stop {
  const before: IToken[] = [];
  for (let i = at - 1; i >= 0 && !isBoundary(tokens[i]); i--) before.push(tokens[i]);
  const rules = error.context.ruleStack;
  const span = spanOf(source, tokens[at], tokens[at - 1]);
  const found = describe(tokens[at]);
  return {
    source,
    token: error.token,
    before,
    rules,
    expected: error.message,
    span,
    found,
  };
}

/** At the end of a line the caret stands just behind the last sign. */
function spanOf(source: SourceFile, token: IToken | undefined, previous: IToken | undefined): Span {
  if (token !== undefined && token.image.trim() !== "") return tokenSpan(source, token);
  const end = previous === undefined ? source.text.length : previous.endOffset! + 1;
  return { file: source, start: end, end };
}

export function describe(token: IToken | undefined): string {
  if (token === undefined || token.tokenType === EOF) return "the end of the file";
  if (token.tokenType === t.Newline) return "the end of the line";
  if (token.image === "") return "the end of the block";
  if (tokenMatcher(token, t.TextLiteral)) return "a string";
  if (token.tokenType === t.IntLiteral || token.tokenType === t.FloatLiteral)
    return `the number \`${token.image}\``;
  return `\`${token.image}\``;
}

function isBoundary(token: IToken): boolean {
  return [t.Newline, t.LCurly, t.RCurly].includes(token.tokenType);
}

/** Offsets of the first and last character of the statement that holds token `at`. */
function statementAround(tokens: readonly IToken[], at: number, source: SourceFile): [number, number] {
  let first = at;
  while (first > 0 && !isBoundary(tokens[first - 1])) first--;
  let last = at;
  while (last < tokens.length - 1 && !isBoundary(tokens[last])) last++;
  return [tokens[first]?.startOffset ?? source.text.length, tokens[last]?.startOffset ?? source.text.length];
}
