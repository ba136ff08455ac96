/** The grammar as text, in the notation of the W3C: `a ::= b? c* ("," c)+ | d`. */
import type { ISerializedGast, TokenType } from "chevrotain";
import type { LumParser } from "./lum-parser.ts";
import * as t from "./tokens.ts";

const head = `/* The grammar of .lum, printed from grammar/lum-parser.ts by \`npm run gen\`; do not edit.

   EndOfLine ends a statement. A line end counts for nothing inside ( ), [ ] and the braces of an import; after
   an operator, "," "=" ":=" "->" ":" ".." "{" and the words and or not if then else; and before a line that
   begins with an operator other than "-", with "=" ":=" "->" ".." "," "{" ")" "]" and or then else, with
   as and a name, or with from or prefix and a string. It counts all the same where the next line plainly begins
   a statement: a name (perhaps indexed) and "=" or ":=", a declaration, for, return. A block and the file end
   with one, written or not.

   The words of Identifier are names wherever a name may stand. dim, input, weight, state, output, entry, tap,
   emit, scan, layer, model and kernel begin a declaration only where a name follows.

   reduction is taken instead of a call where, after the parenthesis, something stands that can begin an operand
   other than a sign, or where one of the binders has a range. */
`;

export function ebnf(parser: LumParser): string {
  const productions = parser.getSerializedGastProductions() as readonly Production[];
  const rules = fromTheTop(productions).map((rule) => {
    return `${rule.name!.padEnd(14)} ::= ${sequence(rule.definition ?? [])}`;
  });
  return [head, ...rules, "", ...categories(), "", ...terminals()].join("\n").concat("\n");
}

/** Files, items and statements first, expressions last, though the parser defines them the other way round. */
function fromTheTop(rules: readonly Production[]): Production[] {
  const top = rules.findIndex((rule) => rule.name === "file");
  return [...rules.slice(top), ...rules.slice(0, top)];
}

type Production = ISerializedGast & {
  readonly name?: string;
  readonly label?: string;
  readonly definition?: readonly Production[];
};

function sequence(parts: readonly Production[]): string {
  return parts.map((part) => production(part, parts.length > 1)).join(" ");
}

function production(p: Production, nested: boolean): string {
  const inner = p.definition ?? [];
  switch (p.type) {
    case "NonTerminal":
      return p.name!;
    case "Terminal":
      return terminal(p);
    case "Option":
      return repeated(inner, "?");
    case "Repetition":
      return repeated(inner, "*");
    case "RepetitionMandatory":
      return repeated(inner, "+");
    case "Alternation": {
      const choices = inner.map((alternative) => sequence(alternative.definition ?? [])).join(" | ");
      return nested ? `(${choices})` : choices;
    }
    default:
      throw new Error(`the grammar uses ${p.type}, which ebnf.ts cannot print`);
  }
}

function repeated(parts: readonly Production[], mark: string): string {
  const [only] = parts;
  const single = parts.length === 1 && (only.type === "NonTerminal" || only.type === "Terminal");
  const text = parts.length === 1 ? production(only, false) : sequence(parts);
  return single ? `${text}${mark}` : `(${text})${mark}`;
}

const patterned: readonly TokenType[] = [t.FloatLiteral, t.IntLiteral, t.RawString, t.QuotedString];
const abstract: readonly TokenType[] = [
  t.AddOp,
  t.MulOp,
  t.CompareOp,
  t.ReduceName,
  t.TextLiteral,
  t.Identifier,
];

function terminal(p: Production): string {
  if (p.name === t.Newline.name) return "EndOfLine";
  if (p.name === "EOF") return "EndOfFile";
  return [...patterned, ...abstract].some((type) => type.name === p.name) ? p.name! : JSON.stringify(p.label);
}

function categories(): string[] {
  const signs = [t.AddOp, t.MulOp, t.CompareOp, t.ReduceName].map((category) => {
    return `${category.name.padEnd(14)} ::= ${members(category)
      .map((type) => JSON.stringify(type.LABEL))
      .join(" | ")}`;
  });
  return [
    ...signs,
    `TextLiteral    ::= ${members(t.TextLiteral)
      .map((type) => type.name)
      .join(" | ")}`,
  ];
}

function members(category: TokenType): TokenType[] {
  const unfinished = [t.OpenString, t.OpenRawString];
  return t.allTokens.filter((type) => type.CATEGORIES?.includes(category) && !unfinished.includes(type));
}

/** Patterns of the tokens, as regular expressions in comments where EBNF would only blur them. */
function terminals(): string[] {
  const words = t.reservedWords.map((type) => type.LABEL).join(" ");
  const lines = [t.Identifier, ...patterned].map((type) => {
    return `${type.name.padEnd(14)} ::= /* ${String((type.PATTERN as RegExp).source).replaceAll("*/", "* /")} */`;
  });
  return [
    `/* Reserved words, never names: ${words} */`,
    ...lines,
    "Comment        ::= /* // to the end of the line */",
  ];
}
