/**
 * Text of Llir: the memory plan, then the calls of each entry with their arguments, then the kernels' parameters.
 *
 *     temporary h: f32[batch, 512] at 0, 2097152 bytes
 *     h(input x, weight w1, weight b1, temporary h, batch)
 */
import { bucketText } from "./bucket.ts";
import { typeText } from "./hlir-print.ts";
import type { Kernel } from "./kernel.ts";
import type { Argument, LEntry, Program, Routine, Step, WeightSlot } from "./llir.ts";
import { winogradTileText } from "./plan.ts";

export function printLlir(program: Program): string {
  const lines = [`program ${program.name}, arena ${program.arenaBytes} bytes`];
  for (const d of program.dims) lines.push(`dim ${d.name} in ${d.low.key}..${d.high.key}`);
  for (const w of program.weights) lines.push(weightLine(w));
  for (const s of program.states) lines.push(`state ${s.name}: ${typeText(s.shape, s.dtype)} = ${s.init}`);
  for (const e of program.entries) lines.push("", ...entryLines(e));
  lines.push("", ...program.kernels.map(kernelLine));
  return `${lines.join("\n")}\n`;
}

function weightLine(w: WeightSlot): string {
  const per = w.loops.map((l) => ` per ${l.variable} in ${l.low}..${l.high}`).join("");
  return `weight ${w.name}: ${typeText(w.shape, w.dtype)}${per}${layoutText(w.layout)}`;
}

function layoutText(l: WeightSlot["layout"]): string {
  if (l.kind === "stored") return "";
  return l.kind === "packed"
    ? `, packed [${l.n.key}, ${l.k.key}]`
    : `, filters transformed for ${winogradTileText(l.tile)} tiles`;
}

function entryLines(e: LEntry): string[] {
  const list = (kind: string, ts: LEntry["inputs"]) =>
    ts.map((t) => `  ${kind} ${t.name}: ${typeText(t.shape, t.dtype)}`);
  return [
    `entry ${e.name}(${e.dims.join(", ")})`,
    ...list("input", e.inputs),
    ...list("output", e.outputs),
    ...list("tap", e.taps),
    ...routineLines(e, "  "),
    ...e.variants.flatMap((v) => [`  for ${bucketText(v.bucket)}`, ...routineLines(v, "    ")]),
  ];
}

const routineLines = (r: Pick<Routine, "temporaries" | "steps">, indent: string): string[] => [
  ...r.temporaries.map(
    (t) => `${indent}temporary ${t.name}: ${typeText(t.shape, t.dtype)} at ${t.offset}, ${t.bytes} bytes`,
  ),
  ...stepLines(r.steps, indent),
];

const stepLines = (steps: readonly Step[], indent: string): string[] =>
  steps.flatMap((s) =>
    s.kind === "call"
      ? [
          `${indent}${s.kernel}(${s.args.map(argumentText).join(", ")})${s.computes === s.kernel ? "" : `  // ${s.computes}`}`,
        ]
      : [
          `${indent}loop ${s.variable} in ${s.low.key}..${s.high.key} {`,
          ...stepLines(s.steps, `${indent}  `),
          `${indent}}`,
        ],
  );

function argumentText(a: Argument): string {
  if (a.kind === "size") return a.value.key;
  const { place } = a;
  return place.kind === "scratch" ? `scratch at ${place.offset}` : `${place.kind} ${place.name}`;
}

const kernelLine = (k: Kernel): string =>
  `kernel ${k.name} (${k.family}): ${k.params.map((p) => (p.kind === "pointer" ? `${p.mutable ? "mutable " : ""}${p.dtype} ${p.name}` : p.name)).join(", ")}`;
