/** A report for a terminal: the kernels by time, each with its line, its cost, and what was not chosen. */
import { bucketLabel, productsText } from "./labels.ts";
import type { KernelReport, PlanReport, Report, RivalReport } from "./report.ts";
import { isTiny } from "./report.ts";
import { counted, duration, lossText, percentText, scaled } from "./units.ts";

/** Runners-up of a kernel that are worth a line. */
const mostRivals = 3;

export function reportText(report: Report): string {
  const { machine } = report;
  return [
    `${report.model} for ${report.target}, by estimate for ${machine.name}: ${scaled(machine.bytesPerSecond, "B/s")} from memory, ${scaled(machine.contractionRate, "op/s")} in ${productsText(machine)}, ${scaled(machine.vectorRate, "op/s")} in loops`,
    report.search,
    ...report.plans.flatMap((p) => ["", ...planLines(p)]),
  ].join("\n");
}

function planLines(p: PlanReport): string[] {
  const last = p.points.length - 1;
  const at = p.points[last];
  const sizes = at.dims === "" ? "" : ` at ${at.dims}`;
  const kernels = [...p.kernels].sort((a, b) => b.costs[last].seconds - a.costs[last].seconds || a.id - b.id);
  const measured = p.kernels.reduce((sum, k) => sum + (k.costs[last].measured ?? 0), 0);
  const beside =
    p.measured === undefined ? "" : ` by estimate, ${duration(measured)} by the kernels measured`;
  return [
    `${bucketLabel(p.bucket)}: ${counted(p.kernels.filter((k) => !k.joined).length, "kernel")}, ${duration(at.seconds)}${beside}${sizes}`,
    ...programLines(p),
    ...kernels.filter((k) => !isTiny(k, last)).flatMap((k) => kernelLines(k, last)),
    ...tinyLines(kernels.filter((k) => isTiny(k, last))),
    ...takenLines(p),
  ];
}

function programLines({ measured, points }: PlanReport): string[] {
  if (measured === undefined) return [];
  if (measured.programs === undefined)
    return measured.note === undefined ? [] : [`  whole programs were not timed: ${measured.note}`];
  const at = (i: number) => (points[i].dims === "" ? "" : ` at ${points[i].dims}`);
  return measured.programs.flatMap((p, i) => [
    `  ${i === 0 ? "taken" : "not taken"}: ${p.plan}, as a whole program ${p.seconds.map((s, k) => duration(s) + at(k)).join(", ")}; ${lossText(p.share)} against the direct plan`,
    ...p.adds.map((t) => `    it would ${t}`),
    ...p.lacks.map((t) => `    it would not ${t}`),
  ]);
}

const tinyLines = (kernels: readonly KernelReport[]): string[] =>
  kernels.length === 0
    ? []
    : [
        "",
        `  ${kernels.length} more, each under 0.1 %:`,
        ...kernels.map((k) => `          ${k.computes}  ${k.family}, ${k.form}  ${k.place}`),
      ];

function takenLines(p: PlanReport): string[] {
  if (p.taken.length === 0) return [];
  return ["", `  unlike the direct plan:`, ...p.taken.map((t) => `    ${t.text}${rulesText(t.rules)}`)];
}

function kernelLines(k: KernelReport, point: number): string[] {
  const c = k.costs[point];
  const times = k.runs === 1 ? "" : `, ${k.runs} times`;
  const work =
    `${duration(c.seconds)}${measuredText(c)}${times}: ${scaled(c.bytes, "B")}, ${scaled(c.operations, "op")}, ` +
    `bound by ${c.bound}, ${percentText(c.ofLimit)} of the limit`;
  const best = k.rejected.slice(0, mostRivals);
  return [
    "",
    `  ${percentText(c.share).padStart(6)}  ${k.computes}  ${k.family}, ${k.form}`,
    `          ${k.place}  ${k.source}`,
    `          ${work}`,
    ...(k.fused.length > 0 ? [`          inside: ${k.fused.join(", ")}`] : []),
    `          stored: ${k.stored}`,
    ...k.choices.map((t) => `          chosen: ${t.text}${rulesText(t.rules)}`),
    ...best.map((r) => `          rejected: ${rivalText(r)}`),
  ];
}

const measuredText = ({ measured }: KernelReport["costs"][number]): string =>
  measured === undefined ? "" : ` by estimate, ${duration(measured)} measured`;

const rivalText = (r: RivalReport): string => `${lossText(r.share)} to ${r.text}${rulesText(r.rules)}`;

const rulesText = (rules: readonly string[]): string => (rules.length === 0 ? "" : ` [${rules.join(", ")}]`);
