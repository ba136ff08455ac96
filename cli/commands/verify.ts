import type { CommandModule } from "yargs";
import { CompileError, diagnostic } from "../../src/diagnostics.ts";
import { recordCase } from "../../src/emit/vectors.ts";
import { valueAt } from "../../src/ir/bounds.ts";
import type { LEntry } from "../../src/ir/llir.ts";
import type { TypedArray } from "../../src/loader/native.ts";
import { modelSpec } from "../../src/loader/spec.ts";
import { fromBytes, toBytes } from "../../src/lower/tensor.ts";
import {
  compareValues,
  createReference,
  indexLimits,
  randomInput,
  roundsBelowF32,
  weightSource,
} from "../../src/verify.ts";
import { type BuildOptions, type Built, buildArguments, buildModel, loadModel } from "../build-model.ts";
import { checkRanges, pickEntry, statedDims } from "../call.ts";
import { modelArguments } from "../model.ts";
import { printJson, printLine, run } from "../output.ts";
import { typedArray } from "../tensors.ts";

type VerifyOptions = BuildOptions & {
  dim?: string[];
  entry?: string;
  tolerance?: number;
  calls: number;
  seed: number;
};
type Row = { call: number; output: string; maxAbsolute: number; maxRelative: number; fine: boolean };

export const verify: CommandModule<object, VerifyOptions> = {
  command: "verify <file>",
  describe:
    "compare the compiled model with the reference interpreter; record what was expected for its self-test",
  builder: (y) =>
    buildArguments(modelArguments(y))
      .option("dim", { type: "string", array: true, describe: "a dim, name=value; a small one by default" })
      .option("entry", { type: "string", describe: "which entry; the first by default" })
      .option("tolerance", {
        type: "number",
        describe:
          "largest error over largest expected value; 1e-4, 5e-3 with --allow tf32, 2e-2 where something is rounded below that",
      })
      .option("calls", { type: "number", default: 3, describe: "calls in a row on one model" })
      .option("seed", { type: "number", default: 1, describe: "of the random inputs" }),
  handler: (args) =>
    run(args.json, async () => {
      const built = await buildModel(args);
      const rows = compare(built, args);
      if (args.json) printJson({ outputs: rows });
      else
        for (const r of rows)
          printLine(
            `${r.fine ? "ok  " : "FAIL"}  call ${r.call}  ${r.output.padEnd(16)} largest error ${r.maxAbsolute.toExponential(2)}, relative ${r.maxRelative.toExponential(2)}`,
          );
      if (rows.some((r) => !r.fine)) process.exitCode = 1;
    }),
};

function compare(built: Built, args: VerifyOptions): Row[] {
  const { hlir, program } = built.compilation;
  const entry = pickEntry(program, args.entry);
  const declared = hlir.entries.find((e) => e.name === entry.name)!;
  if (hlir.weights.length > 0 && built.weights === undefined)
    throw new CompileError([diagnostic("LUM6208", undefined, { model: hlir.name })]);
  const reference = createReference(
    hlir,
    entry.name,
    built.weights === undefined ? undefined : weightSource(hlir, built.weights),
  );
  const dims = smallDims(built, entry, statedDims(entry, args.dim));
  const limits = indexLimits(declared);
  const usual = args.allow?.includes("tf32") ? 5e-3 : 1e-4;
  const tolerance = args.tolerance ?? (roundsBelowF32(declared) ? 2e-2 : usual);
  using model = loadModel(built, { threads: args.threads });
  const rows: Row[] = [];
  for (let call = 1; call <= args.calls; call++) {
    const inputs = Object.fromEntries(
      entry.inputs.map((i, k) => {
        const shape = i.shape.map((p) => valueAt(p, new Map(Object.entries(dims))));
        return [i.name, randomInput(i.dtype, shape, limits.get(i.name), args.seed + 1000 * call + k)];
      }),
    );
    const expected = reference(inputs, dims);
    recordCase(built.dir, {
      name: `${entry.name}-${call}`,
      entry: entry.name,
      dims,
      tolerance,
      inputs,
      outputs: expected,
    });
    const actual = model.run(
      entry.name,
      dims,
      mapValues(inputs, (t) => typedArray(t.dtype, toBytes(t))),
    );
    for (const o of entry.outputs) {
      const found = fromBytes(o.dtype, expected[o.name].shape, bytesOf(actual[o.name]));
      const c = compareValues(found.data, expected[o.name].data);
      rows.push({ call, output: o.name, ...c, fine: c.maxRelative <= tolerance });
    }
  }
  return rows;
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (a: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([k, v]) => [k, f(v)]));

const bytesOf = (a: TypedArray): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

/** 3 where that is allowed, else the end of the range that is nearest to it. */
function smallDims(built: Built, entry: LEntry, stated: ReadonlyMap<string, number>): Record<string, number> {
  const spec = modelSpec(built.compilation.program).entries.find((e) => e.name === entry.name)!;
  const values: Record<string, number> = {};
  for (const d of spec.dims) {
    const [low, high] = [d.low(values), d.high(values)];
    values[d.name] = stated.get(d.name) ?? (low === 0 ? 0 : Math.min(Math.max(3, low), high));
  }
  checkRanges(spec, values);
  return values;
}
