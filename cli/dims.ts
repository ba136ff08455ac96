/** Values of dims, from `--dim` and from the sizes of inputs. */
import { CompileError, diagnostic } from "../src/diagnostics.ts";
import type { LEntry } from "../src/ir/llir.ts";
import { constantOf, evaluate, int, linearIn, type Poly, subtract } from "../src/ir/poly.ts";

/** Every dim of the entry; `stated` first, then sizes of inputs, then 0 for an offset that starts there. */
export function dimValues(
  entry: LEntry,
  stated: ReadonlyMap<string, number>,
  shapes: ReadonlyMap<string, readonly number[]>,
  lows: ReadonlyMap<string, Poly>,
): Record<string, number> {
  const values = new Map(stated);
  for (const input of entry.inputs) {
    const shape = shapes.get(input.name);
    if (shape === undefined) continue;
    if (shape.length !== input.shape.length) throw mismatch(input.name, shape, input.shape);
    input.shape.forEach((size, i) => solve(size, shape[i], values));
    const expected = input.shape.map((p) => sizeAt(p, values));
    if (expected.some((e, i) => e !== undefined && e !== shape[i]))
      throw mismatch(input.name, shape, input.shape, values);
  }
  const out: Record<string, number> = {};
  for (const name of entry.dims) {
    const low = lows.get(name);
    const value = values.get(name) ?? (low !== undefined && constantOf(low) === 0 ? 0 : undefined);
    if (value === undefined) throw new CompileError([diagnostic("LUM6204", undefined, { name })]);
    out[name] = value;
  }
  return out;
}

function mismatch(
  name: string,
  shape: readonly number[],
  wanted: readonly Poly[],
  values: ReadonlyMap<string, number> = new Map(),
): CompileError {
  const text = `[${wanted.map((p) => p.key).join(", ")}]`;
  const here = `[${wanted.map((p) => sizeAt(p, values) ?? p.key).join(", ")}]`;
  return new CompileError([
    diagnostic("LUM6203", undefined, {
      name,
      found: `[${shape.join(", ")}]`,
      expected: here === text || values.size === 0 ? text : `${text}, here ${here}`,
    }),
  ]);
}

/** A size that is one dim plus a constant tells the dim. */
function solve(size: Poly, found: number, values: Map<string, number>): void {
  const only =
    size.terms.length === 1 && size.terms[0].atoms.length === 1 ? size.terms[0].atoms[0] : undefined;
  if (only?.kind !== "dim" || values.has(only.name)) return;
  const linear = linearIn(size, only);
  const [scale, rest] = [
    linear && constantOf(linear.coefficient),
    linear && constantOf(subtract(int(found), linear.rest)),
  ];
  if (scale !== undefined && rest !== undefined && scale !== 0 && rest % scale === 0)
    values.set(only.name, rest / scale);
}

function sizeAt(p: Poly, values: ReadonlyMap<string, number>): number | undefined {
  let known = true;
  const value = evaluate(p, (a) => {
    const v = "name" in a ? values.get(a.name) : undefined;
    if (v === undefined) known = false;
    return v ?? 0;
  });
  return known ? value : undefined;
}
