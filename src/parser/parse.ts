/** Text → Ast: lex, pair brackets, lay out lines, parse, build. Never throws; mistakes come back as diagnostics. */
import type { IToken } from "chevrotain";
import { LumParser } from "../../grammar/lum-parser.ts";
import { lumLexer } from "../../grammar/tokens.ts";
import { type Diagnostic, Diagnostics, diagnostic } from "../diagnostics.ts";
import type { Comment, File } from "../ir/ast.ts";
import type { SourceFile } from "../ir/source.ts";
import { pairBrackets } from "./brackets.ts";
import { importsAndItems } from "./build.ts";
import { tokenSpan } from "./cst.ts";
import { expectation, explain } from "./explain.ts";
import { layOut } from "./layout.ts";
import { repairWords } from "./repair.ts";
import { checkTokens } from "./token-errors.ts";

export type ParseResult = { readonly file: File; readonly diagnostics: Diagnostic[] };

/** Made at the first use: building its tables takes some tens of milliseconds. */
let parser: LumParser | undefined;

/** Statements and items with a mistake are left out of the Ast; the others remain. */
export function parse(source: SourceFile): ParseResult {
  const report = new Diagnostics();
  const lexed = lumLexer.tokenize(source.text);
  const comments = lexed.groups.comments.map((token: IToken) => comment(source, token));
  const clean = checkTokens(source, lexed, report);
  const paired = pairBrackets(source, clean, report);
  const span = { file: source, start: 0, end: source.text.length };
  const empty: File = { source, imports: [], items: [], comments, span };
  if (paired.tooDeep) return { file: empty, diagnostics: report.all };

  const tokens = repairWords(source, layOut(paired), report);
  parser ??= new LumParser(expectation);
  try {
    parser.input = tokens;
    const cst = parser.file();
    for (const d of explain(source, tokens, parser.errors, report.all)) report.add(d);
    return { file: { ...empty, ...importsAndItems({ source, cst }) }, diagnostics: inOrder(report.all) };
  } catch (error) {
    // Chains such as `not not not …` recurse without a bracket.
    if (!(error instanceof RangeError)) throw error;
    report.add(diagnostic("LUM1021", span, { limit: undefined }));
    return { file: empty, diagnostics: inOrder(report.all) };
  }
}

function comment(source: SourceFile, token: IToken): Comment {
  const text = token.image.trimEnd();
  const { file, start } = tokenSpan(source, token);
  return { text, span: { file, start, end: start + text.length } };
}

function inOrder(all: readonly Diagnostic[]): Diagnostic[] {
  return [...all].sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
}
