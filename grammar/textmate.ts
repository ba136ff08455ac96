/** A TextMate grammar for editors, made from the token lists so that it cannot lag behind them. */
import type { TokenType } from "chevrotain";
import * as t from "./tokens.ts";

type Pattern = {
  readonly name: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly captures?: Readonly<Record<string, { readonly name: string }>>;
  readonly patterns?: readonly Pattern[];
};

const dtypes = "f64 f32 f16 bf16 f8e4m3 f8e5m2 i64 i32 i16 i8 u8 bool".split(" ");
const declarations = [t.Dim, t.Input, t.Weight, t.State, t.Output, t.Entry, t.Tap, t.Emit, t.Scan];
const items = [t.Fn, t.Layer, t.Model, t.Kernel];
const logic = [t.And, t.Or, t.Not];
const constants = [t.True, t.False];

export function textMateGrammar(): unknown {
  return {
    name: "lum",
    scopeName: "source.lum",
    fileTypes: ["lum"],
    patterns: patterns(),
  };
}

function patterns(): Pattern[] {
  const control = t.reservedWords.filter((w) => ![...logic, ...constants].includes(w));
  return [
    { name: "comment.line.double-slash.lum", match: "//.*$" },
    { name: "string.quoted.triple.lum", begin: '"""', end: '"""' },
    {
      name: "string.quoted.double.lum",
      begin: '"',
      end: '"|$',
      patterns: [
        { name: "constant.character.escape.lum", match: "\\\\." },
        { name: "variable.other.interpolated.lum", match: "\\{[A-Za-z_][A-Za-z0-9_]*\\}" },
      ],
    },
    { name: "constant.numeric.float.lum", match: `\\b(?:${source(t.FloatLiteral)})` },
    { name: "constant.numeric.integer.lum", match: `\\b${source(t.IntLiteral)}\\b` },
    { name: "constant.language.lum", match: words(constants) },
    {
      name: "meta.item.lum",
      match: `^\\s*(${alternatives(items)})\\s+(${source(t.Identifier)})`,
      captures: { 1: { name: "storage.type.lum" }, 2: { name: "entity.name.function.lum" } },
    },
    {
      name: "meta.declaration.lum",
      match: `^\\s*(${alternatives(declarations)})\\s+(?=[A-Za-z_])(?!(?:in|as)\\b)`,
      captures: { 1: { name: "storage.modifier.lum" } },
    },
    { name: "keyword.control.lum", match: words(control) },
    { name: "keyword.operator.word.lum", match: words(logic) },
    { name: "keyword.other.lum", match: `\\b(?:${alternatives([t.In, t.As, t.With])})\\b(?=\\s+[\\w(])` },
    { name: "keyword.other.lum", match: `\\b(?:${alternatives([t.From, t.Prefix])})\\b(?=\\s*")` },
    { name: "support.function.reduction.lum", match: `\\b(?:${alternatives(t.reductions)})\\b(?=\\s*\\()` },
    { name: "support.type.lum", match: `\\b(?:${dtypes.join("|")})\\b` },
    { name: "entity.name.function.call.lum", match: `\\b${source(t.Identifier)}(?=\\()` },
    { name: "keyword.operator.lum", match: signs() },
  ];
}

function source(type: TokenType): string {
  return (type.PATTERN as RegExp).source;
}

function alternatives(types: readonly TokenType[]): string {
  return types.map((type) => type.LABEL).join("|");
}

function words(types: readonly TokenType[]): string {
  return `\\b(?:${alternatives(types)})\\b`;
}

function signs(): string {
  const categories = [t.AddOp, t.MulOp, t.CompareOp];
  const binary = t.allTokens.filter((type) => categories.some((c) => type.CATEGORIES?.includes(c)));
  return [t.Ellipsis, t.DotDot, t.Arrow, t.Walrus, ...binary, t.Equals, t.Caret, t.Tick]
    .map(source)
    .join("|");
}
