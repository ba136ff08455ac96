/** The registry of elementwise operations. A new one is its file, its line here, and its test. */

import { add } from "./binary/add.ts";
import { and } from "./binary/and.ts";
import { bitand } from "./binary/bitand.ts";
import { bitor } from "./binary/bitor.ts";
import { bitxor } from "./binary/bitxor.ts";
import { div } from "./binary/div.ts";
import { eq } from "./binary/eq.ts";
import { ge } from "./binary/ge.ts";
import { gt } from "./binary/gt.ts";
import { idiv } from "./binary/idiv.ts";
import { le } from "./binary/le.ts";
import { lt } from "./binary/lt.ts";
import { max } from "./binary/max.ts";
import { min } from "./binary/min.ts";
import { mod } from "./binary/mod.ts";
import { mul } from "./binary/mul.ts";
import { ne } from "./binary/ne.ts";
import { or } from "./binary/or.ts";
import { pow } from "./binary/pow.ts";
import { shl } from "./binary/shl.ts";
import { shr } from "./binary/shr.ts";
import { sub } from "./binary/sub.ts";
import { xor } from "./binary/xor.ts";
import type { BinaryOp, UnaryOp } from "./op.ts";
import { abs } from "./unary/abs.ts";
import { bitnot } from "./unary/bitnot.ts";
import { ceil } from "./unary/ceil.ts";
import { cos } from "./unary/cos.ts";
import { erf } from "./unary/erf.ts";
import { exp } from "./unary/exp.ts";
import { exp2 } from "./unary/exp2.ts";
import { expm1 } from "./unary/expm1.ts";
import { floor } from "./unary/floor.ts";
import { log } from "./unary/log.ts";
import { log1p } from "./unary/log1p.ts";
import { log2 } from "./unary/log2.ts";
import { neg } from "./unary/neg.ts";
import { not } from "./unary/not.ts";
import { recip } from "./unary/recip.ts";
import { round } from "./unary/round.ts";
import { rsqrt } from "./unary/rsqrt.ts";
import { sigmoid } from "./unary/sigmoid.ts";
import { sign } from "./unary/sign.ts";
import { sin } from "./unary/sin.ts";
import { sqrt } from "./unary/sqrt.ts";
import { tanh } from "./unary/tanh.ts";

const allUnary: readonly UnaryOp[] = [
  neg,
  abs,
  sign,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log1p,
  sqrt,
  rsqrt,
  recip,
  sin,
  cos,
  tanh,
  erf,
  sigmoid,
  floor,
  ceil,
  round,
  not,
  bitnot,
];

const allBinary: readonly BinaryOp[] = [
  add,
  sub,
  mul,
  div,
  idiv,
  mod,
  pow,
  min,
  max,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  and,
  or,
  xor,
  bitand,
  bitor,
  bitxor,
  shl,
  shr,
];

export const unaryOps: ReadonlyMap<string, UnaryOp> = new Map(allUnary.map((op) => [op.name, op]));
export const binaryOps: ReadonlyMap<string, BinaryOp> = new Map(allBinary.map((op) => [op.name, op]));

/** Throws on a name that is not in the registry: only the elaborator makes names, from this registry. */
export function unaryOp(name: string): UnaryOp {
  const op = unaryOps.get(name);
  if (op === undefined) throw new Error(`no unary operation "${name}"`);
  return op;
}

export function binaryOp(name: string): BinaryOp {
  const op = binaryOps.get(name);
  if (op === undefined) throw new Error(`no binary operation "${name}"`);
  return op;
}
