/** Ast → document, expressions and types, with no more parentheses than the grammar needs. */
import type {
  Arg,
  Binder,
  DimExpr,
  Expr,
  ExprOf,
  IndexArg,
  RangeExpr,
  StringLiteral,
  TypeExpr,
} from "../ir/ast.ts";
import type { Span } from "../ir/source.ts";
import { unquote } from "./cst.ts";
import { type Doc, group, ifBroken, indent, join, line, printDoc, softline } from "./doc.ts";

/** How tightly an expression binds; `grammar/lum-parser.ts` has the same order. */
const level = {
  choose: 0,
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  sum: 5,
  product: 6,
  sign: 7,
  power: 8,
  cast: 9,
  postfix: 10,
};

const binaryLevel: Readonly<Record<string, number>> = {
  or: level.or,
  and: level.and,
  "+": level.sum,
  "-": level.sum,
  "*": level.product,
  "/": level.product,
  "%": level.product,
  "@": level.product,
  "^": level.power,
};

function levelOf(e: Expr): number {
  switch (e.kind) {
    case "choose":
      return level.choose;
    case "binary":
      return binaryLevel[e.op] ?? level.compare;
    case "unary":
      return e.op === "not" ? level.not : level.sign;
    case "cast":
      return level.cast;
    default:
      return level.postfix;
  }
}

/** Whether the text of `e` ends in a reduction, which would take a following `*`, `^`, `as` or suffix as its own. */
function endsInReduction(e: Expr): boolean {
  for (let at = e; ; ) {
    if (at.kind === "reduce") return true;
    if (at.kind === "binary") at = at.right;
    else if (at.kind === "unary") at = at.operand;
    else return false;
  }
}

/** `e` where at least level `least` is needed. */
function operand(e: Expr, least: number, followedByProduct = false): Doc {
  const bare = levelOf(e) >= least && !(followedByProduct && endsInReduction(e));
  return bare ? expr(e) : parenthesised(e);
}

/** Operands of a chain broken inside its own parentheses stand below one another. */
function parenthesised(e: Expr): Doc {
  const inner = e.kind === "binary" ? binary(e, false) : expr(e);
  return group("(", indent(softline, inner), softline, ")");
}

/** A whole expression, as after `=`. */
export function expr(e: Expr): Doc {
  switch (e.kind) {
    case "int":
      return numberText(e, String(e.value));
    case "float":
      return numberText(e, /[.e]/.test(String(e.value)) ? String(e.value) : `${e.value}.0`);
    case "bool":
      return String(e.value);
    case "string":
      return stringText(e);
    case "name":
      return e.name;
    case "unary":
      if (e.op === "not") return ["not ", operand(e.operand, level.not)];
      return ["-", operand(e.operand, level.sign)];
    case "binary":
      return binary(e);
    case "cast":
      return [operand(e.operand, level.cast, true), " as ", e.dtype.name];
    case "transpose":
      return [operand(e.operand, level.postfix, true), "'"];
    case "reduce":
      return reduce(e);
    case "index":
      return [operand(e.base, level.postfix, true), indices(e)];
    case "call":
      return [callee(e.callee), e.callee.kind === "prefix" ? " " : "", list("(", e.args.map(arg), ")")];
    case "prefix":
      return [operand(e.callee, level.postfix, true), " prefix ", stringText(e.prefix)];
    case "array":
      return list("[", e.elements.map(expr), "]");
    case "choose":
      return group(
        indent(
          "if ",
          operand(e.condition, level.or),
          line,
          "then ",
          expr(e.then),
          line,
          "else ",
          expr(e.otherwise),
        ),
      );
    default:
      return e satisfies never;
  }
}

/** What arguments may follow. `(sum(x))(y)` keeps its parentheses: `sum(x)(y)` is a reduction. */
function callee(e: Expr): Doc {
  const names = (at: Arg) => at.name === undefined && at.value.kind === "name";
  const reduction = e.kind === "call" && e.callee.kind === "name" && e.args.every(names);
  return reduction && reduceNames.has((e.callee as ExprOf<"name">).name)
    ? parenthesised(e)
    : operand(e, level.postfix, true);
}

const reduceNames = new Set(["sum", "max", "min", "prod", "mean", "any", "all", "argmax", "argmin"]);

/** A chain of one level, `a + b - c`, breaks after each of its operators. */
function binary(e: ExprOf<"binary">, indented = true): Doc {
  const own = binaryLevel[e.op] ?? level.compare;
  const absorbed = own === level.product || own === level.power;
  if (own === level.power) return [operand(e.left, level.cast, true), "^", operand(e.right, level.sign)];
  const links: Doc[] = [];
  let first: Expr = e;
  for (; first.kind === "binary" && binaryLevel[first.op] === own; first = first.left) {
    const followed = absorbed && first !== e;
    links.unshift([" ", first.op, line, operand(first.right, own + 1, followed)]);
  }
  if (own === level.compare) {
    const right = [line, operand(e.right, own + 1)];
    return group(operand(e.left, own + 1), " ", e.op, indented ? indent(...right) : right);
  }
  return group(operand(first, own + 1, absorbed), indented ? indent(...links) : links);
}

/** The body is a product; one that could not begin a body is put in parentheses. */
function reduce(e: ExprOf<"reduce">): Doc {
  const inner =
    e.body.kind === "unary" && e.body.op === "not" ? notBody(e.body) : operand(e.body, level.product);
  const start = printDoc(inner, Number.POSITIVE_INFINITY, 0);
  const body = /^(-|\[|as\b|if\b)/.test(start) ? parenthesised(e.body) : inner;
  return [e.op, list("(", e.binders.map(binder), ")"), " ", body];
}

function notBody(e: ExprOf<"unary">): Doc {
  const inner = e.operand;
  const nested =
    inner.kind === "unary" && inner.op === "not" ? notBody(inner) : operand(inner, level.product);
  return ["not ", nested];
}

function binder(b: Binder): Doc {
  return b.range ? [b.name.name, " in ", range(b.range)] : b.name.name;
}

/** The ends of a range are sums. */
export function range(r: RangeExpr): Doc {
  const end = (e: Expr | undefined) => (e ? operand(e, level.sum) : "");
  return [end(r.low), "..", end(r.high)];
}

/** Like `range`, but here a low end may be any expression. */
export function indexArg(arg: IndexArg): Doc {
  if (arg.kind === "rest") return "...";
  return arg.kind === "at" ? expr(arg.value) : range(arg.range);
}

function indices(e: ExprOf<"index">): Doc {
  const gap = e.indices.length > 0 ? line : "";
  const otherwise = e.otherwise ? [gap, "else ", expr(e.otherwise)] : [];
  const comma: Doc = [",", line];
  return group("[", indent(softline, ...join(e.indices.map(indexArg), comma), ...otherwise), softline, "]");
}

function arg(a: Arg): Doc {
  return a.name ? [a.name.name, " = ", expr(a.value)] : expr(a.value);
}

/** `(a, b)`, or one to a line with a comma behind the last. */
export function list(open: string, items: readonly Doc[], close: string): Doc {
  if (items.length === 0) return open + close;
  const comma: Doc = [",", line];
  const trailing = open === "[" || items.length === 0 ? "" : ifBroken(",");
  return group(open, indent(softline, ...join(items, comma), trailing), softline, close);
}

export function type(t: TypeExpr): Doc {
  const element = t.element?.name ?? "";
  return t.shape ? [element, list("[", t.shape.map(dim), "]")] : element;
}

function dim(d: DimExpr): Doc {
  return d.kind === "rest" ? "..." : expr(d.value);
}

/** Text that was written for a literal, as long as it still means the same. */
function written(span: Span): string {
  return span.file.text.slice(span.start, span.end);
}

function numberText(e: ExprOf<"int"> | ExprOf<"float">, canonical: string): string {
  const text = written(e.span);
  const own = e.kind === "int" ? /^\d[\d_]*$/ : /^\d[\d_]*(\.\d[\d_]*)?(e[+-]?\d+)?$/i;
  return own.test(text) && Number(text.replaceAll("_", "")) === e.value ? text : canonical;
}

export function stringText(s: Pick<StringLiteral, "value" | "span">): string {
  const text = written(s.span);
  const whole = /^("""[\s\S]*"""|"(?:[^"\\\n]|\\[^\n])*")$/.test(text);
  if (whole && unquote(text) === s.value) return text;
  const escapes: Readonly<Record<string, string>> = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\\": "\\\\",
    '"': '\\"',
  };
  return `"${s.value.replace(/[\n\t\r\\"]/g, (c) => escapes[c])}"`;
}
