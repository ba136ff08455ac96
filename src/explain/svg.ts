/** Drawings as SVG; colours come from the page's style sheet. */
import type { Graph } from "./graphs.ts";
import { productsText } from "./labels.ts";
import { layered, type Placed } from "./layout.ts";
import type { KernelReport, Report } from "./report.ts";
import { duration, percentText, scaled } from "./units.ts";

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[c]};`);

const n = (x: number): string => String(Math.round(x * 10) / 10);

/** `contraction by Winograd` → `contraction` */
export const familyClass = (family: string): string => family.split(" ")[0];

export function graphSvg(graph: Graph, label: string): string {
  const layout = layered(graph.boxes, graph.edges);
  const edges = layout.routes.map((route, i) => {
    const { from, to } = graph.edges[i];
    return `<path class="edge" data-from="${from}" data-to="${to}" d="${curve(route)}"/>`;
  });
  const boxes = graph.boxes.map((b) => {
    const { x, y } = layout.boxes.get(b.id)!;
    const family = b.family === undefined ? "" : ` f-${familyClass(b.family)}`;
    const kernel = b.kernel === undefined ? "" : ` data-kernel="${b.kernel}"`;
    const texts = b.lines.map(
      (line, i) =>
        `<text x="${n(x)}" y="${n(y + 4 + (i - (b.lines.length - 1) / 2) * 13.5)}"${i > 0 ? ' class="sub"' : ""}>${escaped(line)}</text>`,
    );
    return (
      `<g class="box ${b.look}${family}"${kernel} id="${label}-${b.id}"><title>${escaped(b.title)}</title>` +
      `<rect x="${n(x - b.width / 2)}" y="${n(y - b.height / 2)}" width="${n(b.width)}" height="${n(b.height)}" rx="${b.look === "given" ? n(b.height / 2) : 6}"/>${texts.join("")}</g>`
    );
  });
  return `<svg class="graph" width="${n(layout.width)}" height="${n(layout.height)}" viewBox="0 0 ${n(layout.width)} ${n(layout.height)}" role="img" aria-label="${escaped(label)}">${edges.join("")}${boxes.join("")}</svg>`;
}

/** Straight down out of a box and into the next one. */
function curve(points: readonly Placed[]): string {
  const [first, ...others] = points;
  let at = first;
  const parts = [`M${n(at.x)} ${n(at.y)}`];
  for (const p of others) {
    const middle = (at.y + p.y) / 2;
    parts.push(`C${n(at.x)} ${n(middle)} ${n(p.x)} ${n(middle)} ${n(p.x)} ${n(p.y)}`);
    at = p;
  }
  return parts.join("");
}

/** A power of ten with its unit: `10 Gop/s`. */
function decade(power: number, unit: string): string {
  const prefix = power < 0 ? 0 : Math.floor(power / 3);
  return `${Number((10 ** (power - 3 * prefix)).toPrecision(1))} ${["", "k", "M", "G", "T", "P"][prefix]}${unit}`.trim();
}

/** Operations per second over operations per byte, both logarithmic; what is under the roof is lost. */
export function rooflineSvg(
  kernels: readonly KernelReport[],
  point: number,
  machine: Report["machine"],
): string {
  const [width, height, left, right, top, bottom] = [720, 330, 64, 16, 14, 44];
  const shown = kernels.filter((k) => k.costs[point].operations > 0 && k.costs[point].bytes > 0);
  const intensity = (k: KernelReport): number => k.costs[point].operations / k.costs[point].bytes;
  const rate = (k: KernelReport): number => k.costs[point].operations / k.costs[point].seconds;
  const roofAt = (x: number): number => Math.min(machine.contractionRate, x * machine.bytesPerSecond);
  const ridge = machine.contractionRate / machine.bytesPerSecond;
  const xs = [...shown.map(intensity), ridge / 30, ridge * 30].map(Math.log10);
  const [x0, x1] = [Math.floor(Math.min(...xs)), Math.ceil(Math.max(...xs))];
  const ys = [...shown.map(rate), roofAt(10 ** x0), machine.contractionRate * 1.5].map(Math.log10);
  const [y0, y1] = [Math.floor(Math.min(...ys)), Math.max(...ys)];
  const px = (v: number): number => left + ((Math.log10(v) - x0) / (x1 - x0)) * (width - left - right);
  const py = (v: number): number =>
    height - bottom - ((Math.log10(v) - y0) / (y1 - y0)) * (height - top - bottom);
  const grid: string[] = [];
  for (let e = x0; e <= x1; e++)
    grid.push(
      `<line class="grid" x1="${n(px(10 ** e))}" x2="${n(px(10 ** e))}" y1="${top}" y2="${height - bottom}"/>`,
      `<text class="tick" x="${n(px(10 ** e))}" y="${height - bottom + 16}">${decade(e, "")}</text>`,
    );
  for (let e = y0; e <= Math.floor(y1); e++)
    grid.push(
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${n(py(10 ** e))}" y2="${n(py(10 ** e))}"/>`,
      `<text class="tick end" x="${left - 8}" y="${n(py(10 ** e) + 4)}">${decade(e, "op/s")}</text>`,
    );
  const roof = `<path class="roof" d="M${n(px(10 ** x0))} ${n(py(roofAt(10 ** x0)))}L${n(px(ridge))} ${n(py(machine.contractionRate))}L${n(px(10 ** x1))} ${n(py(machine.contractionRate))}"/>`;
  const dots = [...shown]
    .sort((a, b) => b.costs[point].seconds - a.costs[point].seconds)
    .map((k) => {
      const c = k.costs[point];
      const title = `${k.computes}: ${duration(c.seconds)}, ${percentText(c.share)} of the time; ${intensity(k).toPrecision(3)} operations per byte, ${scaled(rate(k), "op/s")}, ${percentText(c.ofLimit)} of the limit`;
      return `<circle class="dot f-${familyClass(k.family)}" data-kernel="${k.id}" cx="${n(px(intensity(k)))}" cy="${n(py(rate(k)))}" r="${n(3.5 + 17 * Math.sqrt(c.share))}"><title>${escaped(title)}</title></circle>`;
    });
  /** A place on the roof's slope, for its label. */
  const slope = 10 ** (x0 + (Math.log10(ridge) - x0) / 3);
  const labels =
    `<text class="axis" x="${(left + width - right) / 2}" y="${height - 6}">operations per byte moved</text>` +
    `<text class="axis end" x="${width - right - 4}" y="${n(py(machine.contractionRate) - 7)}">${productsText(machine)}, ${scaled(machine.contractionRate, "op/s")}</text>` +
    `<text class="axis start" x="${n(px(slope) + 12)}" y="${n(py(roofAt(slope)) + 14)}">memory, ${scaled(machine.bytesPerSecond, "B/s")}</text>`;
  return `<svg class="roofline" viewBox="0 0 ${width} ${height}" role="img" aria-label="roofline">${grid.join("")}${roof}${dots.join("")}${labels}</svg>`;
}
