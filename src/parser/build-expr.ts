/** CST → Ast, expressions. Each function is named after the grammar rule that it reads. */
import type { CstNode, IToken } from "chevrotain";
import type {
  Arg,
  BinaryOp,
  Binder,
  DimExpr,
  Expr,
  IndexArg,
  RangeExpr,
  ReduceName,
  TypeExpr,
} from "../ir/ast.ts";
import { joinSpans, type Span } from "../ir/source.ts";
import {
  ident,
  maybeNode,
  maybeToken,
  type Node,
  nodes,
  onlyNode,
  spanOf,
  text,
  tokenSpan,
  tokens,
  unquote,
} from "./cst.ts";

export function expression(node: Node): Expr {
  const condition = nodes(node, "disjunction")[0];
  if (!maybeToken(node, "If")) return disjunction(condition);
  const [then, otherwise] = nodes(node, "expression").map(expression);
  return { kind: "choose", condition: disjunction(condition), then, otherwise, span: spanOf(node) };
}

function disjunction(node: Node): Expr {
  return leftFold(node, nodes(node, "conjunction").map(conjunction), tokens(node, "Or"));
}

function conjunction(node: Node): Expr {
  return leftFold(node, nodes(node, "negation").map(negation), tokens(node, "And"));
}

function negation(node: Node): Expr {
  const operand = maybeNode(node, "negation");
  if (operand) return { kind: "unary", op: "not", operand: negation(operand), span: spanOf(node) };
  return comparison(onlyNode(node, "comparison"));
}

function comparison(node: Node): Expr {
  return leftFold(node, nodes(node, "sum").map(sum), tokens(node, "CompareOp"));
}

export function sum(node: Node): Expr {
  return leftFold(node, nodes(node, "product").map(product), tokens(node, "AddOp"));
}

function product(node: Node): Expr {
  return leftFold(node, nodes(node, "signed").map(signed), tokens(node, "MulOp"));
}

function signed(node: Node): Expr {
  const operand = maybeNode(node, "signed");
  if (operand) return { kind: "unary", op: "-", operand: signed(operand), span: spanOf(node) };
  return power(onlyNode(node, "power"));
}

function power(node: Node): Expr {
  const base = cast(onlyNode(node, "cast"));
  const caret = maybeToken(node, "Caret");
  return caret ? binary(node, base, caret, signed(onlyNode(node, "signed"))) : base;
}

function cast(node: Node): Expr {
  let operand = postfix(onlyNode(node, "postfix"));
  for (const token of tokens(node, "Identifier")) {
    const dtype = ident(node.source, token);
    operand = { kind: "cast", operand, dtype, span: joinSpans(operand.span, dtype.span) };
  }
  return operand;
}

function postfix(node: Node): Expr {
  const reduced = maybeNode(node, "reduction");
  if (reduced) return reduction(reduced);
  return nodes(node, "suffix").reduce(suffix, primary(onlyNode(node, "primary")));
}

function reduction(node: Node): Expr {
  const op = tokens(node, "ReduceName")[0].image as ReduceName;
  const binders = nodes(node, "binder").map(binder);
  return {
    kind: "reduce",
    op,
    binders,
    body: reductionBody(onlyNode(node, "reductionBody")),
    span: spanOf(node),
  };
}

function reductionBody(node: Node): Expr {
  const operand = maybeNode(node, "reductionBody");
  if (operand) return { kind: "unary", op: "not", operand: reductionBody(operand), span: spanOf(node) };
  return product(onlyNode(node, "product"));
}

function binder(node: Node): Binder {
  const stated = maybeNode(node, "range");
  const name = ident(node.source, tokens(node, "Identifier")[0]);
  return { name, range: stated && range(stated), span: spanOf(node) };
}

export function range(node: Node): RangeExpr {
  const [low, high] = nodes(node, "sum").map(sum);
  return { low, high, span: spanOf(node) };
}

function suffix(base: Expr, node: Node): Expr {
  const span = joinSpans(base.span, spanOf(node));
  const args = maybeNode(node, "args");
  if (args) {
    const prefix = text(node);
    const named = prefix && joinSpans(base.span, prefix.span);
    const callee: Expr = prefix ? { kind: "prefix", callee: base, prefix, span: named! } : base;
    return { kind: "call", callee, args: nodes(args, "arg").map(arg), span };
  }
  const indices = maybeNode(node, "indices");
  if (indices) {
    const otherwise = maybeNode(indices, "expression");
    const at = nodes(indices, "slice").map(slice);
    return { kind: "index", base, indices: at, otherwise: otherwise && expression(otherwise), span };
  }
  return { kind: "transpose", operand: base, span };
}

function arg(node: Node): Arg {
  const name = maybeToken(node, "Identifier");
  const value = expression(onlyNode(node, "expression"));
  return { name: name && ident(node.source, name), value, span: spanOf(node) };
}

function slice(node: Node): IndexArg {
  if (maybeToken(node, "Ellipsis")) return { kind: "rest", span: spanOf(node) };
  return indexRange(onlyNode(node, "indexRange"));
}

export function indexRange(node: Node): Exclude<IndexArg, { kind: "rest" }> {
  const span = spanOf(node);
  const value = maybeNode(node, "expression");
  if (!maybeToken(node, "DotDot")) return { kind: "at", value: expression(value!), span };
  const high = maybeNode(node, "sum");
  const low = value && expression(value);
  return { kind: "slice", range: { low, high: high && sum(high), span }, span };
}

function primary(node: Node): Expr {
  const [rule, [child]] = Object.entries(node.cst.children)[0];
  if (rule === "group") {
    // The parentheses belong to the span: an error in `(a + b)'` underlines them too.
    const group = { source: node.source, cst: child as CstNode };
    return { ...expression(onlyNode(group, "expression")), span: spanOf(node) };
  }
  if (rule === "array") {
    const array = { source: node.source, cst: child as CstNode };
    return { kind: "array", elements: nodes(array, "expression").map(expression), span: spanOf(node) };
  }
  return literal(rule, (child as IToken).image, spanOf(node));
}

function literal(type: string, image: string, span: Span): Expr {
  switch (type) {
    case "IntLiteral":
      return { kind: "int", value: Number(image.replaceAll("_", "")), span };
    case "FloatLiteral":
      return { kind: "float", value: Number(image.replaceAll("_", "")), span };
    case "TextLiteral":
      return { kind: "string", value: unquote(image), span };
    case "True":
    case "False":
      return { kind: "bool", value: type === "True", span };
    default:
      return { kind: "name", name: image, span };
  }
}

export function type(node: Node): TypeExpr {
  const element = maybeToken(node, "Identifier");
  const shape = maybeNode(node, "shape");
  return {
    element: element && ident(node.source, element),
    shape: shape && nodes(shape, "size").map(size),
    span: spanOf(node),
  };
}

function size(node: Node): DimExpr {
  if (maybeToken(node, "Ellipsis")) return { kind: "rest", span: spanOf(node) };
  return { kind: "size", value: expression(onlyNode(node, "expression")), span: spanOf(node) };
}

function leftFold(node: Node, operands: readonly Expr[], operators: readonly IToken[]): Expr {
  return operands.reduce((left, right, i) => binary(node, left, operators[i - 1], right));
}

function binary(node: Node, left: Expr, operator: IToken, right: Expr): Expr {
  const op = operator.tokenType.LABEL as BinaryOp;
  const opSpan = tokenSpan(node.source, operator);
  return { kind: "binary", op, opSpan, left, right, span: joinSpans(left.span, right.span) };
}
