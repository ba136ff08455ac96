/**
 * From the graph of values to statements: each value is computed in the outermost place where all it depends on
 * is known, and named where it is needed twice or further in.
 */
import { byteSize } from "../../ir/dtype.ts";
import type { Expr, LoopBlock, LoopGap, Looping, Stmt } from "../../ir/kernel.ts";
import type { Poly } from "../../ir/poly.ts";
import { axesIn } from "../plan-contraction.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Value } from "./values.ts";

/** A block of statements; `binds` are the variables known inside it and not outside. */
export type Frame = {
  readonly parent: Frame | undefined;
  readonly binds: readonly number[];
  /** Locals declared in it: accumulators, sums handed to an epilogue. */
  readonly locals: Set<string>;
  readonly out: Stmt[];
  readonly names: Map<Value, string>;
  readonly indices: Set<number>;
};

export type Placer = ReturnType<typeof createPlacer>;

export function createPlacer(ev: Evaluator) {
  const open = (parent: Frame | undefined, binds: readonly number[]): Frame => ({
    parent,
    binds,
    locals: new Set(),
    out: [],
    names: new Map(),
    indices: new Set(),
  });

  /** Ancestors, outermost first. */
  function chain(frame: Frame): Frame[] {
    const up: Frame[] = [];
    for (let f: Frame | undefined = frame; f !== undefined; f = f.parent) up.unshift(f);
    return up;
  }

  const deepest = (frames: readonly Frame[], test: (f: Frame) => boolean) =>
    Math.max(0, frames.findIndex(test));

  /** Position in `frames` of the outermost one where the value can be computed. */
  function homeOf(value: Value, frames: readonly Frame[], memo: Map<Value, number>): number {
    const known = memo.get(value);
    if (known !== undefined) return known;
    let home = 0;
    const { op } = value;
    if (op.kind === "local") home = deepest(frames, (f) => f.locals.has(op.name));
    for (const a of value.axes) home = Math.max(home, homeOfVariable(a, frames, memo));
    for (const x of value.args) home = Math.max(home, homeOf(x, frames, memo));
    memo.set(value, home);
    return home;
  }

  function homeOfVariable(variable: number, frames: readonly Frame[], memo: Map<Value, number>): number {
    const value = ev.bound.get(variable);
    return value === undefined
      ? deepest(frames, (f) => f.binds.includes(variable))
      : homeOf(value, frames, memo);
  }

  /** A polynomial's variables from data get their statements; call before it is used in `frame`. */
  function needVariables(p: Poly, frame: Frame): Poly {
    for (const a of axesIn([p])) {
      const value = ev.bound.get(a);
      const frames = chain(frame);
      if (value === undefined || frames.some((f) => f.indices.has(a))) continue;
      const home = frames[homeOf(value, frames, new Map())];
      const expr = spell(value, home);
      home.indices.add(a);
      home.out.push({ kind: "index", variable: a, value: expr });
    }
    return p;
  }

  /**
   * The expression of a value for use in `frame`; values that deserve a name are declared on the way. `conditional`:
   * a condition stands before it.
   */
  function exprOf(value: Value, frame: Frame, conditional = false): Expr {
    const frames = chain(frame);
    for (const f of frames) {
      const name = f.names.get(value);
      if (name !== undefined) return { kind: "local", name, dtype: value.dtype };
    }
    const at = homeOf(value, frames, new Map());
    const home = frames[at];
    const named = worthAName(value, at < frames.length - 1) || (conditional && isNarrowLoad(value));
    if (!named) return spell(value, frame, conditional);
    const expr = spell(value, home);
    const name = ev.names.give(`value ${value.id} ${frames.length} ${home.out.length}`, nameFor(value));
    home.names.set(value, name);
    home.out.push({ kind: "let", name, value: expr });
    return { kind: "local", name, dtype: value.dtype };
  }

  function spell(value: Value, frame: Frame, conditional = false): Expr {
    const { op, dtype } = value;
    const arg = (i: number, behind = conditional) => exprOf(value.args[i], frame, behind);
    const poly = (p: Poly) => needVariables(p, frame);
    switch (op.kind) {
      case "number":
        return { kind: "number", value: op.value, dtype };
      case "local":
        return { kind: "local", name: op.name, dtype };
      case "index":
        return { kind: "index", value: poly(op.value), dtype };
      case "load":
        return { kind: "load", from: op.from, at: poly(op.at), dtype };
      case "guarded": {
        const condition = arg(0);
        const load: Expr = { kind: "load", from: op.from, at: poly(op.at), dtype: op.stored };
        const a: Expr = op.stored === dtype ? load : { kind: "cast", x: load, dtype };
        return { kind: "select", condition, a, b: arg(1, true), dtype };
      }
      case "unary":
        return { kind: "unary", fn: op.fn, x: arg(0), dtype };
      case "binary":
        return { kind: "binary", fn: op.fn, a: arg(0), b: arg(1, conditional || stopsEarly(op.fn)), dtype };
      case "select":
        return { kind: "select", condition: arg(0), a: arg(1, true), b: arg(2, true), dtype };
      case "cast":
        return { kind: "cast", x: arg(0), dtype };
      case "bitcast":
        return { kind: "bitcast", x: arg(0), dtype };
      case "inside":
        for (const c of op.checks) poly(c.value);
        return { kind: "inside", checks: op.checks, dtype: "bool" };
      case "checked":
        return { kind: "checked", x: arg(0), size: op.size, what: op.what, dtype: "i64" };
    }
  }

  return {
    open,
    exprOf,
    needVariables,
    /** `how` looks at the finished body. */
    loop(
      frame: Frame,
      at: {
        readonly variable: number;
        readonly size: Poly;
        readonly block?: LoopBlock;
        readonly except?: LoopGap;
      },
      work: Poly,
      how: (body: readonly Stmt[]) => Looping,
      body: (inner: Frame) => void,
    ): void {
      const inner = open(frame, [at.variable]);
      body(inner);
      frame.out.push({ kind: "loop", ...at, how: how(inner.out), work, body: inner.out });
    },
  };
}

function worthAName(value: Value, hoisted: boolean): boolean {
  const { kind } = value.op;
  if (kind === "number" || kind === "local" || kind === "index" || kind === "checked") return false;
  if (kind === "cast" && (value.args[0].op.kind === "number" || value.args[0].op.kind === "local"))
    return false;
  return hoisted || value.mentions > 1;
}

/** C++ evaluates the second operand only where the first leaves the result open. */
const stopsEarly = (fn: string): boolean => fn === "and" || fn === "or";

/**
 * A load that vector units have no masked form of, or one that is widened. Behind a condition it would keep the loop
 * out of vectors; what is not guarded may be loaded anyway, so it is named before.
 */
const isNarrowLoad = ({ op, args, dtype }: Value): boolean =>
  op.kind === "cast" ? isNarrowLoad(args[0]) : op.kind === "load" && byteSize(dtype) < 4;

const wordOf: Readonly<Record<string, string>> = {
  add: "total",
  sub: "difference",
  mul: "product",
  div: "ratio",
  neg: "negated",
  recip: "inverse",
  rsqrt: "scale",
  sqrt: "root",
  exp: "exponential",
  exp2: "exponential",
  max: "greater",
  min: "smaller",
  lt: "below",
  le: "allowed",
  ge: "allowed",
  and: "both",
};

function nameFor(value: Value): string {
  if (value.hint !== undefined) return value.hint;
  const { op } = value;
  switch (op.kind) {
    case "load":
    case "guarded":
      return `${op.from}_value`;
    case "binary":
      return op.fn === "div" && value.args[0].op.kind === "local" && value.args[1].op.kind === "number"
        ? "mean"
        : (wordOf[op.fn] ?? `${op.fn}_value`);
    case "unary":
      return wordOf[op.fn] ?? `${op.fn}_value`;
    case "select":
      return "chosen";
    case "cast":
    case "bitcast":
      return nameFor(value.args[0]);
    case "inside":
      return "inside";
    default:
      return "value";
  }
}
