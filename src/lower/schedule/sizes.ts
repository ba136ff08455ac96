/** The dims and loop variables that the statements of a kernel mention. */
import type { Expr, Operand, Stmt, Variable } from "../../ir/kernel.ts";
import { type Atom, atomsOf, type Poly } from "../../ir/poly.ts";

type SizeAtom = Atom & { kind: "dim" | "loop" };

/** Each once, in order of first mention. Sizes of variables count where a statement needs them. */
export function sizesIn(body: readonly Stmt[], variables: readonly Variable[]): SizeAtom[] {
  const found = new Map<string, SizeAtom>();
  for (const p of polysIn(body, variables))
    for (const a of atomsOf(p))
      if (a.kind === "dim" || a.kind === "loop") found.set(`${a.kind} ${a.name}`, a);
  return [...found.values()];
}

export function* polysIn(body: readonly Stmt[], variables: readonly Variable[]): Generator<Poly> {
  for (const s of body) yield* polysOfStmt(s, variables);
}

function* polysOfStmt(s: Stmt, variables: readonly Variable[]): Generator<Poly> {
  switch (s.kind) {
    case "loop":
      yield s.size;
      for (const r of s.exchange?.reads ?? []) yield r.at;
      if (s.how.startsWith("parallel")) yield s.work;
      if (s.except !== undefined)
        for (const { from, to } of [...s.except.around, s.except.own]) yield* [from, to];
      yield* polysIn(s.body, variables);
      break;
    case "let":
    case "index":
    case "fold":
      yield* polysOfExpr(s.value);
      break;
    case "row":
      yield s.at;
      break;
    case "pick":
      yield* polysOfExpr(s.value);
      yield s.position;
      break;
    case "store":
      yield s.at;
      yield* polysOfExpr(s.value);
      break;
    case "if":
      yield* polysOfExpr(s.condition);
      yield* polysIn(s.body, variables);
      break;
    case "contraction":
      for (const v of [s.batch, s.m, s.n, s.k]) if (v !== undefined) yield variables[v].size;
      yield* polysOfOperand(s.a, variables);
      yield* polysOfOperand(s.b, variables);
      yield* polysIn(s.epilogue, variables);
      break;
    case "merged":
      yield* polysIn(s.parts, variables);
      break;
    case "attention":
      for (const v of [s.item, s.row, s.key, s.depth, s.width]) if (v !== undefined) yield variables[v].size;
      yield s.group;
      for (const o of [s.q, s.k, s.v]) yield* polysOfOperand(o, variables);
      if (s.seen !== undefined) {
        yield* polysIn(s.seen.lets, variables);
        yield* [s.seen.begin, s.seen.end];
      }
      yield* polysIn(s.score.lets, variables);
      yield* polysOfExpr(s.score.value);
      yield* polysIn(s.epilogue, variables);
      break;
    case "topk":
      yield* [s.at, s.count, s.size];
      yield* polysIn(s.lets, variables);
      yield* polysOfExpr(s.value);
      if (s.answer !== undefined) yield* polysOfExpr(s.answer);
      break;
    case "text":
      yield* s.uses ?? [];
      break;
    case "accumulator":
      break;
  }
}

function* polysOfOperand(o: Operand, variables: readonly Variable[]): Generator<Poly> {
  yield* polysIn(o.perItem, variables);
  const { form } = o;
  switch (form.kind) {
    case "strided":
      yield* [form.offset, form.outerStride, form.kStride];
      break;
    case "packed":
    case "filters":
      break;
    case "patches":
      yield* [form.offset, form.height, form.width, form.kernelHeight, form.kernelWidth, form.outWidth];
      break;
    case "computed":
      yield* polysIn(form.lets, variables);
      yield* polysOfExpr(form.value);
      break;
  }
}

function* polysOfExpr(e: Expr): Generator<Poly> {
  switch (e.kind) {
    case "number":
    case "local":
      break;
    case "index":
      yield e.value;
      break;
    case "load":
      yield e.at;
      break;
    case "unary":
    case "cast":
    case "bitcast":
      yield* polysOfExpr(e.x);
      break;
    case "binary":
      yield* polysOfExpr(e.a);
      yield* polysOfExpr(e.b);
      break;
    case "select":
      yield* polysOfExpr(e.condition);
      yield* polysOfExpr(e.a);
      yield* polysOfExpr(e.b);
      break;
    case "inside":
      for (const c of e.checks) {
        yield c.value;
        if (c.below !== undefined) yield c.below;
      }
      break;
    case "checked":
      yield e.size;
      yield* polysOfExpr(e.x);
      break;
  }
}
