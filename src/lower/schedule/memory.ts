/** The static memory plan: temporaries whose lives do not meet share bytes of one arena. */
import { type Bounds, upperBound } from "../../ir/bounds.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Shape } from "../../ir/hlir.ts";
import type { Step, Temporary } from "../../ir/llir.ts";
import { multiply, one } from "../../ir/poly.ts";
import { cpu } from "../../targets/cpu.ts";

/** Positions of the first write and the last use in the flattened steps, inclusive. */
export type Life = { readonly first: number; readonly last: number };

/** Bytes at the largest values of the dims: of the product, or of each size on its own where that is tighter. */
export function largestBytes(t: { readonly shape: Shape; readonly dtype: DType }, bounds: Bounds): number {
  const whole = upperBound(multiply(one, ...t.shape), bounds);
  const each = t.shape.map((p) => upperBound(p, bounds));
  const apart = each.some((e) => e === undefined)
    ? undefined
    : each.reduce<number>((a, e) => a * Math.max(0, e!), 1);
  const elements = Math.min(whole ?? Number.POSITIVE_INFINITY, apart ?? Number.POSITIVE_INFINITY);
  if (!Number.isFinite(elements))
    throw new Error(`no bound for the size of [${t.shape.map((p) => p.key).join(", ")}]`);
  return Math.max(0, elements) * byteSize(t.dtype);
}

/**
 * Life of each temporary. What a loop shares with the steps around it (captures, carried values, which are set
 * before it starts) lives through all its iterations; what only the loop uses lives within one, since each
 * iteration writes it before it reads it.
 */
export function livesOf(steps: readonly Step[]): Map<string, Life> {
  let position = 0;
  const visit = (body: readonly Step[]): Map<string, Life> => {
    const own = new Map<string, Life>();
    const use = (name: string, life: Life) => {
      const known = own.get(name);
      own.set(
        name,
        known === undefined
          ? life
          : { first: Math.min(known.first, life.first), last: Math.max(known.last, life.last) },
      );
    };
    for (const step of body) {
      if (step.kind === "call") {
        for (const name of temporariesOf(step)) use(name, { first: position, last: position });
        position++;
        continue;
      }
      const start = position;
      const inner = visit(step.steps);
      const end = position - 1;
      for (const [name, life] of inner)
        use(name, usedBy(name, body) > 1 ? { first: start, last: end } : life);
    }
    return own;
  };
  return visit(steps);
}

const temporariesOf = (step: Step & { kind: "call" }): string[] =>
  step.args.flatMap((a) => (a.kind === "place" && a.place.kind === "temporary" ? [a.place.name] : []));

/** How many of the steps use it. */
function usedBy(name: string, steps: readonly Step[]): number {
  const uses = (s: Step): boolean =>
    s.kind === "call" ? temporariesOf(s).includes(name) : s.steps.some(uses);
  return steps.filter(uses).length;
}

export function planMemory(
  temporaries: readonly Omit<Temporary, "offset" | "bytes">[],
  steps: readonly Step[],
  bounds: Bounds,
): { temporaries: Temporary[]; bytes: number } {
  const lives = livesOf(steps);
  const sized = temporaries.map((t) => ({ ...t, bytes: largestBytes(t, bounds) }));
  const placed: Temporary[] = [];
  for (const t of [...sized].sort((a, b) => b.bytes - a.bytes)) {
    const life = lives.get(t.name);
    if (life === undefined) continue;
    const meeting = placed.filter((p) => meet(lives.get(p.name)!, life)).sort((a, b) => a.offset - b.offset);
    placed.push({ ...t, offset: firstGap(meeting, t.bytes) });
  }
  const order = new Map(temporaries.map((t, i) => [t.name, i]));
  placed.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
  return { temporaries: placed, bytes: Math.max(0, ...placed.map((p) => align(p.offset + p.bytes))) };
}

export const meet = (a: Life, b: Life): boolean => a.first <= b.last && b.first <= a.last;

const align = (n: number): number => Math.ceil(n / cpu.alignment) * cpu.alignment;

function firstGap(meeting: readonly Temporary[], bytes: number): number {
  let at = 0;
  for (const p of meeting) {
    if (at + bytes <= p.offset) break;
    at = Math.max(at, align(p.offset + p.bytes));
  }
  return at;
}
