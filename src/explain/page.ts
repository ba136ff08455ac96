/** A report as one page without anything from elsewhere: style, script and drawings are in it. */
import { render, templateText } from "../emit/template.ts";
import type { ExplainedModel } from "./explain.ts";
import { modelGraph, planGraph } from "./graphs.ts";
import { bucketLabel, productsText } from "./labels.ts";
import {
  type ChoiceReport,
  type Explained,
  isTiny,
  type KernelReport,
  type PlanReport,
  type Report,
  type RivalReport,
} from "./report.ts";
import { escaped, familyClass, graphSvg, rooflineSvg } from "./svg.ts";
import { duration, lossText, percentText, scaled } from "./units.ts";

/** Runners-up that are listed for a kernel and for the whole plan. */
const mostOfKernel = 6;
const mostOfPlan = 30;

export function pageHtml({ report, plans, source }: ExplainedModel): string {
  const { machine } = report;
  return render("explain/page.html.ejs", {
    title: escaped(report.model),
    subtitle: escaped(`${report.file} for ${report.target}`),
    machine: escaped(
      `By estimate for ${machine.name}: ${scaled(machine.bytesPerSecond, "B/s")} from memory, ${scaled(machine.contractionRate, "op/s")} in ${productsText(machine)}, ${scaled(machine.vectorRate, "op/s")} in loops.`,
    ),
    search: escaped(sentence(report.search)),
    style: templateText("explain/page.css"),
    script: templateText("explain/page.js"),
    plans: plans.map((p, i) => planView(p, i, report, source.text)),
  });
}

const sentence = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}.`;

function planView(e: Explained, index: number, report: Report, source: string) {
  const p = e.report;
  const last = p.points.length - 1;
  const at = p.points[last];
  const byTime = [...p.kernels].sort((a, b) => b.costs[last].seconds - a.costs[last].seconds || a.id - b.id);
  const views = byTime.map((k) => kernelView(k, last, byTime[0].costs[last].share));
  const families = [...new Set(byTime.map((k) => familyClass(k.family)))];
  return {
    id: `plan${index}`,
    label: escaped(sentenceStart(bucketLabel(p.bucket))),
    seconds: duration(at.seconds),
    sizes: escaped(at.dims === "" ? "all sizes are fixed" : at.dims),
    kernelCount: p.kernels.filter((k) => !k.joined).length,
    gain: p.share < 0.9995 ? `−${percentText(1 - p.share)}` : "as direct",
    evaluated: p.evaluated,
    points: p.points.map((x) => ({
      dims: escaped(x.dims === "" ? "all sizes" : x.dims),
      seconds: duration(x.seconds),
      direct: duration(x.direct),
      gain: lossText(x.seconds / x.direct),
    })),
    families,
    measured: measuredView(p),
    kernels: views.filter((_, i) => !isTiny(byTime[i], last)),
    tiny: views.filter((_, i) => isTiny(byTime[i], last)),
    roofline: rooflineSvg(p.kernels, last, report.machine),
    source: sourceLines(source, report.file, p.kernels, last),
    before: graphSvg(modelGraph(e.model, e.kernelOf), `${index}-before`),
    after: graphSvg(planGraph(e.plan, p.kernels, last), `${index}-after`),
    taken: p.taken.map(choiceView),
    rejected: p.rejected.slice(0, mostOfPlan).map(rivalView),
    more: Math.max(0, p.rejected.length - mostOfPlan),
    phases: p.phases.map((x) => ({ name: escaped(x.name), ms: x.ms.toFixed(0), rows: x.rows })),
  };
}

/** Whole programs, a row each, a column for each point. */
function measuredView({ measured, points }: PlanReport) {
  if (measured === undefined) return undefined;
  return {
    plans: measured.plans,
    kernels: escaped(lossText(measured.kernels)),
    note: measured.note === undefined ? "" : escaped(measured.note),
    points: points.map((x) => escaped(x.dims === "" ? "all sizes" : x.dims)),
    programs: (measured.programs ?? []).map((p, i) => ({
      plan: escaped(sentenceStart(p.plan)),
      look: i === 0 ? "taken" : "",
      times: p.seconds.map((s, k) => ({
        median: duration(s),
        quartiles: escaped(`half of the rounds from ${duration(p.low[k])} to ${duration(p.high[k])}`),
      })),
      loss: lossText(p.share),
      unlike: [...p.adds.map((t) => `it would ${t}`), ...p.lacks.map((t) => `it would not ${t}`)].map(
        escaped,
      ),
    })),
  };
}

const sentenceStart = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}`;

function kernelView(k: KernelReport, point: number, most: number) {
  const c = k.costs[point];
  return {
    id: k.id,
    name: escaped(k.computes),
    family: escaped(k.family),
    familyClass: familyClass(k.family),
    form: escaped(k.form),
    type: escaped(k.type),
    place: escaped(k.place),
    source: escaped(k.source),
    share: escaped(percentText(c.share)),
    width: (100 * c.share).toFixed(2),
    bar: ((100 * c.share) / most).toFixed(1),
    seconds: duration(c.seconds),
    measured: c.measured === undefined ? "" : duration(c.measured),
    runs: k.runs,
    bytes: scaled(c.bytes, "B"),
    operations: scaled(c.operations, "op"),
    bound: c.bound,
    ofLimit: escaped(percentText(c.ofLimit)),
    limitBar: (100 * c.ofLimit).toFixed(1),
    fused: escaped(k.fused.join(", ")),
    reads: escaped(k.reads.join(", ")),
    stored: escaped(k.stored),
    choices: k.choices.map(choiceView),
    rejected: k.rejected.slice(0, mostOfKernel).map(rivalView),
  };
}

const choiceView = (c: ChoiceReport) => ({ text: escaped(c.text), rules: c.rules.map(escaped) });

const rivalView = (r: RivalReport) => ({
  ...choiceView(r),
  loss: lossText(r.share),
  look: lookOf(r.share),
});

const lookOf = (share: number | undefined): string => {
  if (share === undefined || Math.abs(share - 1) < 5e-5) return "neutral";
  return share < 1 ? "less" : "more";
};

/** The file, each line with the time of the kernels that compute it. */
function sourceLines(text: string, file: string, kernels: readonly KernelReport[], point: number) {
  const lines = text.replace(/\n$/, "").split("\n");
  const shareOf = (k: KernelReport): number => k.costs[point].share;
  const own = lines.map((_, i) => kernels.filter((k) => k.file === file && k.line === i + 1));
  const most = Math.max(0.01, ...own.map((ks) => ks.reduce((sum, k) => sum + shareOf(k), 0)));
  return lines.map((line, i) => {
    const share = own[i].reduce((sum, k) => sum + shareOf(k), 0);
    const parts = kernels.filter(
      (k) => !own[i].includes(k) && k.lines.some((l) => l.file === file && l.line === i + 1),
    );
    return {
      number: i + 1,
      text: escaped(line),
      share: own[i].length === 0 ? "" : escaped(percentText(share)),
      bar: ((100 * share) / most).toFixed(1),
      kernels: own[i].map((k) => k.id).join(" "),
      inside:
        own[i].length > 0 || parts.length === 0
          ? ""
          : escaped(`inside ${parts.map((k) => k.computes).join(", ")}`),
    };
  });
}
