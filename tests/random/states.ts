/** State: updates at shifted, turned, computed and scattered places, with reads before and after them. */
import { addKnown, addLine, type Draft, freshName, type Known, operand } from "./draft.ts";
import { bools, floats, ints } from "./expressions.ts";
import { exactly, roughly } from "./facts.ts";
import { siteOver, target } from "./indexed.ts";
import { binder, type Variable } from "./places.ts";
import { fixed, greatest, type Size, shapeText } from "./sizes.ts";

/** Floats stay within ±2, integers within 0..7. */
export function declareState(p: Draft): Known {
  const { draw } = p;
  const first = draw.between(2, 8);
  const isInt = draw.chance(20);
  const dtype = isInt
    ? draw.chance(75)
      ? "i32"
      : "bool"
    : draw.pick(["f32", "f32", "f32", "bf16", "f16"] as const);
  const shape = [fixed(first), ...Array.from({ length: draw.below(3) }, () => fixed(draw.between(1, 5)))];
  const name = freshName(p, "c");
  const start = dtype === "bool" ? "" : draw.chance(30) ? (isInt ? " = 3" : " = 0.5") : "";
  p.declarations.push(`  state ${name}: ${dtype}${shapeText(shape)}${start}`);
  const unit = dtype === "bf16" ? 2 ** -8 : dtype === "f16" ? 2 ** -11 : 2 ** -22;
  const facts =
    dtype === "bool"
      ? exactly(0, 1, 0)
      : isInt
        ? exactly(0, 7, 0)
        : { ...roughly(-2, 2, [], 2 * unit), coarse: dtype !== "f32" };
  return addKnown(p, { name, shape, dtype, facts, isState: true });
}

/** What may be written: of the state's kind and range. */
function value(p: Draft, state: Known, site: Parameters<typeof floats>[0], must: string | undefined): string {
  const depth = p.draw.between(0, 2);
  if (state.dtype === "bool")
    return must === undefined ? bools(site, depth).text : `(${bools(site, depth).text} or ${must} > 1)`;
  if (state.dtype === "i32") {
    const e = ints(site, depth);
    return `(${e.text}${must === undefined ? "" : ` + ${must}`}) % 8`;
  }
  const e = floats(site, depth);
  return `tanh(${e.text}${must === undefined ? " + 0.0" : ` + ${must}`}) * 2.0`;
}

/** The state as a whole, or as a slice, under a new name. */
export function readState(p: Draft, state: Known): void {
  const name = freshName(p, "g");
  p.used.add(state.name);
  const rows = p.draw.chance(50) ? state.shape[0] : fixed(p.draw.between(1, state.shape[0].plus));
  const asWhole = p.draw.chance(40) && rows === state.shape[0];
  addLine(p, `${name} = ${asWhole ? state.name : `${state.name}[0..${rows.plus}]`}`);
  addKnown(p, { name, shape: [rows, ...state.shape.slice(1)], dtype: state.dtype, facts: state.facts });
}

export function updateState(p: Draft, state: Known): void {
  const { draw } = p;
  p.used.add(state.name);
  const roll = draw.below(100);
  const loop = p.loops.find((l) => l.count <= state.shape[0].plus);
  if (loop !== undefined && state.shape.length > 1 && roll < 60) return updateSlice(p, state, loop.name);
  if (p.hasRunTime && roll < 40 && mayShift(p, state)) return updateShifted(p, state);
  if (roll < 55) return updateScattered(p, state);
  if (roll < 70) return updatePart(p, state);
  const { site, vars } = siteOver(p, state.shape);
  const plain = vars.map((v) => ({ ...v, low: 0 }));
  const inner = { ...site, vars: [...site.vars.slice(0, -vars.length), ...plain] };
  const text = value(p, state, inner, undefined);
  addLine(p, `${state.name}[${plain.map((v) => stated(v)).join(", ")}] := ${text}`);
}

const stated = (v: Variable): string => `${v.name} in 0..${v.size.plus}`;

const mayShift = (p: Draft, state: Known): boolean =>
  greatest({ runTime: true, plus: 0 }, p.bounds) <= state.shape[0].plus;

/** `c[l, i, j] := …` in a loop over l. */
function updateSlice(p: Draft, state: Known, loop: string): void {
  const { site, vars } = siteOver(p, state.shape.slice(1));
  const plain = vars.map((v) => ({ ...v, low: 0 }));
  const inner = { ...site, vars: [...site.vars.slice(0, site.vars.length - vars.length), ...plain] };
  addLine(
    p,
    `${state.name}[${[loop, ...plain.map(stated)].join(", ")}] := ${value(p, state, inner, undefined)}`,
  );
}

/** `c[pos + t, d] := x[t, d]`: a window of run-time length at a run-time place. */
function updateShifted(p: Draft, state: Known): void {
  const length = state.shape[0].plus;
  if (p.posEnd === undefined) {
    p.posEnd = length;
    p.declarations.unshift(`  dim pos in 0..${length} - s`);
  }
  if (p.posEnd > length) return;
  const shape: Size[] = [{ runTime: true, plus: 0 }, ...state.shape.slice(1)];
  const x = operand(p, shape, state.dtype.startsWith("f") || state.dtype === "bf16" ? "float" : "int", 30);
  const { vars } = siteOver(p, shape);
  const names = vars.map((v) => v.name);
  // The ranges must follow from this read, so nothing else is indexed by these variables.
  const text = value(
    p,
    state,
    { ...siteOver(p, []).site, reserved: names },
    `${x.name}[${names.join(", ")}]`,
  );
  addLine(
    p,
    `${state.name}[pos + ${names[0]}${names
      .slice(1)
      .map((n) => `, ${n}`)
      .join("")}] := ${text}`,
  );
}

/** At the places of a permutation, so that each is written once. */
function updateScattered(p: Draft, state: Known): void {
  const keys = operand(p, [state.shape[0]], "int", 50);
  const order = freshName(p, "o");
  addLine(p, `${order} = argsort(${keys.name})`);
  addKnown(p, {
    name: order,
    shape: [state.shape[0]],
    dtype: "i32",
    facts: exactly(0, state.shape[0].plus - 1, 0),
  });
  const { site, vars } = siteOver(p, state.shape);
  const plain = vars.map((v) => ({ ...v, low: 0 }));
  // The range of the first must follow from its reads, so nothing else is indexed by it.
  const inner = {
    ...site,
    vars: [...site.vars.slice(0, site.vars.length - vars.length), ...plain.slice(1)],
    reserved: [plain[0].name],
  };
  const text = value(p, state, inner, `${keys.name}[${plain[0].name}]`);
  const rest = plain.slice(1).map(stated);
  addLine(p, `${state.name}[${[`${order}[${plain[0].name}]`, ...rest].join(", ")}] := ${text}`);
}

/** A part by stated ranges and fixed rows. */
function updatePart(p: Draft, state: Known): void {
  const { draw } = p;
  const row = draw.below(state.shape[0].plus);
  const shape = state.shape.slice(1).map((z) => fixed(draw.between(1, z.plus)));
  const { site, vars } = siteOver(p, shape);
  const plain = vars.map((v) => ({ ...v, low: 0 }));
  const inner = { ...site, vars: [...site.vars.slice(0, site.vars.length - vars.length), ...plain] };
  addLine(
    p,
    `${state.name}[${[String(row), ...plain.map(stated)].join(", ")}] := ${value(p, state, inner, undefined)}`,
  );
}

export { binder, target };
