/**
 * Products by every tile that they may have, with and without parts, and attentions by every split of their keys: run
 * by the SIMT layer with every access watched, against the interpreter, at sizes that no tile divides.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { productTiles, tileAndParts } from "../../../src/ir/cuts.ts";
import type { Hlir } from "../../../src/ir/hlir.ts";
import { checkLlir } from "../../../src/ir/llir-check.ts";
import { choicesOf, type Plan, type Schedule, scheduleOf, storedIn } from "../../../src/ir/plan.ts";
import { checkPlan } from "../../../src/ir/plan-check.ts";
import { directPlan } from "../../../src/lower/direct/direct.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import { attentionOf, totalsOf } from "../../../src/lower/plan-attention.ts";
import { cutsOf } from "../../../src/lower/plan-cuts.ts";
import { fmaShapes, mmaShapes, shapeName, tf32Shapes } from "../../../src/lower/schedule-cuda/shapes.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { allNodes } from "../../../src/search/encode.ts";
import { cudaArchOf, defaultCudaArch } from "../../../src/targets/cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { randomInputs, randomWeights } from "../../emit/random-tensors.ts";
import { Bundle } from "../../emit/run-kernels.ts";
import { isLong, recordLongRun } from "../../long-run.ts";
import { expectClose } from "./close.ts";
import { type CutCase, productCases } from "./cut-cases.ts";
import { decodeCases } from "./decode-cases.ts";
import { cudaWriter } from "./writer.ts";

const withTf32 = cudaArchOf(defaultCudaArch, ["tf32"]);

/** Both factors rounded to 10 digits, to the nearest. */
const tf32Tolerance = 2 ** -9;

const attentions: readonly CutCase[] = decodeCases.map(({ sizes, ...c }) => ({ ...c, calls: sizes }));
const cases = [...productCases, ...attentions];

function planned(h: Hlir, schedule?: Schedule): Plan {
  const totalOf = totalsOf(allNodes(h));
  return directPlan(h, {
    attention: (n) => attentionOf(n, h.bounds, totalOf),
    ...(schedule === undefined ? {} : { schedule: () => schedule }),
  });
}

/** Of the first kernel that may be cut. */
function legal(h: Hlir): readonly Schedule[] {
  const plan = planned(h);
  const found = plan.entries.flatMap((e) =>
    [...choicesOf(e.body)].map((c) => cutsOf(c, h.bounds, storedIn(e))),
  );
  return found.find((list) => list.length > 0) ?? [];
}

/** Cases that a tile has been tried in. */
const met = new Map<string, number>();

/**
 * Each tile whole or in some number of parts, another one for every tile: where one case has it whole, the next one has
 * it in parts. All of them in a long run.
 */
function tried(all: readonly Schedule[]): readonly Schedule[] {
  if (isLong) return all;
  const ofTiles = productTiles.flatMap((tile, i) => {
    const own = all.filter((s) => s.startsWith(tile));
    if (own.length < 2) return own;
    const turn = met.get(tile) ?? i;
    met.set(tile, turn + 1);
    return [own[turn % 2 === 0 ? 0 : 1 + (i % (own.length - 1))]];
  });
  const ofKeys = all.filter((s) => s.startsWith("keys"));
  return [...ofTiles, ...ofKeys.filter((_, i) => i % 2 === 0 || i === ofKeys.length - 1)];
}

const bundle = new Bundle(cudaWriter({ checked: true }));
const models = new Map<string, Hlir>();
const schedules = new Map<string, readonly Schedule[]>();
const taken = new Map<string, string[]>();

beforeAll(() => {
  for (const c of cases) {
    const h = hlirFromText(c);
    models.set(c.name, h);
    schedules.set(c.name, tried(legal(h)));
    for (const s of schedules.get(c.name)!) {
      const plan = planned(h, s);
      checkPlan(plan, "plan");
      expect(plan.entries.flatMap((e) => [...choicesOf(e.body)].flatMap((x) => scheduleOf(x) ?? []))).toEqual(
        [s],
      );
      const program = scheduleCuda(plan, [], withTf32);
      checkLlir(program, "schedule");
      const name = `${c.name}, ${s}`;
      taken.set(
        name,
        program.kernels.flatMap(({ launch }) =>
          launch?.tiling === undefined ? [] : [`${shapeName(launch.tiling)} in ${launch.tiling.parts}`],
        ),
      );
      bundle.add(name, program);
    }
  }
  bundle.compile();
}, 900_000);

afterAll(() => bundle.remove());

recordLongRun("cuts for CUDA", () => ({ cases: cases.length, cuts: [...schedules.values()].flat().length }));

test("every tile has a shape, and every shape a name", () => {
  const shapes = [...mmaShapes, ...tf32Shapes, ...fmaShapes].map(shapeName);
  expect([...shapes, "streaming"].sort()).toEqual([...productTiles].sort());
});

test("all tiles are run, and all of them in parts", () => {
  const all = [...schedules.values()].flat();
  for (const tile of productTiles) {
    expect(all).toContain(tile);
    expect(
      all.some((s) => s.startsWith(`${tile}, depth in`)),
      tile,
    ).toBe(true);
  }
  for (const s of ["keys in one part", "keys in 4 parts", "keys in 16 parts"]) expect(all).toContain(s);
});

describe.each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => {
  test("by every cut", () => {
    const h = models.get(c.name)!;
    const [entry] = h.entries;
    expect(schedules.get(c.name)!.length).toBeGreaterThan(0);
    for (const [at, dims] of c.calls.entries()) {
      const weights = randomWeights(h, dims);
      const inputs = randomInputs(entry, dims, { seed: 5 + at, below: 2 });
      const [[output, wanted]] = Object.entries(interpret(h, entry.name, { dims, inputs, weights }).outputs);
      for (const s of schedules.get(c.name)!) {
        const name = `${c.name}, ${s}`;
        const run = () => bundle.run(name, entry.name, { dims, inputs, weights }).outputs[output];
        const tolerance = s.startsWith("tf32") ? tf32Tolerance : (c.tolerance ?? 1e-4);
        expectClose(`${name} at ${JSON.stringify(dims)}`, run(), wanted, tolerance);
      }
    }
  });

  test("as it was named", () => {
    for (const s of schedules.get(c.name)!) {
      const [own] = taken.get(`${c.name}, ${s}`)!;
      if (s.startsWith("keys"))
        expect(own).toMatch(s === "keys in one part" ? / in 1$/ : ` in ${s.match(/\d+/)![0]}`);
      else {
        const { tile, parts } = tileAndParts(s as Parameters<typeof tileAndParts>[0]);
        expect(own).toBe(`${tile} in ${parts}`);
      }
    }
  });
});
