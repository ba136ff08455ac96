/**
 * Text of a Plan. A kernel is one line with what it computes and how, and below it the nodes computed inside:
 *
 *     kernel h: f32[batch, 512] = contraction  batch [], m [a0], n [a1], k [a2]
 *       inside %7 = mul %5, %6 : f32[batch, 512, 784]
 */
import type { Node } from "./hlir.ts";
import { entryNames, type Names, printNode, typeText } from "./hlir-print.ts";
import {
  type Choice,
  type ContractionForm,
  type EntryPlan,
  type Plan,
  type Region,
  scheduleOf,
  winogradTileText,
} from "./plan.ts";

export function printPlan(plan: Plan): string {
  const lines = [`plan of ${plan.hlir.name}`];
  for (const e of plan.entries) lines.push("", ...entryLines(e));
  return `${lines.join("\n")}\n`;
}

function entryLines(e: EntryPlan): string[] {
  return [`entry ${e.entry.name}`, ...regionLines(e.body, entryNames(e.entry), "  ")];
}

function regionLines(region: Region, names: Names, indent: string): string[] {
  return region.flatMap((step) => {
    if (step.kind === "kernel") return choiceLines(step.choice, names, indent);
    const { op } = step.node;
    const head =
      op.kind === "loop" ? `loop ${op.loop.variable} in ${op.loop.low.key}..${op.loop.high.key}` : "loop";
    return [`${indent}${head} {`, ...regionLines(step.body, names, `${indent}  `), `${indent}}`];
  });
}

function choiceLines(c: Choice, names: Names, indent: string): string[] {
  const joined = c.joined === undefined ? "" : `, in the kernel of ${labelOf(c.joined, names)}`;
  const head = `${indent}kernel ${labelOf(c.root, names)}: ${typeText(c.root.shape, c.root.dtype)} = ${howText(c, names)}${joined}`;
  return [head, ...[...c.inlined, c.root].map((n) => `${indent}  ${printNode(n, names)}`)];
}

const labelOf = (n: Node, names: Names): string => n.name ?? n.cell ?? names(n);

function howText(c: Choice, names: Names): string {
  const { implementation: i } = c;
  if (i.family === "contraction")
    return `contraction${i.winograd === undefined ? "" : ` by Winograd in ${winogradTileText(i.winograd)} tiles`} around ${names(i.anchor)}, ${formText(i.form)}${scheduleText(c)}`;
  if (i.family === "reduction")
    return `reduction of ${i.reduces.map(names).join(", ")} by rows ${axesText(i.outer)}`;
  if (i.family === "attention")
    return `attention, scores ${names(i.form.dot)}, greatest ${names(i.form.greatest)}, total ${names(i.form.total)}, weighted ${names(i.form.weighted)}${scheduleText(c)}`;
  return i.family;
}

const scheduleText = (c: Choice): string => {
  const schedule = scheduleOf(c);
  return schedule === undefined ? "" : `, schedule "${schedule}"`;
};

const axesText = (axes: readonly number[]): string => `[${axes.map((a) => `a${a}`).join(", ")}]`;

const formText = (f: ContractionForm): string =>
  `batch ${axesText(f.batch)}, m ${axesText(f.m)}, n ${axesText(f.n)}, k ${axesText(f.k)}`;
