/** lumc.lock.json: the same for the same seed, and enough to build the same project again without a search. */
import { describe, expect, test } from "vitest";
import { CompileError } from "../../src/diagnostics.ts";
import { compile, compileLocked, compileSearched, front } from "../../src/pipeline.ts";
import { allNodes } from "../../src/search/encode.ts";
import { createDecoder, direct, type Genome, genomeKey } from "../../src/search/genome.ts";
import { keysOf } from "../../src/search/keys.ts";
import { choicesOfGenome, type LockPart } from "../../src/search/lock.ts";
import { lockName } from "../../src/search/lock-file.ts";
import { mergeMoves } from "../../src/search/merge-moves.ts";
import { onePassMoves, storageMoves, termMoves, winogradMoves } from "../../src/search/moves.ts";
import { seeded } from "../../src/search/random.ts";
import { genomeOf } from "../../src/search/replay.ts";
import { saturate } from "../../src/search/saturate.ts";
import { scheduleMoves } from "../../src/search/schedule-moves.ts";
import { spaceOf } from "../../src/search/space.ts";
import { type ExampleName, example, exampleNames } from "./examples.ts";

const arch = "x86-64-v3" as const;
const evaluations = 60;

const searched = (name: ExampleName, seed: number) =>
  compileSearched(example(name), { arch, search: { evaluations, seed } });

const lockIn = (files: ReadonlyMap<string, string>): LockPart => JSON.parse(files.get(lockName)!);

/** The spaces of a model: as it is, and keyed. */
async function spaceOfExample(name: ExampleName) {
  const model = front(example(name)).hlir;
  const nodes = allNodes(model);
  const space = spaceOf(nodes, await saturate(nodes, model.bounds));
  return { model, nodes, space, keys: keysOf(nodes, space) };
}

describe.each(exampleNames)("%s", (name) => {
  test("a search with the same seed writes the same lock, and the lock makes the same project", async () => {
    const first = await searched(name, 7);
    const second = await searched(name, 7);
    expect(second.files.get(lockName)).toBe(first.files.get(lockName));
    const locked = await compileLocked(
      example(name),
      { arch },
      { lock: lockIn(first.files), path: lockName },
    );
    expect([...locked.files]).toEqual([...first.files]);
  });

  test("the direct plan's lock makes the direct plan's project", async () => {
    const plain = compile(example(name), { arch });
    const lock = lockIn(plain.files);
    expect(lock.plans.flatMap((p) => p.choices)).toEqual([]);
    const locked = await compileLocked(example(name), { arch }, { lock, path: lockName });
    expect([...locked.files]).toEqual([...plain.files]);
  });

  test("keys tell all tensors, classes and terms of a class apart, and are the same in another e-graph", async () => {
    const [a, b] = [await spaceOfExample(name), await spaceOfExample(name)];
    const nodeKeys = a.nodes.map(a.keys.ofNode);
    expect(new Set(nodeKeys).size).toBe(nodeKeys.length);
    expect(b.nodes.map(b.keys.ofNode)).toEqual(nodeKeys);
    const classes = ({ space, keys }: typeof a) =>
      [...space.candidates]
        .map(([c, list]) => `${keys.ofClass(c)}: ${list.map(keys.ofCandidate).sort()}`)
        .sort();
    expect(new Set(classes(a).map((line) => line.split(":")[0])).size).toBe(a.space.candidates.size);
    expect(classes(b)).toEqual(classes(a));
    for (const list of a.space.candidates.values())
      expect(new Set(list.map(a.keys.ofCandidate)).size).toBe(list.length);
  });

  test("decisions of any kind come back from their text", async () => {
    const { model, nodes, space, keys } = await spaceOfExample(name);
    const decoder = createDecoder(model, nodes, space);
    const random = seeded(11);
    let differing = 0;
    for (let i = 0; i < 40; i++) {
      let genome: Genome = direct;
      for (let step = 0; step < 6; step++) {
        const here = decoder.decode(genome);
        if (here === undefined) break;
        const moves = [
          ...onePassMoves(nodes, space),
          ...winogradMoves(here),
          ...mergeMoves(here),
          ...termMoves(nodes, space),
          ...storageMoves(here),
          ...scheduleMoves(here),
        ];
        genome = moves[random.below(moves.length)].apply(genome);
      }
      const choices = JSON.parse(JSON.stringify(choicesOfGenome(genome, { nodes, space, keys })));
      const back = genomeOf(choices, nodes, space, keys);
      expect("missing" in back ? back.missing : genomeKey(back)).toBe(genomeKey(genome));
      if (choices.length > 0) differing++;
    }
    expect(differing).toBeGreaterThan(20);
  });
});

test("what was chosen names the rules that made it", async () => {
  const { files } = await compileSearched(example("gpt"), { arch, search: { evaluations: 600 } });
  const taken = lockIn(files).plans.flatMap((p) => p.choices.filter((c) => c.decision === "compute"));
  expect(taken.length).toBeGreaterThan(0);
  for (const c of taken) expect(c.rules, c.tensor).not.toEqual([]);
});

describe("a lock that doesn't fit", () => {
  const codes = async (part: LockPart, text = example("gpt").text): Promise<string[]> => {
    try {
      await compileLocked({ path: "gpt.lum", text }, { arch }, { lock: part, path: lockName });
      return [];
    } catch (e) {
      if (!(e instanceof CompileError)) throw e;
      return e.diagnostics.map((d) => `${d.code} ${d.message}`);
    }
  };
  const locked = async (): Promise<LockPart> =>
    lockIn((await compileSearched(example("gpt"), { arch, search: { evaluations: 150 } })).files);

  test("a model that was changed, and what of it is missing", async () => {
    const lock = await locked();
    const { text } = example("gpt");
    expect(await codes(lock)).toEqual([]);
    expect(await codes(lock, text.replace(/\bqkv\b/g, "packed"))).toEqual([
      expect.stringMatching(/^LUM5106 .*it has no `attn\.qkv/),
    ]);
    expect(await codes(lock, text.replace("1e-5", "1e-6"))).toEqual([
      expect.stringMatching(/^LUM5106 .*changed since/),
    ]);
    expect(await codes(lock, `// A remark.\n${text}`)).toEqual([]);
  });

  test("a term that no rule makes, a tensor that is not there, a decision of no kind", async () => {
    const lock = await locked();
    const at = lock.plans.findIndex((p) => p.choices.some((c) => c.decision === "compute"));
    const withChoice = (change: object): LockPart => ({
      ...lock,
      plans: lock.plans.map((p, i) =>
        i !== at
          ? p
          : { ...p, choices: p.choices.map((c) => (c.decision === "compute" ? { ...c, ...change } : c)) },
      ),
    });
    expect(await codes(withChoice({ take: "0123456789ab" }))).toEqual([
      expect.stringMatching(/^LUM4003 .*no rule makes that term/),
    ]);
    expect(await codes(withChoice({ of: "node 0123456789ab" }))).toEqual([
      expect.stringMatching(/^LUM4003 .*no such tensor/),
    ]);
    expect(await codes(withChoice({ decision: "guess" }))).toEqual([expect.stringMatching(/^LUM4003 /)]);
  });
});

test("where two seeds find the same plan, only the seed differs", async () => {
  const [a, b] = [await searched("mlp", 1), await searched("mlp", 2)];
  const plain = (files: ReadonlyMap<string, string>) => {
    const { search, ...rest } = lockIn(files) as LockPart & { checksum: string };
    return { ...rest, checksum: "", by: search.by };
  };
  expect(plain(b.files)).toEqual(plain(a.files));
});
