import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../../src/weights/checkpoint.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "../../src/weights/safetensors.ts";
import { encodeSafetensors, readTensorBytes, writeSafetensors } from "../../src/weights/tensor-data.ts";
import { damaged, nearlyRight, tensors } from "./arbitraries.ts";
import { corpus, indexCases } from "./corpus.ts";

let directory: string;
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "lumc-safetensors-"));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

function place(name: string, bytes: Uint8Array | string): string {
  const file = path.join(directory, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, bytes);
  return file;
}

const f32 = (name: string, shape: number[], values: number[]) => ({
  name,
  dtype: "f32" as const,
  shape,
  data: new Uint8Array(new Float32Array(values).buffer),
});

function encoded(...list: Parameters<typeof encodeSafetensors>[0]): Uint8Array {
  const bytes = encodeSafetensors(list);
  if (!bytes.ok) throw new Error(bytes.problem.message);
  return bytes.value;
}

const codeOf = (file: string): string => {
  const header = readSafetensorsHeader(file);
  return header.ok ? "ok" : header.problem.code;
};

describe("the header of one file", () => {
  test.each(corpus)("$name → $expected", ({ bytes, expected }) => {
    expect(codeOf(place("case.safetensors", bytes))).toBe(expected);
  });

  test("a failure names the file and a way out", () => {
    const file = place("short.safetensors", "abc");
    const header = readSafetensorsHeader(file);
    if (header.ok) throw new Error("accepted");
    expect(header.problem.message).toContain(file);
    expect(header.problem.help).toBeTruthy();
  });

  test("missing files and directories are failures, not exceptions", () => {
    expect(codeOf(path.join(directory, "absent"))).toBe("LUM6101");
    expect(codeOf(directory)).toBe("LUM6101");
  });

  /** Counts for every byte of the data the tensors that claim it. */
  function claims(header: SafetensorsHeader, dataBegin: number): number[] {
    const count = new Array<number>(header.size - dataBegin).fill(0);
    for (const { begin, bytes } of header.tensors.values()) {
      for (let i = 0; i < bytes; i++) count[begin - dataBegin + i]++;
    }
    return count;
  }

  test("damaged files never throw, and what is accepted claims every byte exactly once", () => {
    let accepted = 0;
    const property = fc.property(fc.oneof(damaged, nearlyRight), (bytes) => {
      const header = readSafetensorsHeader(place("damaged.safetensors", bytes));
      if (!header.ok) return;
      accepted++;
      const dataBegin = 8 + Number(Buffer.from(bytes).readBigUInt64LE());
      expect(claims(header.value, dataBegin).every((count) => count === 1)).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
    expect(accepted).toBeGreaterThan(10);
  });
});

describe("writing", () => {
  test("what is written is read back, byte by byte", () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const file = place("round.safetensors", encoded(...list));
        const header = readSafetensorsHeader(file);
        if (!header.ok) throw new Error(header.problem.message);
        expect(header.value.tensors.size).toBe(list.length);
        for (const { name, dtype, shape, data } of list) {
          const tensor = header.value.tensors.get(name)!;
          expect([tensor.dtype, tensor.shape]).toEqual([dtype, shape]);
          expect(readTensorBytes(tensor)).toEqual({ ok: true, value: data });
        }
      }),
      { numRuns: 200 },
    );
  });

  test("the order of the tensors does not matter, and the data begin at a multiple of 8", () => {
    const [a, b] = [f32("a", [1], [1]), f32("b", [2], [2, 3])];
    expect(encoded(a, b)).toEqual(encoded(b, a));
    expect(Buffer.from(encoded(a, b)).readBigUInt64LE() % 8n).toBe(0n);
  });

  test("a tensor of the wrong byte count or a name twice is refused", () => {
    const bad = encodeSafetensors([{ ...f32("a", [2], [1]) }]);
    const twice = encodeSafetensors([f32("a", [1], [1]), f32("a", [1], [1])]);
    expect([bad, twice].map((r) => (r.ok ? "ok" : r.problem.code))).toEqual(["LUM6112", "LUM6106"]);
  });

  test("a failed write leaves the old file and no temporary one", () => {
    const folder = path.join(directory, "whole");
    const file = place("whole/taken/inside", "a directory that is not empty can't be renamed over");
    const result = writeSafetensors(path.dirname(file), [f32("a", [1], [1])]);
    expect(result.ok ? "ok" : result.problem.code).toBe("LUM6120");
    expect(fs.readdirSync(folder)).toEqual(["taken"]);
  });

  test("part of a tensor is read without the rest", () => {
    const file = place("part.safetensors", encoded(f32("a", [4], [1, 2, 3, 4])));
    const header = readSafetensorsHeader(file);
    if (!header.ok) throw new Error(header.problem.message);
    const tensor = header.value.tensors.get("a")!;
    const part = readTensorBytes(tensor, 4, 8);
    expect(part.ok && [...new Float32Array(part.value.buffer)]).toEqual([2, 3]);
    expect(readTensorBytes(tensor, 12, 8).ok).toBe(false);
    fs.truncateSync(file, fs.statSync(file).size - 4);
    const gone = readTensorBytes(tensor);
    expect(gone.ok ? "ok" : gone.problem.code).toBe("LUM6119");
  });
});

describe("checkpoints", () => {
  const opened = (name: string): string => {
    const checkpoint = openCheckpoint(path.join(directory, name));
    return checkpoint.ok ? [...checkpoint.value.tensors.keys()].sort().join(" ") : checkpoint.problem.code;
  };
  const index = (map: Record<string, unknown>): string => JSON.stringify({ metadata: {}, weight_map: map });

  test("shards behind an index, and the directory that holds them", () => {
    place("sharded/x-1.safetensors", encoded(f32("a", [1], [1])));
    place("sharded/x-2.safetensors", encoded(f32("b", [1], [2]), f32("unlisted", [1], [3])));
    place("sharded/model.safetensors.index.json", index({ a: "x-1.safetensors", b: "x-2.safetensors" }));
    expect(opened("sharded")).toBe("a b");
    expect(opened("sharded/model.safetensors.index.json")).toBe("a b");
  });

  test("a directory with one file, with the usual file among others, with none, with several", () => {
    place("single/weights.safetensors", encoded(f32("w", [1], [1])));
    expect(opened("single")).toBe("w");
    place("several/a.safetensors", encoded(f32("a", [1], [1])));
    place("several/b.safetensors", encoded(f32("b", [1], [1])));
    expect(opened("several")).toBe("LUM6118");
    place("several/model.safetensors", encoded(f32("m", [1], [1])));
    expect(opened("several")).toBe("m");
    place("none/readme.txt", "");
    expect(opened("none")).toBe("LUM6117");
    expect(opened("absent")).toBe("LUM6101");
  });

  test.each(indexCases)("index: $name → $expected", ({ text, expected }) => {
    place("indexed/x-1.safetensors", encoded(f32("a", [1], [1])));
    place("indexed/x-2.safetensors", encoded(f32("b", [1], [2]), f32("unlisted", [1], [3])));
    place("indexed/broken.safetensors", "abc");
    const index = place("indexed/model.safetensors.index.json", text);
    const checkpoint = openCheckpoint(index);
    expect(checkpoint.ok ? "ok" : checkpoint.problem.code).toBe(expected);
  });
});
