/** CST → Ast, items and statements. Each function is named after the grammar rule that it reads. */
import type { CstNode } from "chevrotain";
import type {
  Body,
  Define,
  DimDecl,
  FnItem,
  If,
  Import,
  IndexTarget,
  Item,
  KernelItem,
  KernelSource,
  LayerItem,
  ModelItem,
  Param,
  StateDecl,
  Statement,
  Target,
  Update,
} from "../ir/ast.ts";
import { expression, indexRange, range, type } from "./build-expr.ts";
import {
  ident,
  idents,
  maybeNode,
  maybeToken,
  type Node,
  nodes,
  onlyNode,
  spanOf,
  text,
  tokens,
} from "./cst.ts";

/** The first child that is a rule: what stands before the end of line in `item` and `statement`. */
function content(node: Node): { rule: string; node: Node } {
  const rule = Object.keys(node.cst.children).find((key) => key !== "Newline")!;
  return { rule, node: { source: node.source, cst: node.cst.children[rule][0] as CstNode } };
}

export function importsAndItems(file: Node): { imports: Import[]; items: Item[] } {
  const imports: Import[] = [];
  const items: Item[] = [];
  for (const entry of nodes(file, "item")) {
    const { rule, node } = content(entry);
    if (rule === "importItem") imports.push(importItem(node));
    else if (rule === "fnItem") items.push(fnItem(node));
    else if (rule === "layerItem") items.push(layerItem(node));
    else if (rule === "modelItem") items.push(modelItem(node));
    else if (rule === "kernelItem") items.push(kernelItem(node));
    else items.push(assignment(node) as Define);
  }
  return { imports, items };
}

function importItem(node: Node): Import {
  const names = nodes(node, "importName").map((entry) => {
    const [name, alias] = idents(entry);
    return { name, alias };
  });
  return { names, from: text(node)!, span: spanOf(node) };
}

function nameOf(node: Node) {
  return ident(node.source, tokens(node, "Identifier")[0]);
}

function resultOf(node: Node) {
  const result = maybeNode(node, "result");
  return result && type(onlyNode(result, "type"));
}

function fnItem(node: Node): FnItem {
  const params = paramsOf(onlyNode(node, "params"));
  const body = bodyOf(onlyNode(node, "body"));
  return { kind: "fn", name: nameOf(node), params, result: resultOf(node), body, span: spanOf(node) };
}

function layerItem(node: Node): LayerItem {
  const lists = nodes(node, "params").map(paramsOf);
  const params = lists[lists.length - 1];
  const statics = lists.length === 2 ? lists[0] : [];
  const body = bodyOf(onlyNode(node, "body"));
  return {
    kind: "layer",
    name: nameOf(node),
    statics,
    params,
    result: resultOf(node),
    body,
    span: spanOf(node),
  };
}

function modelItem(node: Node): ModelItem {
  const params = maybeNode(node, "params");
  const body = block(onlyNode(node, "block"));
  return {
    kind: "model",
    name: nameOf(node),
    params: params ? paramsOf(params) : [],
    body,
    span: spanOf(node),
  };
}

function kernelItem(node: Node): KernelItem {
  return {
    kind: "kernel",
    name: nameOf(node),
    params: paramsOf(onlyNode(node, "params")),
    result: resultOf(node)!,
    reference: expression(onlyNode(node, "expression")),
    sources: nodes(node, "kernelSource").map(kernelSource),
    span: spanOf(node),
  };
}

function kernelSource(node: Node): KernelSource {
  const geometries = nodes(node, "geometry").map((g) => nodes(g, "expression").map(expression));
  const grid = maybeToken(node, "Grid") ? geometries.shift()! : [];
  const code = text(node)!;
  const target = nameOf(node);
  const span = { file: node.source, start: target.span.start, end: code.span.end };
  return { target, grid, block: geometries[0] ?? [], code, span };
}

function paramsOf(node: Node): Param[] {
  return nodes(node, "param").map((param) => {
    const stated = maybeNode(param, "type");
    const value = maybeNode(param, "expression");
    return {
      name: nameOf(param),
      type: stated && type(stated),
      default: value && expression(value),
      span: spanOf(param),
    };
  });
}

function bodyOf(node: Node): Body {
  const statements = maybeNode(node, "block");
  if (statements) return { kind: "block", statements: block(statements), span: spanOf(statements) };
  const value = expression(onlyNode(node, "expression"));
  return { kind: "expr", value, span: value.span };
}

function block(node: Node): Statement[] {
  return nodes(node, "statement").flatMap((entry) => {
    const { rule, node } = content(entry);
    return statement(rule, node);
  });
}

/** One written statement; `dim a in 1..4, b in 0..a` declares two. */
function statement(rule: string, node: Node): Statement[] {
  switch (rule) {
    case "dimDecl":
      return nodes(node, "boundedDim").map(boundedDim);
    case "inputDecl":
      return [{ kind: "input", items: nodes(node, "inputItem").map(typedName), span: spanOf(node) }];
    case "weightDecl": {
      const items = nodes(node, "weightItem").map((item) => ({ ...typedName(item), from: text(item) }));
      return [{ kind: "weight", items, span: spanOf(node) }];
    }
    case "stateDecl":
      return [stateDecl(node)];
    case "output": {
      const value = maybeNode(node, "expression");
      const written = target(onlyNode(node, "target"));
      return [{ kind: "output", target: written, value: value && expression(value), span: spanOf(node) }];
    }
    case "entry":
      return [
        { kind: "entry", name: nameOf(node), body: block(onlyNode(node, "block")), span: spanOf(node) },
      ];
    case "tap":
      return [{ kind: "tap", names: idents(node), span: spanOf(node) }];
    case "emit": {
      const value = expression(onlyNode(node, "expression"));
      return [{ kind: "emit", target: target(onlyNode(node, "target")), value, span: spanOf(node) }];
    }
    case "scan":
      return [scan(node)];
    case "forLoop":
      return [forLoop(node)];
    case "ifElse":
      return [ifElse(node)];
    case "returns":
      return [{ kind: "return", values: nodes(node, "expression").map(expression), span: spanOf(node) }];
    default:
      return [assignment(node)];
  }
}

function boundedDim(node: Node): DimDecl {
  const { low, high } = range(onlyNode(node, "range"));
  return { kind: "dim", name: nameOf(node), low: low!, high: high!, span: spanOf(node) };
}

function typedName(node: Node) {
  return { name: nameOf(node), type: type(onlyNode(node, "type")), span: spanOf(node) };
}

function stateDecl(node: Node): StateDecl {
  const value = maybeNode(node, "expression");
  const init = value && expression(value);
  return { kind: "state", names: idents(node), type: type(onlyNode(node, "type")), init, span: spanOf(node) };
}

function scan(node: Node): Statement {
  const carried = nodes(node, "carried").map((entry) => ({
    name: nameOf(entry),
    init: expression(onlyNode(entry, "expression")),
  }));
  return {
    kind: "scan",
    variable: nameOf(node),
    range: range(onlyNode(node, "range")),
    carried,
    body: block(onlyNode(node, "block")),
    span: spanOf(node),
  };
}

function forLoop(node: Node): Statement {
  return {
    kind: "for",
    variable: nameOf(node),
    range: range(onlyNode(node, "range")),
    prefix: text(node),
    body: block(onlyNode(node, "block")),
    span: spanOf(node),
  };
}

function ifElse(node: Node): If {
  const [then, otherwise] = nodes(node, "block").map(block);
  const chained = maybeNode(node, "ifElse");
  return {
    kind: "if",
    condition: expression(onlyNode(node, "expression")),
    then,
    otherwise: chained ? [ifElse(chained)] : otherwise,
    span: spanOf(node),
  };
}

function assignment(node: Node): Define | Update {
  const targets = nodes(node, "target").map(target);
  const value = expression(onlyNode(node, "expression"));
  if (maybeToken(node, "Walrus")) return { kind: "update", target: targets[0], value, span: spanOf(node) };
  return { kind: "define", targets, value, span: spanOf(node) };
}

function target(node: Node): Target {
  const indices = maybeToken(node, "LSquare") ? nodes(node, "indexTarget").map(indexTarget) : undefined;
  return { name: nameOf(node), indices, span: spanOf(node) };
}

function indexTarget(node: Node): IndexTarget {
  const stated = maybeNode(node, "range");
  const written = indexRange(onlyNode(node, "indexRange"));
  const span = spanOf(node);
  if (written.kind === "at") return { value: written.value, range: stated && range(stated), span };
  const value = written.range.low ?? { kind: "int", value: 0, span };
  return { value, range: undefined, slice: written.range, span };
}
