/** Calls of the contraction engine. */
import type { Contraction, Expr, Operand, OperandForm } from "../../ir/kernel.ts";
import type { ContractionSchedule } from "../../ir/plan.ts";
import { constantOf, type Poly, zero } from "../../ir/poly.ts";
import { strideIn } from "../../lower/schedule/merge.ts";
import { cppType } from "../cpp.ts";
import { exprText } from "./expressions.ts";
import { type Indexing, indexText, indexType, lastIndex } from "./indices.ts";
import { blockLines } from "./statements.ts";

export function contractionLines(s: Contraction, indent: string, ix: Indexing): string[] {
  const size = (v: number | undefined) => (v === undefined ? "1" : indexText(ix.variables[v].size, ix));
  const inner = `${indent}    `;
  const extents = [s.m, s.n, s.k].map(size).join(", ");
  const parameters = [s.m, s.n];
  const { form } = s.a;
  const engine = form.kind === "filters" ? "winograd" : "gemm";
  const walk = s.schedule === undefined ? "" : `<lum::${scheduleTypes[s.schedule]}>`;
  const schedule = form.kind === "filters" ? `<${form.tile}>` : walk;
  if (s.batch === undefined) {
    return [
      ...blockLines([...s.a.perItem, ...s.b.perItem], indent, ix),
      `${indent}lum::${engine}${schedule}(${extents},`,
      ...ending(operandLines(s.a.form, s.m, s.k, inner, ix), ","),
      ...ending(operandLines(s.b.form, s.n, s.k, inner, ix), ","),
      `${inner}${s.workspace},`,
      ...ending(
        lambda(parameters, `float ${s.sum}`, blockLines(s.epilogue, `${inner}    `, ix), inner, ix),
        ");",
      ),
    ];
  }
  const perItem = (o: Operand, outer: number | undefined): string[] => {
    const form = operandLines(o.form, outer, s.k, `${inner}    `, ix);
    const first = form.findIndex((line) => !line.trim().startsWith("//"));
    form[first] = form[first].replace(/^\s*/, (blanks) => `${blanks}return `);
    const body = [...blockLines(o.perItem, `${inner}    `, ix), ...ending(form, ";")];
    return lambda([s.batch], undefined, body, inner, ix);
  };
  return [
    `${indent}lum::${engine}_batched${schedule}(${size(s.batch)}, ${extents},`,
    ...ending(s.a.form.kind === "filters" ? [`${inner}${s.a.form.from}`] : perItem(s.a, s.m), ","),
    ...ending(perItem(s.b, s.n), ","),
    `${inner}${s.workspace},`,
    ...ending(
      lambda(
        [s.batch, ...parameters],
        `float ${s.sum}`,
        blockLines(s.epilogue, `${inner}    `, ix),
        inner,
        ix,
      ),
      ");",
    ),
  ];
}

/** In gemm_schedules.h. */
const scheduleTypes: { readonly [S in ContractionSchedule]: string } = {
  "wide tile": "WideTile",
  "tall tile": "TallTile",
  packed: "AlwaysPacked",
  "in place": "InPlace",
  "split depth": "SplitDepth",
};

export const ending = (lines: string[], end: string): string[] => [...lines.slice(0, -1), lines.at(-1) + end];

/** Parameters that the body doesn't name go unnamed. */
export function lambda(
  variables: readonly (number | undefined)[],
  last: string | readonly string[] | undefined,
  body: readonly string[],
  indent: string,
  ix: Indexing,
): string[] {
  const text = body.join("\n");
  const parameters = variables.map((v) => {
    const name = v === undefined ? undefined : ix.variables[v].name;
    return name !== undefined && new RegExp(`\\b${name}\\b`).test(text)
      ? `${indexType(ix)} ${name}`
      : indexType(ix);
  });
  for (const p of last === undefined ? [] : [last].flat()) {
    const [type, name] = p.split(" ");
    parameters.push(new RegExp(`\\b${name}\\b`).test(text) ? p : type);
  }
  const one = body.length === 1 ? `${indent}[=](${parameters.join(", ")}) { ${body[0].trim()} }` : undefined;
  if (one !== undefined && one.length <= 116) return [one];
  return [`${indent}[=](${parameters.join(", ")}) {`, ...body, `${indent}}`];
}

const from = (name: string, offset: Poly, ix: Indexing): string =>
  constantOf(offset) === 0 ? name : `${name} + ${indexText(offset, ix)}`;

/** Whether a computed factor reads neighbours in memory for neighbours along `outer`, and none for those along `k`. */
function readsAcross(
  form: OperandForm & { kind: "computed" },
  outer: number | undefined,
  k: number | undefined,
): boolean {
  const values = [...form.lets.flatMap((s) => (s.kind === "let" ? [s.value] : [])), form.value];
  const places = values.flatMap(placesIn);
  const steps = (variable: number | undefined) =>
    variable !== undefined && places.some((p) => constantOf(strideIn(p, variable) ?? zero) === 1);
  return steps(outer) && !steps(k);
}

/** Where an expression reads from memory. */
function placesIn(e: Expr): readonly Poly[] {
  switch (e.kind) {
    case "load":
      return [e.at];
    case "unary":
    case "cast":
    case "bitcast":
    case "checked":
      return placesIn(e.x);
    case "binary":
      return [...placesIn(e.a), ...placesIn(e.b)];
    case "select":
      return [...placesIn(e.condition), ...placesIn(e.a), ...placesIn(e.b)];
    default:
      return [];
  }
}

export function operandLines(
  form: OperandForm,
  outer: number | undefined,
  k: number | undefined,
  indent: string,
  ix: Indexing,
): string[] {
  switch (form.kind) {
    case "strided": {
      const strides = [form.outerStride, form.kStride].map((p) => indexText(p, ix));
      return [
        `${indent}lum::Strided<${cppType(form.dtype)}${lastIndex(ix)}>{${[from(form.from, form.offset, ix), ...strides].join(", ")}}`,
      ];
    }
    case "filters":
      return [`${indent}${form.from}`];
    case "packed":
      return [
        `${indent}lum::Packed${form.side.toUpperCase()}<${cppType(form.dtype)}>{${form.from}, ${k === undefined ? "1" : indexText(ix.variables[k].size, ix)}}`,
      ];
    case "patches": {
      const text = (p: Poly) => indexText(p, ix);
      const plane = [text(form.height), text(form.width)];
      const window = [
        text(form.kernelHeight),
        text(form.kernelWidth),
        ...form.strides,
        ...form.dilations,
        ...form.pads,
      ];
      const [h, w] = [constantOf(form.height), constantOf(form.width)];
      const channel = h !== undefined && w !== undefined ? String(h * w) : `(${plane[0]}) * (${plane[1]})`;
      const fields = [from(form.from, form.offset, ix), ...plane, ...window, text(form.outWidth), channel];
      return [
        `${indent}// image, its height and width; kernel's height and width; strides, dilations, padding; output's width; channel`,
        `${indent}lum::Patches<${cppType(form.dtype)}${lastIndex(ix)}>{${fields.join(", ")}}`,
      ];
    }
    case "computed": {
      const body = [
        ...blockLines(form.lets, `${indent}    `, ix),
        `${indent}    return ${exprText(form.value, ix)};`,
      ];
      const lines = lambda([outer, k], undefined, body, indent, ix);
      const across = ix.dialect === undefined && readsAcross(form, outer, k);
      lines[0] = lines[0].replace("[=]", `lum::${across ? "LambdaAcross" : "Lambda"}{[=]`);
      return ending(lines, "}");
    }
  }
}
