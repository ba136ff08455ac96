/** What an e-graph says of a small graph, held against numbers: every term of a class is its value, every fact is true. */
import { type EGraphArrays, literalNumber, literalText } from "egglog-wasm";
import type { Node } from "../../../src/ir/hlir.ts";
import { checkHlir } from "../../../src/ir/hlir-check.ts";
import { constantOf, linearIn, type Poly, zero } from "../../../src/ir/poly.ts";
import { interpret } from "../../../src/lower/interpret.ts";
import type { Tensor } from "../../../src/lower/tensor.ts";
import { allNodes } from "../../../src/search/encode.ts";
import { seeded } from "../../../src/search/random.ts";
import { rebuild } from "../../../src/search/rebuild.ts";
import { type Saturated, saturate } from "../../../src/search/saturate.ts";
import { type Candidate, type Operand, type Space, spaceOf, type Term } from "../../../src/search/space.ts";
import { nowhere } from "../../ir/graphs.ts";
import { differenceOf, moving } from "./compare.ts";
import { type Instance, tensorOf } from "./graph.ts";

export type Verdict = { readonly matches: ReadonlyMap<string, number>; readonly wrong: string | undefined };

/** Rows; a weaker rule may have no end. */
const limits = { timeMs: 20_000, nodes: 3000, memoryBytes: 1 << 28 };

/** `loose`: the part of the largest value that roundings which rules leave out may change. */
export async function verdictOn(i: Instance, rules?: string, loose = 0): Promise<Verdict> {
  const nodes = allNodes(i.hlir);
  let saturated: Saturated;
  try {
    saturated = await saturate(nodes, i.hlir.bounds, { limits, rules });
  } catch (e) {
    return { matches: new Map(), wrong: `the engine refuses: ${messageOf(e)}` };
  }
  const { matches } = saturated;
  try {
    const claims = new Claims(i, nodes, saturated, loose);
    claims.terms();
    claims.facts();
    claims.relations();
    return { matches, wrong: claims.wrong };
  } catch (e) {
    return { matches, wrong: `refused: ${messageOf(e)}` };
  }
}

const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));

const term = (op: string, ...operands: readonly Operand[]): Term => ({ op, operands, key: "" });

/** Classes that the e-graph does not have, of terms whose value is asked for. */
const firstOwnClass = 1_000_000;

type Row = { readonly name: string; readonly children: readonly number[]; readonly value: number };

/** A node of the model computed as something else. */
type Change = {
  readonly node: Node;
  readonly to: Candidate;
  readonly inputs: Readonly<Record<string, Tensor>>;
};

class Claims {
  wrong: string | undefined;
  private readonly instance: Instance;
  private readonly nodes: readonly Node[];
  private readonly arrays: EGraphArrays;
  private readonly space: Space;
  private readonly loose: number;
  /** Classes that the e-graph does not have, of terms whose value is asked for. */
  private readonly own = new Map<number, readonly Candidate[]>();
  private nextClass = firstOwnClass;
  private readonly values: ReadonlyMap<number, Tensor>;

  constructor(instance: Instance, nodes: readonly Node[], saturated: Saturated, loose: number) {
    this.instance = instance;
    this.nodes = nodes;
    this.loose = loose;
    this.arrays = saturated.arrays;
    this.space = spaceOf(nodes, saturated);
    const classes = [...this.space.candidates];
    const firsts = this.evaluate(classes.map(([, list]) => list[0]));
    this.values = new Map(classes.map(([c], i) => [c, firsts[i]]));
  }

  /** Values of what is asked for, in one interpretation. */
  private evaluate(asked: readonly Candidate[], change?: Change): Tensor[] {
    const { hlir, inputs, dims } = this.instance;
    const probes = asked.map((_, i) => leaf(1_000_000 + i, { kind: "constant", value: 0 }, []));
    const candidates = new Map([...this.space.candidates, ...this.own]);
    const classOf = new Map(this.space.classOf);
    const chosen = new Map<number, number>();
    for (const [i, c] of asked.entries()) {
      const own = this.nextClass++;
      candidates.set(own, [c.kind === "term" ? { ...c, class: own } : c]);
      classOf.set(probes[i], own);
      chosen.set(probes[i].id, 0);
    }
    let [entry] = hlir.entries;
    if (change !== undefined) {
      const c = classOf.get(change.node)!;
      const list = [...candidates.get(c)!, change.to];
      candidates.set(c, list);
      chosen.set(change.node.id, list.length - 1);
      const { shape } = change.node;
      const more = Object.keys(change.inputs).map(
        (name) => ({ name, shape, dtype: "f32", span: nowhere }) as const,
      );
      entry = { ...entry, inputs: [...entry.inputs, ...more] };
    }
    const outputs = probes.map((value, i) => ({ name: `p${i}`, value, span: nowhere }));
    const made = rebuild(
      { ...hlir, entries: [{ ...entry, outputs }] },
      [...this.nodes, ...probes],
      { ...this.space, candidates, classOf },
      { nodes: chosen, classes: new Map() },
    );
    if (made === undefined) throw new Error("terms contain each other");
    checkHlir(made.hlir, "a rule");
    const answer = interpret(made.hlir, "forward", { dims, inputs: { ...inputs, ...change?.inputs } });
    return asked.map((_, i) => answer.outputs[`p${i}`]);
  }

  private termValues(terms: readonly Term[], change?: Change): Tensor[] {
    return this.evaluate(
      terms.map((t) => ({ kind: "term", class: 0, term: t })),
      change,
    );
  }

  /** A class of the test's own, to be an operand. */
  private classOf(c: Candidate): Operand {
    const own = this.nextClass++;
    this.own.set(own, [c.kind === "term" ? { ...c, class: own } : c]);
    return { class: own };
  }

  private fail(what: string): void {
    this.wrong ??= what;
  }

  private same(what: string, got: Tensor, wanted: Tensor): void {
    const difference = differenceOf(got, wanted, this.loose);
    if (difference !== undefined) this.fail(`${what}: ${difference}`);
  }

  /** Every term of a class has the class's value, dtype and shape. */
  terms(): void {
    const all = [...this.space.candidates].flatMap(([c, list]) => list.map((x) => ({ c, x })));
    const values = this.evaluate(all.map(({ x }) => x));
    for (const [i, { c, x }] of all.entries())
      this.same(x.kind === "term" ? x.term.key : `node ${x.node.id}`, values[i], this.values.get(c)!);
  }

  private *rows(): Generator<Row> {
    const a = this.arrays;
    for (let n = 0; n < a.nodeOp.length; n++)
      yield {
        name: a.ops[a.nodeOp[n]].name,
        children: [...a.children.subarray(a.childStart[n], a.childStart[n + 1])],
        value: a.nodeClass[n],
      };
  }

  /** Types, shapes, variation and uniform values that the facts state of the model's nodes. */
  facts(): void {
    const { atoms, classOf } = this.space;
    const known = new Map<string, number>();
    for (const r of this.rows())
      if (r.children.length === 1) known.set(`${r.name} ${r.children[0]}`, r.value);
    for (const n of this.nodes) {
      const c = classOf.get(n)!;
      const fact = (name: string): number | undefined => known.get(`${name} ${c}`);
      const [dtype, shape, varies, uniform] = ["dtype", "shape", "varies", "uniform"].map(fact);
      if (dtype === undefined || shape === undefined || varies === undefined)
        throw new Error(`nothing is known of node ${n.id}, ${n.op.kind}`);
      const value = this.values.get(c)!;
      const where = `of node ${n.id}, ${n.op.kind}`;
      if (literalText(this.arrays, dtype) !== n.dtype) this.fail(`dtype ${where}`);
      if (literalNumber(this.arrays, shape) !== atoms.shapes.idOf(n.shape)) this.fail(`shape ${where}`);
      if ((moving(value) & ~literalNumber(this.arrays, varies)!) !== 0)
        this.fail(`axes ${where} that it varies along`);
      if (uniform !== undefined && value.data.some((x) => x !== literalNumber(this.arrays, uniform)))
        this.fail(`number ${where} that every element is`);
    }
  }

  /** What relations and implementations state. */
  relations(): void {
    const made = new Map(
      [...this.rows()].filter((r) => implementations.has(r.name)).map((r) => [r.value, r]),
    );
    for (const { name, children } of this.rows()) {
      if (name === "product") this.isProduct(children);
      if (name === "softmax") this.rescales(children);
      if (name === "reads") this.isRead(children);
      const i = name === "implements" ? made.get(children[0]) : undefined;
      if (i === undefined) continue;
      if (i.children[0] !== children[1]) this.fail(`${i.name} of another tensor`);
      if (i.name === "OnePass") this.needsOnePass(i.children);
      else this.isContraction(i.children);
      if (i.name === "Window") this.slides(i.children[1]);
      if (i.name === "Winograd") this.isFiltered(i.children);
    }
  }

  private *termsOf(c: number): Generator<Row> {
    for (const r of this.rows()) if (r.value === c) yield r;
  }

  /** Steps along two axes reach the same place of the source. */
  private slides(factor: number): void {
    const found = [...this.rows()].some((r) => {
      if (r.name !== "reads" || r.children[0] !== factor) return false;
      const { map } = this.space.atoms.views.valueOf(literalNumber(this.arrays, r.children[2])!);
      const axes = map.map((p) => this.space.atoms.mentioned(p));
      return axes.some((mask) => (mask & (mask - 1)) !== 0);
    });
    if (!found) this.fail("a window that does not slide");
  }

  /** Every element of the sum is of 3x3 neighbours, whose weights are as they lie in memory. */
  private isFiltered([s, image, filters]: readonly number[]): void {
    const { views } = this.space.atoms;
    const maps = [...this.rows()]
      .filter((r) => r.name === "reads" && r.children[0] === image)
      .map((r) => views.valueOf(literalNumber(this.arrays, r.children[2])!));
    const masks = [...this.termsOf(s)]
      .filter((t) => t.name === "Reduce")
      .map((t) => literalNumber(this.arrays, t.children[2])!);
    // How far places move when a summed axis does: along two coordinates, three places each, and the outputs as far.
    const steps = (map: readonly Poly[], a: number) =>
      map.map((p) => constantOf(linearIn(p, { kind: "axis", axis: a })?.coefficient ?? zero) ?? Number.NaN);
    const found = maps.some(({ map, shape }) =>
      masks.some((k) => {
        const along = (summed: boolean) =>
          shape.flatMap((size, a) =>
            ((k & (1 << a)) !== 0) === summed ? [{ size: constantOf(size), by: steps(map, a) }] : [],
          );
        const taps = map.map((_, i) => along(true).filter(({ by }) => by[i] === 1));
        const outputs = map.map((_, i) => along(false).filter(({ by }) => by[i] !== 0));
        return (
          map.filter(
            (_, i) =>
              taps[i].length === 1 &&
              taps[i][0].size === 3 &&
              outputs[i].length === 1 &&
              outputs[i][0].by[i] === 1,
          ).length === 2
        );
      }),
    );
    if (!found) this.fail("filters that are not three by three");
    const lying = [...this.termsOf(filters)].some(
      (t) => t.name === "View" && [...this.termsOf(t.children[0])].some((x) => x.name === "Leaf"),
    );
    if (!lying) this.fail("filters that are computed");
  }

  /** A factor's elements are those of the source where the view finds them. */
  private isRead([a, x, v]: readonly number[]): void {
    const [value] = this.termValues([
      term("View", { class: x }, { literal: literalNumber(this.arrays, v)! }),
    ]);
    this.same("a read", value, this.values.get(a)!);
  }

  private isProduct([p, a, b]: readonly number[]): void {
    const [value] = this.termValues([multiplied({ class: a }, { class: b })]);
    this.same("a product", value, this.values.get(p)!);
  }

  /** Some sum of the class is over axes that both factors may vary along, and is the sum of their product. */
  private isContraction([s, a, b]: readonly number[]): void {
    const factor = this.classOf({ kind: "term", class: 0, term: multiplied({ class: a }, { class: b }) });
    const varies = (c: number): number => {
      const row = [...this.rows()].find((r) => r.name === "varies" && r.children[0] === c);
      return row === undefined ? 0 : literalNumber(this.arrays, row.value)!;
    };
    const deep = varies(a) & varies(b);
    const masks = [...this.termsOf(s)]
      .filter((t) => t.name === "Reduce" && literalText(this.arrays, t.children[0]) === "sum")
      .map((t) => literalNumber(this.arrays, t.children[2])!);
    const sums = this.termValues(
      masks
        .filter((k) => (k & ~deep) === 0)
        .map((k) => term("Reduce", { literal: "sum" }, factor, { literal: k })),
    );
    const wanted = this.values.get(s)!;
    if (!sums.some((v) => differenceOf(v, wanted, this.loose) === undefined)) this.fail("a contraction");
    if (wanted.dtype !== "f32") this.fail("dtype of a contraction");
  }

  /** The model with the greatest values, class `m`, replaced by others; undefined where no node has them. */
  private shifted(m: number): { change: Change; delta: Tensor } | undefined {
    const node = this.nodes.find((n) => this.space.classOf.get(n) === m && n.op.kind === "reduce");
    if (node?.op.kind !== "reduce") return undefined;
    const { axes, fn } = node.op;
    const mask = axes.reduce((k, a) => k | (1 << a), 0);
    const x: Operand = { class: this.space.classOf.get(node.inputs[0])! };
    const before = term("Reduce", { literal: fn }, x, { literal: mask });
    const random = seeded(7);
    const delta = tensorOf(node, this.instance.dims.s, random.next);
    const more = leaf(2_000_000, { kind: "input", name: "delta" }, node.shape);
    const operands = [
      this.classOf({ kind: "term", class: 0, term: before }),
      this.classOf({ kind: "node", node: more }),
    ];
    const to = term("Binary", { literal: "add" }, ...operands);
    return {
      change: { node, to: { kind: "term", class: this.nextClass++, term: to }, inputs: { delta } },
      delta,
    };
  }

  /** Whatever is taken for a row's greatest value, its sum rescales by the exponential of the difference. */
  private rescales([, z, m]: readonly number[]): void {
    const found = this.shifted(m);
    if (found === undefined) return this.fail("greatest values that are none");
    const [sum] = this.evaluate([this.space.candidates.get(z)![0]], found.change);
    const before = this.values.get(z)!;
    if (found.change.node.op.kind === "reduce" && found.change.node.op.fn !== "max")
      return this.fail("greatest values that are not the greatest");
    if (before.data.length !== found.delta.data.length)
      return this.fail("rows that are not those of the greatest");
    const wanted = { ...before, data: before.data.map((v, i) => v * Math.exp(-found.delta.data[i])) };
    this.same("a rescaled sum", sum, wanted);
  }

  /** The quotient by the total does not depend on what is taken for the greatest value. */
  private needsOnePass([w, z, m]: readonly number[]): void {
    const found = this.shifted(m);
    if (found === undefined) return this.fail("greatest values that are none");
    const totals = new Set(
      [...this.rows()].filter((r) => r.name === "View" && r.children[0] === z).map((r) => r.value),
    );
    const quotients = [...this.rows()].filter(
      (r) => r.name === "Binary" && r.children[1] === w && totals.has(r.children[2]),
    );
    const terms = quotients.map((q) =>
      term("Binary", { literal: "div" }, { class: w }, { class: q.children[2] }),
    );
    const after = this.termValues(terms, found.change);
    const before = this.termValues(terms);
    if (!before.some((v, i) => differenceOf(after[i], v, this.loose) === undefined))
      this.fail("a sum for one pass");
  }
}

const implementations = new Set(["Product", "Window", "Winograd", "OnePass"]);

const multiplied = (a: Operand, b: Operand): Term => term("Binary", { literal: "mul" }, a, b);

const leaf = (id: number, op: Node["op"], shape: Node["shape"]): Node => ({
  id,
  op,
  inputs: [],
  shape,
  dtype: "f32",
  span: nowhere,
  name: undefined,
  cell: undefined,
  loops: [],
});
