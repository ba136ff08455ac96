/** Text form of the Ast: parenthesised, operators first, no spans. For `dump --stage ast` and tests. */
import type {
  Body,
  DimExpr,
  Expr,
  File,
  IndexArg,
  Item,
  Param,
  RangeExpr,
  Statement,
  Target,
  TypeExpr,
} from "./ast.ts";

type Tree = string | readonly Tree[];

/** `x[i] + 1` is `(+ (at x i) 1)`. */
export function exprText(e: Expr): string {
  return flat(expr(e));
}

/** One item or statement on a line; what is inside a block is indented below it. */
export function astText(file: File): string {
  const imports = file.imports.map((i) => {
    const names = i.names.map(({ name, alias }) => (alias ? ["as", name.name, alias.name] : name.name));
    return ["import", ...names, JSON.stringify(i.from.value)];
  });
  return [...imports, ...file.items.map(item)].map((tree) => `${layOut(tree, "")}\n`).join("");
}

export function statementText(s: Statement): string {
  return layOut(statement(s), "");
}

function flat(tree: Tree): string {
  return typeof tree === "string" ? tree : `(${tree.map(flat).join(" ")})`;
}

const blocks = new Set(["block", "then", "else"]);

/** Blocks on lines of their own, everything else flat. */
function layOut(tree: Tree, indent: string): string {
  if (typeof tree === "string") return tree;
  const inner = `${indent}  `;
  const parts = tree.map((part) => {
    const head = typeof part === "string" ? undefined : part[0];
    if (typeof part === "string" || typeof head !== "string" || !blocks.has(head)) return ` ${flat(part)}`;
    const lines = part.slice(1).map((s) => `\n${inner}  ${layOut(s, `${inner}  `)}`);
    return `\n${inner}(${head}${lines.join("")})`;
  });
  return `(${parts.join("").slice(1)})`;
}

function item(i: Item): Tree {
  switch (i.kind) {
    case "define":
      return statement(i);
    case "fn":
      return ["fn", i.name.name, i.params.map(param), ...result(i.result), body(i.body)];
    case "layer": {
      const lists = [i.statics.map(param), i.params.map(param)];
      return ["layer", i.name.name, ...lists, ...result(i.result), body(i.body)];
    }
    case "model":
      return ["model", i.name.name, i.params.map(param), ["block", ...i.body.map(statement)]];
    case "kernel": {
      const sources = i.sources.map((s) => {
        const code = JSON.stringify(s.code.value);
        return [s.target.name, ["grid", ...s.grid.map(expr)], ["block-size", ...s.block.map(expr)], code];
      });
      const head = ["kernel", i.name.name, i.params.map(param), ...result(i.result)];
      return [...head, ["reference", expr(i.reference)], ...sources];
    }
    default:
      return i satisfies never;
  }
}

function result(t: TypeExpr | undefined): Tree[] {
  return t ? ["->", type(t)] : [];
}

function body(b: Body): Tree {
  return b.kind === "expr" ? expr(b.value) : ["block", ...b.statements.map(statement)];
}

function param(p: Param): Tree {
  if (!p.type && !p.default) return p.name.name;
  return [p.name.name, ...(p.type ? [":", type(p.type)] : []), ...(p.default ? ["=", expr(p.default)] : [])];
}

function type(t: TypeExpr): Tree {
  const element = t.element?.name ?? "_";
  return t.shape ? [element, ...t.shape.map(dim)] : element;
}

function dim(d: DimExpr): Tree {
  return d.kind === "rest" ? "..." : expr(d.value);
}

function statement(s: Statement): Tree {
  switch (s.kind) {
    case "dim":
      return ["dim", s.name.name, range({ low: s.low, high: s.high, span: s.span })];
    case "input":
      return ["input", ...s.items.map((i) => [i.name.name, type(i.type)])];
    case "weight": {
      const items = s.items.map((i) => [
        i.name.name,
        type(i.type),
        ...(i.from ? [JSON.stringify(i.from.value)] : []),
      ]);
      return ["weight", ...items];
    }
    case "state":
      return [
        "state",
        ...s.names.map((n) => n.name),
        ":",
        type(s.type),
        ...(s.init ? ["=", expr(s.init)] : []),
      ];
    case "define":
      return ["=", ...s.targets.map(target), expr(s.value)];
    case "output":
      return ["output", target(s.target), ...(s.value ? [expr(s.value)] : [])];
    case "update":
      return [":=", target(s.target), expr(s.value)];
    case "emit":
      return ["emit", target(s.target), expr(s.value)];
    case "return":
      return ["return", ...s.values.map(expr)];
    case "tap":
      return ["tap", ...s.names.map((n) => n.name)];
    case "if": {
      const otherwise = s.otherwise ? [["else", ...s.otherwise.map(statement)]] : [];
      return ["if", expr(s.condition), ["then", ...s.then.map(statement)], ...otherwise];
    }
    case "for": {
      const prefix = s.prefix ? ["prefix", JSON.stringify(s.prefix.value)] : [];
      return ["for", s.variable.name, range(s.range), ...prefix, ["block", ...s.body.map(statement)]];
    }
    case "scan": {
      const carried = s.carried.map((c) => [c.name.name, expr(c.init)]);
      return ["scan", s.variable.name, range(s.range), ...carried, ["block", ...s.body.map(statement)]];
    }
    case "entry":
      return ["entry", s.name.name, ["block", ...s.body.map(statement)]];
    default:
      return s satisfies never;
  }
}

function target(t: Target): Tree {
  if (!t.indices) return t.name.name;
  const indices = t.indices.map((i) => {
    if (i.slice) return range(i.slice);
    return i.range ? ["in", expr(i.value), range(i.range)] : expr(i.value);
  });
  return ["at", t.name.name, ...indices];
}

function range(r: RangeExpr): Tree {
  return ["..", r.low ? expr(r.low) : "_", r.high ? expr(r.high) : "_"];
}

function index(i: IndexArg): Tree {
  if (i.kind === "rest") return "...";
  return i.kind === "at" ? expr(i.value) : range(i.range);
}

function expr(e: Expr): Tree {
  switch (e.kind) {
    case "int":
    case "bool":
      return String(e.value);
    case "float":
      return /[.e]/.test(String(e.value)) ? String(e.value) : `${e.value}.0`;
    case "string":
      return JSON.stringify(e.value);
    case "name":
      return e.name;
    case "unary":
      return [e.op === "-" ? "neg" : "not", expr(e.operand)];
    case "binary":
      return [e.op, expr(e.left), expr(e.right)];
    case "cast":
      return ["as", expr(e.operand), e.dtype.name];
    case "transpose":
      return ["'", expr(e.operand)];
    case "reduce": {
      const binders = e.binders.map((b) => (b.range ? ["in", b.name.name, range(b.range)] : b.name.name));
      return [e.op, binders, expr(e.body)];
    }
    case "index": {
      const otherwise = e.otherwise ? ["else", expr(e.otherwise)] : [];
      return ["at", expr(e.base), ...e.indices.map(index), ...otherwise];
    }
    case "call": {
      const args = e.args.map((a) => (a.name ? ["=", a.name.name, expr(a.value)] : expr(a.value)));
      return ["call", expr(e.callee), ...args];
    }
    case "prefix":
      return ["prefix", expr(e.callee), JSON.stringify(e.prefix.value)];
    case "array":
      return ["array", ...e.elements.map(expr)];
    case "choose":
      return ["if", expr(e.condition), expr(e.then), expr(e.otherwise)];
    default:
      return e satisfies never;
  }
}
