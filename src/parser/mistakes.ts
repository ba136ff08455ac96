/** Recognisers of common mistakes, tried in order; the first that knows the place names the mistake. */
import { EOF, type IToken, tokenMatcher } from "chevrotain";
import * as t from "../../grammar/tokens.ts";
import { type Diagnostic, diagnostic } from "../diagnostics.ts";
import { tokenSpan } from "./cst.ts";
import { describe, type Stop } from "./explain.ts";

export function mistakes(stop: Stop): Diagnostic | undefined {
  for (const recognise of recognisers) {
    const found = recognise(stop);
    if (found) return found;
  }
  return undefined;
}

const recognisers: readonly ((stop: Stop) => Diagnostic | undefined)[] = [
  singleQuotes,
  reservedName,
  chainedComparison,
  equalSigns,
  walrus,
  choiceWithoutElse,
  conditionalStatement,
  missingRange,
  missingType,
  emptyReduction,
  lineStart,
  misplacedDeclaration,
  missingName,
  missingEquals,
  missingValue,
  missingOperator,
];

const statementWords = [t.Dim, t.Input, t.Weight, t.State, t.Output, t.Entry, t.Tap, t.Emit, t.Scan];
const declarers = [...statementWords, t.Fn, t.Layer, t.Model, t.Kernel];
const isName = (token: IToken | undefined) => token !== undefined && tokenMatcher(token, t.Identifier);
const isReserved = (token: IToken | undefined) =>
  token !== undefined && t.reservedWords.includes(token.tokenType);
const isNumber = (token: IToken) => token.tokenType === t.IntLiteral || token.tokenType === t.FloatLiteral;

/** `from 'q_proj.weight'` */
function singleQuotes({ token, before, span, expected }: Stop): Diagnostic | undefined {
  const opens = token.tokenType === t.Tick && (expected === "a string" || expected === "an expression");
  // `f(x, 'abc')` stops at the second word or tick: the first tick was taken for a transpose.
  return opens && before[0]?.tokenType !== t.RParen ? diagnostic("LUM1022", span, {}) : undefined;
}

/** `weight for: f32[2]`, `if = 3`, `fn return(x)` */
function reservedName({ source, token, before, span, expected }: Stop): Diagnostic | undefined {
  if (expected === "a name" && isReserved(token)) return diagnostic("LUM1011", span, { word: token.image });
  const [previous, earlier] = before;
  const assigned = [t.Equals, t.Walrus, t.Colon].includes(token.tokenType);
  if (assigned && isReserved(previous) && earlier === undefined) {
    return diagnostic("LUM1011", tokenSpan(source, previous), { word: previous.image });
  }
  return undefined;
}

/** `0 <= i < n` */
function chainedComparison({ token, rules, before, span }: Stop): Diagnostic | undefined {
  if (!tokenMatcher(token, t.CompareOp) || token.tokenType === t.EqualEqual) return undefined;
  if (rules[rules.length - 1] === "primary") return undefined;
  return before.some((b) => tokenMatcher(b, t.CompareOp)) ? diagnostic("LUM1017", span, {}) : undefined;
}

/** `y == x + 1` for a definition, `if a = b` for a comparison. */
function equalSigns({ token, before, rules, span }: Stop): Diagnostic | undefined {
  const defining = [
    "assignment",
    "definition",
    "statement",
    "param",
    "output",
    "emit",
    "body",
    "carried",
    "item",
  ];
  if (token.tokenType === t.EqualEqual) {
    const chained = before.some((b) => tokenMatcher(b, t.CompareOp));
    if (chained) return diagnostic("LUM1017", span, {});
    return defining.includes(rules[rules.length - 1]) ? diagnostic("LUM1013", span, {}) : undefined;
  }
  if (token.tokenType !== t.Equals || before.length === 0 || before[0].tokenType === t.Equals)
    return undefined;
  const inValue = before.some((b) => [t.Equals, t.If, t.Return, t.Walrus].includes(b.tokenType));
  return inValue ? diagnostic("LUM1014", span, {}) : undefined;
}

/** `output y := x`, `fn f(x) := x` */
function walrus({ token, before, rules, span }: Stop): Diagnostic | undefined {
  if (token.tokenType !== t.Walrus) return undefined;
  const places: Readonly<Record<string, string>> = {
    param: "a parameter",
    params: "a parameter",
    args: "an argument",
    body: "the head of a function",
    assignment: "a definition of several names",
    definition: "a definition outside of models",
  };
  const first = before[before.length - 1];
  const declared = first && declarers.includes(first.tokenType) && isName(before[before.length - 2]);
  const place = declared ? `a declaration with \`${first.image}\`` : "an expression";
  return diagnostic("LUM1015", span, { place: places[rules[rules.length - 1]] ?? place });
}

/** `y = if c then a` */
function choiceWithoutElse({ expected, rules, span, found }: Stop): Diagnostic | undefined {
  if (expected !== "`else`" || rules[rules.length - 1] !== "expression") return undefined;
  return diagnostic("LUM1028", span, { found });
}

/** `if c then a else b` where a statement stands. */
function conditionalStatement({ token, rules, span }: Stop): Diagnostic | undefined {
  const block = rules.includes("ifElse") && rules[rules.length - 1] === "block";
  return block && token.tokenType === t.Then ? diagnostic("LUM1027", span, {}) : undefined;
}

/** `dim n`, `dim n in 4`, `for l { … }`, `sum(i in 3) x[i]` */
function missingRange({ before, rules, span, found, expected }: Stop): Diagnostic | undefined {
  const needs = ["boundedDim", "forLoop", "scan", "range"];
  if (!needs.includes(rules[rules.length - 1]) || (expected !== "`in`" && expected !== "`..`"))
    return undefined;
  // In written order, the variable stands before `in` or right where the parser stopped.
  const at = before.findIndex((b) => b.tokenType === t.In);
  const name = at >= 0 && expected === "`..`" ? before[at + 1] : before[0];
  return name && diagnostic("LUM1016", span, { name: name.image, found });
}

/** `input x`, `weight w = 3` */
function missingType({ before, rules, span, found, expected }: Stop): Diagnostic | undefined {
  const declares = ["inputItem", "weightItem", "stateDecl"].includes(rules[rules.length - 1]);
  if (!declares || expected !== "`:`" || !isName(before[0])) return undefined;
  return diagnostic("LUM1029", span, { name: before[0].image, found });
}

/** `sum(i in 0..3) + 1` */
function emptyReduction({ before, rules, span, found }: Stop): Diagnostic | undefined {
  if (!rules.includes("reductionBody") || before[0]?.tokenType !== t.RParen) return undefined;
  const word = before.find((b) => tokenMatcher(b, t.ReduceName));
  return word && diagnostic("LUM1024", span, { reduction: word.image, found });
}

/** A line that begins with `-`, `(` or `[`. */
function lineStart({ token, before, span }: Stop): Diagnostic | undefined {
  const signs = [t.Minus, t.LParen, t.LSquare];
  if (before.length > 0 || !signs.includes(token.tokenType)) return undefined;
  return diagnostic("LUM1018", span, { sign: token.image });
}

/** `weight w: f32[3]` outside every model and layer. */
function misplacedDeclaration({ source, token, before, rules }: Stop): Diagnostic | undefined {
  const first = before[before.length - 1];
  if (rules.includes("block") || first === undefined || before.length > 1) return undefined;
  if (!statementWords.includes(first.tokenType) || !isName(token)) return undefined;
  return diagnostic("LUM1025", tokenSpan(source, first), { word: first.image });
}

/** `model { … }`, `weight: f32[3]` */
function missingName({ token, before, span, found }: Stop): Diagnostic | undefined {
  const [keyword, earlier] = before;
  const opens = [t.LCurly, t.Colon, t.LParen].includes(token.tokenType);
  if (!opens || earlier !== undefined || keyword === undefined || !declarers.includes(keyword.tokenType))
    return undefined;
  return diagnostic("LUM1031", span, { keyword: keyword.image, found });
}

/** `h[n, o] f(x)`, and `f(x)` alone on its line. */
function missingEquals({
  source,
  token,
  before,
  rules,
  span,
  found,
  expected,
}: Stop): Diagnostic | undefined {
  const inTarget = ["assignment", "definition"].includes(rules[rules.length - 1]) && expected === "`=`";
  if (!inTarget || before.length === 0) return undefined;
  const first = before[before.length - 1];
  const target = source.text.slice(first.startOffset, before[0].endOffset! + 1);
  const used = token.tokenType === t.Newline || token.tokenType === t.LParen || tokenMatcher(token, t.MulOp);
  if (used || tokenMatcher(token, t.AddOp)) {
    const whole = { ...tokenSpan(source, first), end: before[0].endOffset! + 1 };
    return diagnostic("LUM1030", whole, { target });
  }
  return diagnostic("LUM1012", span, { target, found });
}

/** `y = `, `return`, `x + ` at the end of a line; `f(a = )`; `f(x, , y)` */
function missingValue({ token, before, span, expected }: Stop): Diagnostic | undefined {
  const [previous] = before;
  if (previous === undefined) return undefined;
  const ended = [t.Newline, t.RCurly, t.RParen, t.RSquare, t.Comma, EOF].includes(token.tokenType);
  const skipped = token.tokenType === t.Comma && [t.Comma, t.LParen, t.LSquare].includes(previous.tokenType);
  const endless = token.tokenType === t.LCurly && previous.tokenType === t.DotDot;
  if (!skipped && !endless && !(ended && expected === "an expression")) return undefined;
  return diagnostic("LUM1020", span, { after: describe(previous) });
}

/** `2 x`, `a b` */
function missingOperator({ token, before, span, expected }: Stop): Diagnostic | undefined {
  const [previous] = before;
  const operand = isName(token) || isNumber(token) || tokenMatcher(token, t.TextLiteral);
  const value =
    previous &&
    (isName(previous) || isNumber(previous) || [t.RParen, t.RSquare].includes(previous.tokenType));
  if (!operand || !value || !["the end of the line", "`)`", "`]`"].includes(expected)) return undefined;
  return diagnostic("LUM1019", span, { before: describe(previous), after: describe(token) });
}
