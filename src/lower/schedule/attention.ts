/** Attention in one pass: how its axes are walked, its operands, what a score is, and which keys a row sees. */
import { upperBound } from "../../ir/bounds.ts";
import type { Node } from "../../ir/hlir.ts";
import type { Operand } from "../../ir/kernel.ts";
import type { AttentionForm, Choice } from "../../ir/plan.ts";
import { type Atom, axis, constantOf, int, mentions, type Poly, zero } from "../../ir/poly.ts";
import { dotAt, exponentialAt } from "../plan-attention.ts";
import { keptAxes, operandCoordinates, pureAxis, throughView } from "../plan-contraction.ts";
import type { KernelDraft } from "./build.ts";
import { axesOfRoot, batchVariable, mostOf } from "./contraction.ts";
import { createEvaluator } from "./evaluate.ts";
import type { Frame } from "./frames.ts";
import { axisNames, reducedNames } from "./index-names.ts";
import { storeRoot } from "./nest.ts";
import { locate, stridedForm } from "./operands.ts";
import { seenKeys } from "./seen-keys.ts";

/** Axes of the weighted product's domain by what they are. */
type Roles = {
  readonly key: number;
  readonly row: number | undefined;
  readonly width: number | undefined;
  readonly batch: readonly number[];
  /** So many neighbours along the last batch axis have the same keys and values. */
  readonly group: Poly;
};

export function attention(k: KernelDraft, choice: Choice): void {
  const { implementation } = choice;
  if (implementation.family !== "attention") throw new Error("attention of another family");
  const { form, schedule } = implementation;
  const keySplit = k.engine?.target === "cuda" ? schedule : undefined;
  const domain = form.weighted.inputs[0].shape;
  const roles = rolesOf(k, choice, form);
  const rootAxes = axesOfRoot(k, choice, form.weighted);
  const names = namesOf(choice, form, rootAxes);

  const coords: Poly[] = domain.map(() => zero);
  const own = (a: number | undefined): number | undefined => {
    if (a === undefined || constantOf(domain[a]) === 1) return undefined;
    coords[a] = k.ev.variable(names[a], domain[a]);
    return k.ev.variables.length - 1;
  };
  const { batch } = roles;
  const item = batch.length === 0 ? undefined : batchVariable(k, batch, (a) => domain[a], names, coords);
  const row = own(roles.row);
  const key = own(roles.key);
  const width = own(roles.width);
  const [depthAxis] = form.dotForm.k.filter((a) => constantOf(form.dot.inputs[0].shape[a]) !== 1);
  const reduced = depthVariable(k, form, depthAxis);
  const depth = depthAxis === undefined ? undefined : k.ev.variables.length - 1;

  const scoreAt = exponentialAt(form).map((p) => throughView([p], coords)[0]);
  const dotCoords = throughView(dotAt(form), scoreAt);
  const productAt = operandCoordinates(form.dot, dotCoords, reduced);
  const itemBinds = item === undefined ? [] : [item];
  const operand = (
    factors: readonly Node[],
    at: readonly Poly[],
    outer: number | undefined,
    inner: number | undefined,
  ) => operandOf(k, choice, factors, at, k.place.open(k.frame, itemBinds), outer, inner);
  const q = operand(form.dotForm.a, productAt, row, depth);
  const keys = operand(form.dotForm.b, productAt, key, depth);
  const v = operand(form.weightedForm.b, coords, width, key);

  const dot = k.ev.names.give("dot", "dot");
  const seeing = k.place.open(
    k.frame,
    [item, row].filter((x) => x !== undefined),
  );
  const scoring = k.place.open(
    k.frame,
    [item, row, key].filter((x) => x !== undefined),
  );
  scoring.locals.add(dot);
  k.ev.results.set(form.dot, k.ev.values.local(dot, form.dot.dtype));
  const scored = k.ev.at(form.score, scoreAt);
  const seen = key === undefined ? undefined : seenKeys(scored, key, fromData(k), k.ev.variables[key].size);
  if (seen !== undefined) for (const p of [seen.begin, seen.end]) k.place.needVariables(p, seeing);
  const score = k.place.exprOf(scored, scoring);

  const [weighted, total] = ["weighted", "total"].map((name) => k.ev.names.give(name, name));
  const epilogue = k.place.open(
    k.frame,
    [item, row, width].filter((x) => x !== undefined),
  );
  for (const name of [weighted, total]) epilogue.locals.add(name);
  k.ev.results.set(form.weighted, k.ev.values.local(weighted, "f32"));
  k.ev.results.set(form.total, k.ev.values.local(total, "f32"));
  const at = rootAxes.map((a) => (a === undefined ? zero : coords[a]));
  storeRoot(k, choice, epilogue, at, () => ({ value: k.ev.at(choice.root, at) }));
  k.frame.out.push({
    kind: "attention",
    item,
    row,
    key,
    depth,
    width,
    group: roles.group,
    q,
    k: keys,
    v,
    seen: seen === undefined ? undefined : { lets: seeing.out, ...seen },
    dot,
    score: { lets: scoring.out, value: score },
    weighted,
    total,
    workspace: k.ev.extra("workspace"),
    epilogue: epilogue.out,
    ...(keySplit === undefined ? {} : { keySplit }),
    ...(k.engine?.target === "cuda" ? { most: mostOf(k, [item, row, key, depth, width]) } : {}),
  });
  k.note(
    "Attention in one pass over the keys: scores exist for a block at a time, sums are rescaled when a greater score comes.",
  );
  if (seen !== undefined) k.note("Keys that the mask shuts out for a whole block are not looked at.");
}

/** Variables whose values are read from memory. */
const fromData = (k: KernelDraft): Set<number> =>
  new Set([...k.ev.bound].flatMap(([variable, v]) => (v.op.kind === "index" ? [] : [variable])));

function depthVariable(k: KernelDraft, form: AttentionForm, depthAxis: number | undefined): Poly[] {
  const shape = form.dot.inputs[0].shape;
  const names = reducedNames(form.dot, form.dotForm.k.length);
  return form.dotForm.k.map((a, i) => (a === depthAxis ? k.ev.variable(names[i] ?? "k", shape[a]) : zero));
}

function namesOf(
  choice: Choice,
  { weighted }: AttentionForm,
  rootAxes: readonly (number | undefined)[],
): string[] {
  const root = axisNames(choice.root, rootAxes.length);
  const own = reducedNames(weighted, 1);
  return weighted.inputs[0].shape.map((_, a) => {
    const at = rootAxes.indexOf(a);
    return at >= 0 ? root[at] : weighted.op.kind === "reduce" && weighted.op.axes.includes(a) ? own[0] : "b";
  });
}

function rolesOf(k: KernelDraft, choice: Choice, form: AttentionForm): Roles {
  const domain = form.weighted.inputs[0].shape;
  const real = (axes: readonly number[]) => axes.filter((a) => constantOf(domain[a]) !== 1);
  const [key] = form.weightedForm.k;
  const [width] = real(form.weightedForm.n);
  const hint = (a: number) => upperBound(domain[a], k.bounds) ?? 1024;
  const rows = real(form.weightedForm.m).filter((a) => isRow(form, a));
  const row = rows.reduce<number | undefined>(
    (best, a) => (best === undefined || hint(a) > hint(best) ? a : best),
    undefined,
  );
  const left = real([...form.weightedForm.batch, ...form.weightedForm.m]).filter((a) => a !== row);
  const rootAxes = axesOfRoot(k, choice, form.weighted);
  left.sort((x, y) => rootAxes.indexOf(x) - rootAxes.indexOf(y));
  const shared = left.flatMap((a) => {
    const group = sharing(k, choice, form, a);
    return group === undefined ? [] : [{ a, group }];
  });
  const last = shared.at(-1);
  const batch = last === undefined ? left : [...left.filter((a) => a !== last.a), last.a];
  return { key, row, width, batch, group: last?.group ?? int(1) };
}

/** An axis of the weighted product that the queries have for themselves, where keys and values are the same. */
function isRow(form: AttentionForm, a: number): boolean {
  const mentionsA = (p: Poly) => mentions(p, (x) => x.kind === "axis" && x.axis === a);
  const inScore = exponentialAt(form).flatMap((p, i) => (mentionsA(p) ? [i] : []));
  if (inScore.length !== 1 || pureAxis(exponentialAt(form)[inScore[0]]) !== a) return false;
  const inDot = dotAt(form).flatMap((p, i) =>
    mentions(p, (x) => x.kind === "axis" && x.axis === inScore[0]) ? [i] : [],
  );
  if (inDot.length !== 1 || pureAxis(dotAt(form)[inDot[0]]) !== inScore[0]) return false;
  return form.dotForm.m.includes(keptAxes(form.dot)[inDot[0]]);
}

/** How many neighbours along a batch axis read the same keys and values; undefined for one. */
function sharing(k: KernelDraft, choice: Choice, form: AttentionForm, a: number): Poly | undefined {
  const domain = form.weighted.inputs[0].shape;
  const ev = createEvaluator({ bounds: k.bounds, slotOf: k.slotOf, root: choice.root });
  for (const [i, size] of domain.entries()) ev.variable(`a${i}`, size);
  const coords = domain.map((_, i) => axis(i));
  const shape = form.dot.inputs[0].shape;
  const reduced = form.dotForm.k.map((x, i) => ev.variable(`r${i}`, shape[x]));
  const scoreAt = throughView(exponentialAt(form), coords);
  const productAt = operandCoordinates(form.dot, throughView(dotAt(form), scoreAt), reduced);
  const places = [
    locate(k, ev, form.dotForm.b, productAt, choice.root),
    locate(k, ev, form.weightedForm.b, coords, choice.root),
  ];
  let group = 0;
  for (const p of places) {
    if (
      p === undefined ||
      p.padded ||
      p.coords.some((c) => mentions(c, (x) => x.kind === "axis" && ev.bound.has(x.axis)))
    )
      return undefined;
    for (const c of p.coords) group = greatestDivisor(group, runIn(c, a));
  }
  const size = domain[a];
  if (group === 0) return size;
  return group > 1 && (constantOf(size) ?? 1) % group === 0 ? int(group) : undefined;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Over how many neighbours along the axis, from a multiple of it on, the polynomial stays the same; 0: over all. */
function runIn(p: Poly, a: number): number {
  const self = axis(a).key;
  const inAtom = (x: Atom): number => {
    if (x.kind === "axis") return x.axis === a ? 1 : 0;
    if (x.kind === "dim" || x.kind === "loop") return 0;
    const divisor = constantOf(x.right);
    if (x.kind === "div" && x.left.key === self && divisor !== undefined && divisor > 0) return divisor;
    return greatestDivisor(runIn(x.left, a), runIn(x.right, a));
  };
  return p.terms.flatMap((t) => t.atoms.map(inAtom)).reduce(greatestDivisor, 0);
}

function operandOf(
  k: KernelDraft,
  choice: Choice,
  factors: readonly Node[],
  coords: readonly Poly[],
  frame: Frame,
  outer: number | undefined,
  depth: number | undefined,
): Operand {
  const at = locate(k, k.ev, factors, coords, choice.root);
  const form = at === undefined ? undefined : stridedForm(k.ev, at, outer, depth);
  if (form?.kind === "strided") {
    k.place.needVariables(form.offset, frame);
    return { perItem: frame.out, form };
  }
  const inner = k.place.open(
    frame,
    [outer, depth].filter((x) => x !== undefined),
  );
  const values = factors.map((f) => k.ev.at(f, coords));
  const product = values.reduce((x, y) => k.ev.values.binary("mul", x, y, "f32"));
  const value = k.place.exprOf(product, inner);
  return { perItem: frame.out, form: { kind: "computed", lets: inner.out, value } };
}
