import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy, readNpy } from "../../src/npy.ts";
import { openCheckpoint } from "../../src/weights/checkpoint.ts";
import { matchWeights, type RequiredTensor } from "../../src/weights/match.ts";
import { readSafetensorsHeader } from "../../src/weights/safetensors.ts";
import { writeSafetensors } from "../../src/weights/tensor-data.ts";
import { damaged, nearlyRight } from "./arbitraries.ts";
import { corpus, indexCases } from "./corpus.ts";
import { held, matchCases } from "./match-cases.ts";
import { buildProbe, type Probe } from "./native.ts";
import { npyCorpus, npyDamaged } from "./npy-corpus.ts";
import { decodeAll, encodeAll, type Format } from "./numbers.ts";

let probe: Probe;
beforeAll(() => {
  probe = buildProbe();
}, 300_000);
afterAll(() => probe.close());

const place = (name: string, bytes: Uint8Array): string => {
  const file = path.join(probe.directory, name);
  fs.writeFileSync(file, bytes);
  return file;
};

describe("C++ and TypeScript accept and refuse the same files, with the same codes", () => {
  test(".safetensors files of the corpus, and 600 random ones", () => {
    const random = fc.sample(fc.oneof(damaged, nearlyRight), 600);
    const files = [...corpus.map((c) => c.bytes), ...random].map((bytes, i) =>
      place(`${i}.safetensors`, bytes),
    );
    const expected = files.map((file) => {
      const header = readSafetensorsHeader(file);
      return header.ok ? "ok" : header.problem.code;
    });
    expect(expected.slice(0, corpus.length)).toEqual(corpus.map((c) => c.expected));
    const got = probe.run(["headers"], `${files.join("\n")}\n`);
    const differing = files.flatMap((file, i) =>
      got[i] === expected[i]
        ? []
        : [{ bytes: fs.readFileSync(file, "latin1"), native: got[i], ts: expected[i] }],
    );
    expect(differing).toEqual([]);
    expect(got.length).toBe(files.length);
  });

  test("index files, and directories", () => {
    const shard = (name: string, ...tensors: string[]): void => {
      writeSafetensors(
        path.join(probe.directory, name),
        tensors.map((tensor) => held(tensor)),
      );
    };
    shard("x-1.safetensors", "a");
    shard("x-2.safetensors", "b", "unlisted");
    place("broken.safetensors", Buffer.from("abc"));
    const files = indexCases.map(({ text }, i) => place(`${i}.index.json`, Buffer.from(text)));
    expect(probe.run(["headers"], `${files.join("\n")}\n`)).toEqual(indexCases.map((c) => c.expected));

    const folder = path.join(probe.directory, "folder");
    fs.mkdirSync(folder);
    const steps = ["a.txt", "a.safetensors", "b.safetensors", "model.safetensors"].map((name) => {
      if (name.endsWith(".txt")) place(`folder/${name}`, Buffer.from(""));
      else shard(`folder/${name}`, "w");
      const checkpoint = openCheckpoint(folder);
      return [probe.run(["headers"], `${folder}\n`)[0], checkpoint.ok ? "ok" : checkpoint.problem.code];
    });
    expect(steps.map(([native]) => native)).toEqual(["LUM6117", "ok", "LUM6118", "ok"]);
    expect(steps.map(([, ts]) => ts)).toEqual(["LUM6117", "ok", "LUM6118", "ok"]);
  });

  test(".npy files of the corpus, and 300 random ones, with equal contents", () => {
    const random = fc.sample(npyDamaged, 300);
    const files = [...npyCorpus.map((c) => c.bytes), ...random].map((bytes, i) => place(`${i}.npy`, bytes));
    const expected = files.map((file) => {
      const array = readNpy(file);
      if (!array.ok) return array.problem.code;
      const { dtype, shape, data } = array.value;
      return `ok ${dtype}[${shape.join(", ")}] ${Buffer.from(data).toString("hex")}`;
    });
    expect(probe.run(["npy"], `${files.join("\n")}\n`)).toEqual(expected);
  });

  test(".npy files that C++ writes are those that TypeScript writes", () => {
    for (const shape of [[], [3], [2, 3], [0, 4]]) {
      const data = new Uint8Array(shape.reduce((product, size) => product * size, 4)).fill(7);
      const bytes = encodeNpy({ dtype: "f32", shape, data });
      if (!bytes.ok) throw new Error(bytes.problem.message);
      const out = path.join(probe.directory, "out.npy");
      expect(probe.run(["write-npy", place("in.npy", bytes.value), out])).toEqual(["ok"]);
      expect(fs.readFileSync(out)).toEqual(Buffer.from(bytes.value));
    }
  });
});

describe("C++ and TypeScript match checkpoints alike", () => {
  const line = ({ name, dtype, shape, acceptsConversion }: RequiredTensor): string =>
    [name, dtype, shape.length, ...shape, acceptsConversion ? 1 : 0].join(" ");

  test.each(matchCases)("$name", ({ held: tensors, required, extraIsError }) => {
    const file = path.join(probe.directory, "match.safetensors");
    writeSafetensors(file, tensors);
    const checkpoint = openCheckpoint(file);
    if (!checkpoint.ok) throw new Error(checkpoint.problem.message);
    const match = matchWeights(required, checkpoint.value, { extraIsError });
    const expected = [
      ...match.problems.map((p) => `${p.code} ${p.message}`),
      ...match.notes.map((n) => `note ${n}`),
    ];
    const got = probe.run(
      ["match", file, extraIsError ? "strict" : "lenient"],
      required.map(line).join("\n"),
    );
    expect(got).toEqual(expected);
  });
});

describe("binding", () => {
  const formats: readonly Format[] = ["f64", "f32", "f16", "bf16"];
  const special = [0, -0, 1, -1, 0.1, 65504, 65520, -65519, 1e-8, 2 ** -24, 2.98e-8, 3.4e38, 1e39, 1e-45];
  // Just beside the middle between two f16 or bf16: rounding to f32 first would land on the middle.
  const besideTies = [1 + 2 ** -11, 1 + 2 ** -8].flatMap((x) => [x + 2 ** -40, 2 - x - 2 ** -40]);
  const values = [
    ...special,
    ...besideTies,
    ...besideTies.map((x) => -x),
    ...fc.sample(fc.double({ noNaN: true, min: -1e5, max: 1e5 }), 500),
  ];
  const scaled = fc.sample(
    fc.tuple(fc.double({ noNaN: true, min: -2, max: 2 }), fc.integer({ min: -50, max: 50 })),
    500,
  );
  const all = [
    ...values,
    ...scaled.map(([mantissa, exponent]) => mantissa * 2 ** exponent),
    Infinity,
    -Infinity,
  ];

  /** One tensor of every format. */
  function writeCheckpoint(name: string, numbers: readonly number[] = all): string {
    const file = path.join(probe.directory, name);
    const tensors = formats.map((dtype) => {
      const data = encodeAll(numbers, dtype);
      return { name: dtype, dtype, shape: [numbers.length], data: Uint8Array.from(data) };
    });
    const written = writeSafetensors(file, tensors);
    if (!written.ok) throw new Error(written.problem.message);
    return file;
  }

  type BoundTensors = {
    readonly cache: string;
    readonly notes: string[];
    readonly tensors: Map<string, string[]>;
  };

  const parse = (output: readonly string[]): BoundTensors => ({
    cache: output[0].replace("cache ", ""),
    notes: output.filter((text) => text.startsWith("note ")),
    tensors: new Map(
      output
        .filter((text) => text.startsWith("tensor "))
        .map((text): [string, string[]] => [text.split(" ")[1], text.split(" ").slice(2)]),
    ),
  });
  const bind = (file: string, cache: string, layout = "plain"): BoundTensors =>
    parse(probe.run(["bind", file, cache, layout]));

  /** What the slots must hold, by the reference conversions: each tensor in f64 f32 f16 bf16, then f32 reversed. */
  function expectedOf(numbers: readonly number[], layout = "plain"): Map<string, string[]> {
    return new Map(
      formats.map((stored): [string, string[]] => {
        const held = decodeAll(encodeAll(numbers, stored), stored);
        const converted = formats.map((format) => encodeAll(held, format).toString("hex"));
        const f32 = decodeAll(encodeAll(held, "f32"), "f32");
        const packed = f32.reverse().map((value) => (layout === "negated" ? -value : value));
        return [stored, [...converted, encodeAll(packed, "f32").toString("hex")]];
      }),
    );
  }

  test("every conversion rounds to nearest even, and overflow is told", () => {
    const bound = bind(writeCheckpoint("convert.safetensors"), "-");
    expect(bound.cache).toBe("in_memory");
    expect(bound.tensors).toEqual(expectedOf(all));
    expect(
      bound.notes.some((note) => /values of f64 are too large for f16 and became infinite/.test(note)),
    ).toBe(true);
  });

  test("unaligned tensors are copied, not read in place", () => {
    const file = path.join(probe.directory, "unaligned.safetensors");
    const header = '{"f32":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} ';
    const bytes = Buffer.alloc(8 + header.length + 8);
    bytes.writeBigUInt64LE(BigInt(header.length));
    bytes.write(header, 8);
    bytes.set(encodeAll([1, 2], "f32"), 8 + header.length);
    fs.writeFileSync(file, bytes);
    expect((8 + header.length) % 4).not.toBe(0);
    expect(bind(file, "-").tensors.get("f32")).toEqual(expectedOf([1, 2]).get("f32"));
  });

  test("the cache is written, reused, and made again when weights or layout change", () => {
    const file = writeCheckpoint("cached.safetensors");
    const cache = path.join(probe.directory, "cached.packed");
    expect(bind(file, cache)).toMatchObject({ cache: "written", tensors: expectedOf(all) });
    const first = fs.readFileSync(cache);
    expect(bind(file, cache)).toMatchObject({ cache: "reused", tensors: expectedOf(all) });
    expect(fs.readFileSync(cache).equals(first)).toBe(true);
    expect(bind(file, cache, "negated")).toMatchObject({
      cache: "written",
      tensors: expectedOf(all, "negated"),
    });
    const other = all.map((value) => value / 2);
    writeCheckpoint("cached.safetensors", other);
    expect(bind(file, cache, "negated")).toMatchObject({
      cache: "written",
      tensors: expectedOf(other, "negated"),
    });
    expect(fs.existsSync(`${cache}.tmp`)).toBe(false);
  });

  test("a damaged cache is noticed wherever the damage is, and made again", () => {
    const file = writeCheckpoint("damage.safetensors", [1, 2, 3]);
    const cache = path.join(probe.directory, "damage.packed");
    bind(file, cache);
    const good = fs.readFileSync(cache);
    const key = 48;
    const head = [0, 8, 16, 24, 32, 40, key, key + 20];
    const tail = [good.length - 1, good.length - 9];
    // The table of blocks stands after the key, at a multiple of 64.
    const table = Math.ceil((key + Number(good.readBigUInt64LE(24))) / 64) * 64;
    const damages = [
      ...[...head, table, table + 8, table + 16, ...tail].map((at) => {
        const bytes = Buffer.from(good);
        bytes[at] ^= 0x10;
        return bytes;
      }),
      good.subarray(0, good.length - 1),
      good.subarray(0, 40),
      Buffer.alloc(0),
      Buffer.concat([good, Buffer.alloc(1)]),
    ];
    for (const bytes of damages) {
      fs.writeFileSync(cache, bytes);
      const bound = bind(file, cache);
      expect(bound).toMatchObject({ cache: "written", tensors: expectedOf([1, 2, 3]) });
      expect(bound.notes.some((note) => note.includes("cannot be used"))).toBe(true);
      expect(fs.readFileSync(cache).equals(good)).toBe(true);
    }
  });

  test("a process killed at any step of the conversion leaves the last good cache", () => {
    const file = writeCheckpoint("killed.safetensors");
    const cache = path.join(probe.directory, "killed.packed");
    bind(file, cache);
    const good = fs.readFileSync(cache);
    let steps = 0;
    for (;;) {
      steps++;
      const { signal } = probe.attempt(["bind", file, cache, "negated", `${steps}`]);
      if (signal === null) break;
      expect(signal).toBe("SIGKILL");
      expect(fs.readFileSync(cache).equals(good)).toBe(true);
    }
    // 4 tensors, each converted to the 3 other formats and packed, are 16 steps; the 17th is never reached.
    expect(steps).toBe(17);
    expect(bind(file, cache, "negated")).toMatchObject({
      cache: "reused",
      tensors: expectedOf(all, "negated"),
    });
    expect(fs.existsSync(`${cache}.tmp`)).toBe(false);
  });

  test("processes killed at random moments leave a complete cache of one kind or the other", async () => {
    const file = writeCheckpoint("random.safetensors");
    const cache = path.join(probe.directory, "random.packed");
    bind(file, cache);
    const layouts = ["plain", "negated"] as const;
    const expected = { plain: expectedOf(all, "plain"), negated: expectedOf(all, "negated") };
    for (const milliseconds of [30, 45, 60, 75, 90, 110, 130, 150]) {
      expect(await probe.killAfter(["rebuild", file, cache], milliseconds)).toBe("SIGKILL");
      const copies = layouts.map((layout) => {
        const copy = path.join(probe.directory, `random.${layout}`);
        fs.copyFileSync(cache, copy);
        const bound = bind(file, copy, layout);
        expect(bound.tensors).toEqual(expected[layout]);
        return bound.cache;
      });
      expect(copies.sort()).toEqual(["reused", "written"]);
    }
  });

  test("two processes at once both get the right weights", async () => {
    const file = writeCheckpoint("shared.safetensors");
    const cache = path.join(probe.directory, "shared.packed");
    const outputs = await Promise.all([1, 2, 3].map(() => probe.start(["bind", file, cache, "plain"])));
    for (const output of outputs) expect(parse(output).tensors).toEqual(expectedOf(all));
    expect(bind(file, cache).cache).toBe("reused");
    expect(fs.existsSync(`${cache}.tmp`)).toBe(false);
  });

  test("where nothing can be written, the weights stay in memory and a line says so", () => {
    const file = writeCheckpoint("memory.safetensors", [1, 2, 3]);
    const cache = path.join(probe.directory, "no-such-folder", "weights.packed");
    expect(bind(file, cache)).toMatchObject({ cache: "in_memory", tensors: expectedOf([1, 2, 3]) });
    const { stderr } = probe.attempt(["bind", file, cache, "plain"]);
    expect(stderr).toMatch(
      /cannot write ".*no-such-folder.*": No such file.*; converted weights stay in memory/,
    );
  });

  test("a full disk leaves the old cache and no temporary file", () => {
    const file = writeCheckpoint("full.safetensors");
    const cache = path.join(probe.directory, "full.packed");
    bind(file, cache, "negated");
    const good = fs.readFileSync(cache);
    const limited = probe.limited(["bind", file, cache, "plain"], 16);
    expect(parse(limited)).toMatchObject({ cache: "in_memory", tensors: expectedOf(all) });
    expect(fs.readFileSync(cache).equals(good)).toBe(true);
    expect(fs.existsSync(`${cache}.tmp`)).toBe(false);
  });

  test("a bool tensor must hold 0 and 1", () => {
    const file = path.join(probe.directory, "mask.safetensors");
    const maskOf = (...bytes: number[]): string => {
      writeSafetensors(file, [{ name: "mask", dtype: "bool", shape: [2], data: Uint8Array.from(bytes) }]);
      return probe.run(["mask", file])[0];
    };
    expect(maskOf(1, 0)).toBe("1 0");
    expect(maskOf(1, 2)).toBe('LUM6136: tensor "mask" is bool, but holds the byte 2');
  });

  test("a wrong checkpoint fills no slot and is reported whole", () => {
    const output = probe.run([
      "bind",
      place("bad.safetensors", corpus.find((c) => c.expected === "LUM6110")!.bytes),
      "-",
      "x",
    ]);
    expect(output[0]).toMatch(/^LUM6110/);
  });
});
