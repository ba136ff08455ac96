/** Random Asts of every shape that the grammar can write. Their spans are empty: only `format` gives them text. */
import fc, { type Arbitrary } from "fast-check";
import type {
  BinaryOp,
  DimExpr,
  Expr,
  File,
  Ident,
  IndexArg,
  Item,
  Param,
  RangeExpr,
  ReduceName,
  Statement,
  StringLiteral,
  Target,
  TypeExpr,
} from "../../src/ir/ast.ts";

const source = { path: "generated.lum", text: "" };
const span = { file: source, start: 0, end: 0 };

/** Soft keywords among them: they are names wherever a name may stand. */
const words =
  "x y h k T w1 pos hidden_size f32 in as from prefix with sum max argmax input weight state dim output layer model entry grid";
const name = fc.constantFrom(...words.split(" "));
const ident: Arbitrary<Ident> = name.map((n) => ({ name: n, span }));
const text: Arbitrary<StringLiteral> = fc
  .oneof(fc.string({ maxLength: 8 }), fc.string({ unit: "grapheme", maxLength: 5 }), fc.constant('a\n"\\{l}'))
  .map((value) => ({ value, span }));

const opt = <T>(of: Arbitrary<T>) => fc.option(of, { nil: undefined });
const some = <T>(of: Arbitrary<T>, maxLength = 3) => fc.array(of, { minLength: 1, maxLength });
const few = <T>(of: Arbitrary<T>, maxLength = 3) => fc.array(of, { maxLength });

const binaryOps: readonly BinaryOp[] = [
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "@",
  "<",
  "<=",
  ">",
  ">=",
  "==",
  "!=",
  "and",
  "or",
];
const reduceNames: readonly ReduceName[] = [
  "sum",
  "max",
  "min",
  "prod",
  "mean",
  "any",
  "all",
  "argmax",
  "argmin",
];

const leaf: Arbitrary<Expr> = fc.oneof(
  { weight: 4, arbitrary: name.map((n): Expr => ({ kind: "name", name: n, span })) },
  { weight: 2, arbitrary: fc.maxSafeNat().map((value): Expr => ({ kind: "int", value, span })) },
  fc
    .double({ min: 0, noNaN: true, noDefaultInfinity: true })
    .map((value): Expr => ({ kind: "float", value: value === 0 ? 0 : value, span })),
  fc.boolean().map((value): Expr => ({ kind: "bool", value, span })),
  text.map(({ value }): Expr => ({ kind: "string", value, span })),
);

const rangeOf = (e: Arbitrary<Expr>): Arbitrary<RangeExpr> =>
  fc.record({ low: e, high: e, span: fc.constant(span) });

const indexArg = (e: Arbitrary<Expr>): Arbitrary<IndexArg> =>
  fc.oneof(
    { weight: 3, arbitrary: e.map((value): IndexArg => ({ kind: "at", value, span })) },
    fc
      .tuple(opt(e), opt(e))
      .map(([low, high]): IndexArg => ({ kind: "slice", range: { low, high, span }, span })),
    fc.constant<IndexArg>({ kind: "rest", span }),
  );

const args = (e: Arbitrary<Expr>) => few(fc.record({ name: opt(ident), value: e, span: fc.constant(span) }));

const { expr } = fc.letrec<{ expr: Expr }>((tie) => {
  const e = tie("expr");
  const call = fc.tuple(e, args(e), opt(text)).map(([callee, args, prefix]): Expr => {
    const named: Expr = prefix ? { kind: "prefix", callee, prefix, span } : callee;
    return { kind: "call", callee: named, args, span };
  });
  return {
    expr: fc.oneof(
      { depthSize: "xsmall", withCrossShrink: true },
      leaf,
      fc
        .tuple(fc.constantFrom("-" as const, "not" as const), e)
        .map(([op, operand]): Expr => ({ kind: "unary", op, operand, span })),
      fc
        .tuple(fc.constantFrom(...binaryOps), e, e)
        .map(([op, left, right]): Expr => ({ kind: "binary", op, opSpan: span, left, right, span })),
      fc.tuple(e, ident).map(([operand, dtype]): Expr => ({ kind: "cast", operand, dtype, span })),
      e.map((operand): Expr => ({ kind: "transpose", operand, span })),
      fc
        .tuple(
          fc.constantFrom(...reduceNames),
          some(fc.record({ name: ident, range: opt(rangeOf(e)), span: fc.constant(span) })),
          e,
        )
        .map(([op, binders, body]): Expr => ({ kind: "reduce", op, binders, body, span })),
      fc
        .tuple(e, few(indexArg(e)), opt(e))
        .map(([base, indices, otherwise]): Expr => ({ kind: "index", base, indices, otherwise, span })),
      call,
      few(e).map((elements): Expr => ({ kind: "array", elements, span })),
      fc
        .tuple(e, e, e)
        .map(([condition, then, otherwise]): Expr => ({ kind: "choose", condition, then, otherwise, span })),
    ),
  };
});

export const anyExpr: Arbitrary<Expr> = expr;

const dimExpr: Arbitrary<DimExpr> = fc.oneof(
  expr.map((value): DimExpr => ({ kind: "size", value, span })),
  fc.constant<DimExpr>({ kind: "rest", span }),
);
const type: Arbitrary<TypeExpr> = fc
  .tuple(opt(ident), opt(few(dimExpr)))
  .map(([element, shape]) => ({ element, shape: element ? shape : (shape ?? []), span }));

const indexed = (index: Arbitrary<NonNullable<Target["indices"]>[number]>): Arbitrary<Target> =>
  fc.record({ name: ident, indices: opt(some(index)), span: fc.constant(span) });
const variable = fc
  .tuple(name, opt(rangeOf(expr)))
  .map(([n, range]) => ({ value: { kind: "name", name: n, span } satisfies Expr, range, span }));
const place = fc.oneof(
  expr.map((value) => ({ value, range: undefined, span })),
  fc.tuple(opt(expr), opt(expr)).map(([low, high]) => {
    const zero: Expr = { kind: "int", value: 0, span };
    return { value: low ?? zero, range: undefined, slice: { low, high, span }, span };
  }),
);
const bare: Arbitrary<Target> = ident.map((n) => ({ name: n, indices: undefined, span }));

const define: Arbitrary<Statement> = fc
  .tuple(fc.oneof(some(bare), fc.tuple(indexed(variable))), expr)
  .map(([targets, value]) => ({ kind: "define", targets, value, span }));

const typed = { name: ident, type, span: fc.constant(span) };
const { statement } = fc.letrec<{ statement: Statement }>((tie) => {
  const block = few(tie("statement"), 4);
  const simple: Arbitrary<Statement>[] = [
    fc
      .tuple(ident, expr, expr)
      .map(([n, low, high]): Statement => ({ kind: "dim", name: n, low, high, span })),
    some(fc.record(typed)).map((items): Statement => ({ kind: "input", items, span })),
    some(fc.record({ ...typed, from: opt(text) })).map(
      (items): Statement => ({ kind: "weight", items, span }),
    ),
    fc
      .tuple(some(ident), type, opt(expr))
      .map(([names, of, init]): Statement => ({ kind: "state", names, type: of, init, span })),
    define,
    fc
      .tuple(indexed(variable), opt(expr))
      .map(([target, value]): Statement => ({ kind: "output", target, value, span })),
    fc
      .tuple(indexed(place), expr)
      .map(([target, value]): Statement => ({ kind: "update", target, value, span })),
    fc
      .tuple(indexed(variable), expr)
      .map(([target, value]): Statement => ({ kind: "emit", target, value, span })),
    some(expr).map((values): Statement => ({ kind: "return", values, span })),
    some(ident).map((names): Statement => ({ kind: "tap", names, span })),
  ];
  return {
    statement: fc.oneof(
      { depthSize: "xsmall", withCrossShrink: true },
      ...simple,
      fc
        .tuple(expr, block, opt(block))
        .map(([condition, then, otherwise]): Statement => ({ kind: "if", condition, then, otherwise, span })),
      fc
        .tuple(ident, rangeOf(expr), opt(text), block)
        .map(
          ([v, range, prefix, body]): Statement => ({ kind: "for", variable: v, range, prefix, body, span }),
        ),
      fc.tuple(ident, rangeOf(expr), some(fc.record({ name: ident, init: expr })), block).map(
        ([v, range, carried, body]): Statement => ({
          kind: "scan",
          variable: v,
          range,
          carried,
          body,
          span,
        }),
      ),
      fc.tuple(ident, block).map(([n, body]): Statement => ({ kind: "entry", name: n, body, span })),
    ),
  };
});

const param: Arbitrary<Param> = fc.record({
  name: ident,
  type: opt(type),
  default: opt(expr),
  span: fc.constant(span),
});
const block = few(statement, 6);
const body = fc.oneof(
  expr.map((value) => ({ kind: "expr" as const, value, span })),
  block.map((statements) => ({ kind: "block" as const, statements, span })),
);
const kernelSource = fc.record({
  target: fc.constantFrom("cpu", "cuda", "metal").map((n) => ({ name: n, span })),
  grid: few(expr),
  block: few(expr),
  code: text,
  span: fc.constant(span),
});
const item: Arbitrary<Item> = fc.oneof(
  define as Arbitrary<Item>,
  fc
    .tuple(ident, few(param), opt(type), body)
    .map(([n, params, result, b]): Item => ({ kind: "fn", name: n, params, result, body: b, span })),
  fc.tuple(ident, few(param), few(param), opt(type), body).map(
    ([n, statics, params, result, b]): Item => ({
      kind: "layer",
      name: n,
      statics,
      params,
      result,
      body: b,
      span,
    }),
  ),
  fc
    .tuple(ident, few(param), block)
    .map(([n, params, b]): Item => ({ kind: "model", name: n, params, body: b, span })),
  fc.tuple(ident, few(param), type, expr, few(kernelSource)).map(
    ([n, params, result, reference, sources]): Item => ({
      kind: "kernel",
      name: n,
      params,
      result,
      reference,
      sources,
      span,
    }),
  ),
);
const imported = fc.record({
  names: some(fc.record({ name: ident, alias: opt(ident) })),
  from: text,
  span: fc.constant(span),
});

export const anyFile: Arbitrary<File> = fc
  .tuple(few(imported, 2), few(item, 3))
  .map(([imports, items]) => ({ source, imports, items, comments: [], span }));
