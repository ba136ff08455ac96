/** Kernels of their own kind: running sums, top-k, users' own. */
import { CompileError, diagnostic } from "../../diagnostics.ts";
import type { Stmt } from "../../ir/kernel.ts";
import type { Choice } from "../../ir/plan.ts";
import { int, multiply, one, zero } from "../../ir/poly.ts";
import { folds } from "../../ops/reductions.ts";
import type { KernelDraft } from "./build.ts";
import { offsetAt } from "./evaluate.ts";
import { apart, nestLoops, openAxes, storeRoot } from "./nest.ts";

/** Running sums: the loop along the axis keeps what it has so far. */
export function cumulate(k: KernelDraft, choice: Choice): void {
  const { root } = choice;
  if (root.op.kind !== "cumulate") throw new Error("cumulate of another kind");
  const { fn, axis: along } = root.op;
  const all = openAxes(k, choice, apart(root));
  const own = all.loops.find((l) => all.coords[along].key === `a${l.variable}`);
  const others = all.loops.filter((l) => l !== own);
  const name = k.ev.names.give("accumulator", fn === "sum" ? "sum" : "product");
  const size = own?.size ?? one;
  nestLoops(k, k.frame, others, { simd: false, threads: true, work: size }, (row) => {
    row.locals.add(name);
    row.out.push({ kind: "accumulator", name, dtype: root.dtype, start: folds[fn].neutral(root.dtype) });
    nestLoops(k, row, own === undefined ? [] : [own], { simd: false, threads: false, work: one }, (inner) => {
      const value = k.place.exprOf(k.ev.at(root.inputs[0], all.coords), inner);
      inner.out.push({ kind: "fold", name, fn, value });
      storeRoot(k, choice, inner, all.coords, () => ({ value: k.ev.values.local(name, root.dtype) }));
    });
  });
}

export function topk(k: KernelDraft, choice: Choice): void {
  const { root } = choice;
  const x = root.inputs[0];
  const all = openAxes(k, choice, apart(root));
  const rank = root.shape.length;
  const rows = all.loops.filter((l) => all.coords[rank - 1].key !== `a${l.variable}`);
  const size = x.shape[rank - 1];
  nestLoops(k, k.frame, rows, { simd: false, threads: true, work: multiply(int(4), size) }, (row) => {
    const position = k.ev.variable("candidate", size);
    const variable = k.ev.variables.length - 1;
    const inner = k.place.open(row, [variable]);
    const value = k.place.exprOf(k.ev.at(x, [...all.coords.slice(0, -1), position]), inner);
    const at = offsetAt(root.shape, [...all.coords.slice(0, -1), zero]);
    const to = k.ev.param(k.target, true);
    k.place.needVariables(at, row);
    row.out.push({
      kind: "topk",
      to,
      at,
      count: root.shape[rank - 1],
      position: variable,
      size,
      lets: inner.out,
      value,
    });
  });
}

/** A user's text over pointers to whole tensors. */
export function custom(k: KernelDraft, choice: Choice): void {
  const { root } = choice;
  if (root.op.kind !== "custom") throw new Error("custom of another kind");
  const { kernel } = root.op;
  const target = k.engine?.target ?? "cpu";
  const source = kernel.sources.get(target);
  if (source === undefined) {
    const targets = [...kernel.sources.keys()].join(", ") || "none";
    throw new CompileError([diagnostic("LUM3002", root.span, { kernel: kernel.name, target, targets })]);
  }
  const lines: Stmt[] = [];
  for (const [i, wanted] of kernel.parameters.entries()) {
    const slot = k.slotOf(root.inputs[i]);
    if (slot === undefined) throw new Error(`argument ${wanted} of ${kernel.name} is stored nowhere`);
    const given = k.ev.param(slot, false);
    if (given !== wanted) lines.push({ kind: "text", code: `const auto* ${wanted} = ${given};`, uses: [] });
  }
  const out = k.ev.param(k.target, true);
  if (out !== "out") lines.push({ kind: "text", code: `auto* out = ${out};`, uses: [] });
  const known = kernel.sizes.filter((size) => size.value.key === size.name);
  for (const { name, value } of kernel.sizes)
    if (value.key !== name) lines.push({ kind: "let", name, value: { kind: "index", value, dtype: "i64" } });
  const uses = known.map((size) => size.value);
  const { grid, block } = source;
  const geometry =
    grid.length + block.length === 0
      ? undefined
      : { grid: multiply(one, ...grid), block: block.length === 0 ? int(256) : multiply(one, ...block) };
  k.frame.out.push(...lines, { kind: "text", code: source.code, uses, geometry });
}
