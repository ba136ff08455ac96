/**
 * The words and signs of the language. Reserved words are few; every other keyword (`weight`, `in`, `sum`, …)
 * is soft: it carries the category `Identifier`, so the grammar takes it wherever a name may stand.
 */
import { createToken, Lexer, type TokenType } from "chevrotain";

export const Identifier = createToken({ name: "Identifier", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

// Categories: one name for all signs of a precedence level.
export const AddOp = createToken({ name: "AddOp", pattern: Lexer.NA });
export const MulOp = createToken({ name: "MulOp", pattern: Lexer.NA });
export const CompareOp = createToken({ name: "CompareOp", pattern: Lexer.NA });
export const ReduceName = createToken({ name: "ReduceName", pattern: Lexer.NA });

function reserved(word: string): TokenType {
  return createToken({ name: capital(word), pattern: new RegExp(word), longer_alt: Identifier, label: word });
}

function soft(word: string, ...categories: TokenType[]): TokenType {
  return createToken({
    name: capital(word),
    pattern: new RegExp(word),
    longer_alt: Identifier,
    categories: [Identifier, ...categories],
    label: word,
  });
}

function sign(name: string, text: string, ...categories: TokenType[]): TokenType {
  const pattern = new RegExp(text.replace(/[.*+?^$|()[\]{}/\\]/g, "\\$&"));
  return createToken({ name, pattern, categories, label: text });
}

function capital(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}

export const Import = reserved("import");
export const Fn = reserved("fn");
export const If = reserved("if");
export const Then = reserved("then");
export const Else = reserved("else");
export const For = reserved("for");
export const Return = reserved("return");
export const True = reserved("true");
export const False = reserved("false");
export const And = reserved("and");
export const Or = reserved("or");
export const Not = reserved("not");
export const reservedWords = [Import, Fn, If, Then, Else, For, Return, True, False, And, Or, Not];

export const Layer = soft("layer");
export const Model = soft("model");
export const Kernel = soft("kernel");
export const Dim = soft("dim");
export const Input = soft("input");
export const Weight = soft("weight");
export const State = soft("state");
export const Output = soft("output");
export const Scan = soft("scan");
export const With = soft("with");
export const Emit = soft("emit");
export const Tap = soft("tap");
export const Entry = soft("entry");
export const From = soft("from");
export const Prefix = soft("prefix");
export const In = soft("in");
export const As = soft("as");
export const Reference = soft("reference");
export const Grid = soft("grid");
export const Block = soft("block");
export const reductions = ["sum", "max", "min", "prod", "mean", "any", "all", "argmax", "argmin"].map(
  (word) => soft(word, ReduceName),
);
export const softWords = [
  ...[Layer, Model, Kernel, Dim, Input, Weight, State, Output, Scan, With, Emit, Tap, Entry],
  ...[From, Prefix, In, As, Reference, Grid, Block],
];

export const FloatLiteral = createToken({
  name: "FloatLiteral",
  pattern: /\d[\d_]*\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*[eE][+-]?\d+/,
});
export const IntLiteral = createToken({ name: "IntLiteral", pattern: /\d[\d_]*/ });
export const TextLiteral = createToken({ name: "TextLiteral", pattern: Lexer.NA });
export const RawString = createToken({
  name: "RawString",
  pattern: /"""[\s\S]*?"""/,
  line_breaks: true,
  categories: [TextLiteral],
});
export const QuotedString = createToken({
  name: "QuotedString",
  pattern: /"(?:[^"\\\n]|\\[^\n])*"/,
  categories: [TextLiteral],
});

export const Ellipsis = sign("Ellipsis", "...");
export const DotDot = sign("DotDot", "..");
export const Arrow = sign("Arrow", "->");
export const Walrus = sign("Walrus", ":=");
export const Colon = sign("Colon", ":");
export const Comma = sign("Comma", ",");
export const LessEqual = sign("LessEqual", "<=", CompareOp);
export const GreaterEqual = sign("GreaterEqual", ">=", CompareOp);
export const EqualEqual = sign("EqualEqual", "==", CompareOp);
export const NotEqual = sign("NotEqual", "!=", CompareOp);
export const Less = sign("Less", "<", CompareOp);
export const Greater = sign("Greater", ">", CompareOp);
export const Equals = sign("Equals", "=");
export const Plus = sign("Plus", "+", AddOp);
export const Minus = sign("Minus", "-", AddOp);
export const Star = sign("Star", "*", MulOp);
export const Slash = sign("Slash", "/", MulOp);
export const Percent = sign("Percent", "%", MulOp);
export const At = sign("At", "@", MulOp);
export const Caret = sign("Caret", "^");
export const Tick = sign("Tick", "'");
export const LParen = sign("LParen", "(");
export const RParen = sign("RParen", ")");
export const LSquare = sign("LSquare", "[");
export const RSquare = sign("RSquare", "]");
export const LCurly = sign("LCurly", "{");
export const RCurly = sign("RCurly", "}");

export const Newline = createToken({
  name: "Newline",
  pattern: /\n/,
  line_breaks: true,
  label: "end of line",
});
const Blank = createToken({ name: "Blank", pattern: /[ \t\r\f\uFEFF\u00A0]+/, group: Lexer.SKIPPED });
const Comment = createToken({ name: "Comment", pattern: /\/\/[^\n]*/, group: "comments" });

// What people write out of habit from other languages; each gets its own message instead of a stray character.
export const Semicolon = sign("Semicolon", ";");
export const HashComment = createToken({ name: "HashComment", pattern: /#[^\n]*/ });
export const BlockComment = createToken({
  name: "BlockComment",
  pattern: /\/\*[\s\S]*?\*\/|\/\*/,
  line_breaks: true,
});
export const AmpAmp = sign("AmpAmp", "&&");
export const BarBar = sign("BarBar", "||");
export const Bang = sign("Bang", "!");
export const StarStar = sign("StarStar", "**");
export const OpEquals = createToken({ name: "OpEquals", pattern: /[+\-*/]=(?!=)/ });
export const OpenRawString = createToken({
  name: "OpenRawString",
  pattern: /"""[\s\S]*/,
  line_breaks: true,
  categories: [TextLiteral],
});
export const OpenString = createToken({
  name: "OpenString",
  pattern: /"(?:[^"\\\n]|\\[^\n])*\\?/,
  categories: [TextLiteral],
});

/** In order of precedence: the first pattern that matches wins. */
export const allTokens: TokenType[] = [
  ...[Newline, Blank, Comment, BlockComment, HashComment],
  ...reservedWords,
  ...softWords,
  ...reductions,
  ...[Identifier, FloatLiteral, IntLiteral, RawString, OpenRawString, QuotedString, OpenString],
  ...[Ellipsis, DotDot, Arrow, Walrus, Colon, Comma, OpEquals, StarStar, AmpAmp, BarBar, Semicolon],
  ...[LessEqual, GreaterEqual, EqualEqual, NotEqual, Bang, Less, Greater, Equals],
  ...[Plus, Minus, Star, Slash, Percent, At, Caret, Tick],
  ...[LParen, RParen, LSquare, RSquare, LCurly, RCurly],
  ...[AddOp, MulOp, CompareOp, ReduceName, TextLiteral],
];

export const lumLexer = new Lexer(allTokens, { positionTracking: "full" });
