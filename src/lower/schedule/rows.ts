/**
 * Row pointers: where the innermost loop reads `x[i * s * n + j * n + k]`, the part that stays the same in it
 * becomes `const float* x_row = x + …` before the loop.
 */
import type { DType } from "../../ir/dtype.ts";
import type { Expr, Stmt } from "../../ir/kernel.ts";
import { add, linearIn, type Poly, zero } from "../../ir/poly.ts";
import { axesIn } from "../plan-contraction.ts";

export type RowNames = {
  /** A fresh name for a row of `from`. */
  readonly give: (key: string, wanted: string) => string;
  /** Whether the tensor is written by the kernel, and its element type; undefined for tables. */
  readonly tensor: (from: string) => { readonly mutable: boolean; readonly dtype: DType } | undefined;
};

/** The statements with row pointers declared in them. */
export function withRows(body: readonly Stmt[], names: RowNames): Stmt[] {
  const declared = new Map<string, string>();
  const out: Stmt[] = [];
  for (const s of body) {
    if (s.kind !== "loop") {
      out.push(s);
      continue;
    }
    if (s.body.some((x) => x.kind === "loop")) {
      out.push({ ...s, body: withRows(s.body, names) });
      continue;
    }
    out.push(rewriteLoop(s, names, declared, out));
  }
  return out;
}

function rewriteLoop(
  s: Stmt & { kind: "loop" },
  names: RowNames,
  declared: Map<string, string>,
  before: Stmt[],
): Stmt {
  const inside = new Set([s.variable, ...s.body.flatMap((x) => (x.kind === "index" ? [x.variable] : []))]);
  const access = (from: string, at: Poly): { from: string; at: Poly } => {
    const parts = split(at, s.variable, inside);
    const tensor = names.tensor(from);
    if (parts === undefined || tensor === undefined) return { from, at };
    const key = `${from} ${parts.outer.key}`;
    let name = declared.get(key);
    if (name === undefined) {
      name = names.give(`row ${key} ${before.length}`, `${from}_row`);
      declared.set(key, name);
      before.push({ kind: "row", name, from, at: parts.outer, dtype: tensor.dtype, mutable: tensor.mutable });
    }
    return { from: name, at: parts.inner };
  };
  return { ...s, body: s.body.map((x) => inStmt(x, access)) };
}

type Access = (from: string, at: Poly) => { from: string; at: Poly };

/** What the loop changes, and the rest where that is worth a pointer: two terms and more, with a variable in it. */
function split(
  at: Poly,
  variable: number,
  inside: ReadonlySet<number>,
): { inner: Poly; outer: Poly } | undefined {
  const linear = linearIn(at, { kind: "axis", axis: variable });
  if (linear === undefined || linear.coefficient.key === "0") return undefined;
  const { rest } = linear;
  const outer = add({ ...rest, constant: 0 }, zero);
  const axes = [...axesIn([outer])];
  if (outer.terms.length < 2 || axes.length === 0 || axes.some((a) => inside.has(a))) return undefined;
  return {
    inner: add(at, { ...outer, constant: 0, terms: outer.terms.map((t) => ({ ...t, coef: -t.coef })) }),
    outer,
  };
}

function inStmt(s: Stmt, access: Access): Stmt {
  const expr = (e: Expr) => inExpr(e, access);
  switch (s.kind) {
    case "let":
    case "index":
    case "fold":
      return { ...s, value: expr(s.value) };
    case "pick":
      return { ...s, value: expr(s.value) };
    case "store": {
      const { from, at } = access(s.to, s.at);
      return { ...s, to: from, at, value: expr(s.value) };
    }
    case "if":
      return { ...s, condition: expr(s.condition), body: s.body.map((x) => inStmt(x, access)) };
    default:
      return s;
  }
}

function inExpr(e: Expr, access: Access): Expr {
  const inner = (x: Expr) => inExpr(x, access);
  switch (e.kind) {
    case "load":
      return { ...e, ...access(e.from, e.at) };
    case "unary":
    case "cast":
    case "bitcast":
    case "checked":
      return { ...e, x: inner(e.x) };
    case "binary":
      return { ...e, a: inner(e.a), b: inner(e.b) };
    case "select":
      return { ...e, condition: inner(e.condition), a: inner(e.a), b: inner(e.b) };
    default:
      return e;
  }
}
