/** Statements of kernels in C++. */

import { type DType, isFloat } from "../../ir/dtype.ts";
import type { FoldFn, Stmt } from "../../ir/kernel.ts";
import { add, axis, constantOf, int, one, scale, subtract } from "../../ir/poly.ts";
import { argFolds, folds } from "../../ops/reductions.ts";
import { call, infix } from "../../ops/spelling.ts";
import { cppType } from "../cpp.ts";
import { attentionLines } from "./attention.ts";
import { contractionLines } from "./contractions.ts";
import { exprText, localType } from "./expressions.ts";
import { type Indexing, indexText, indexType } from "./indices.ts";
import { mergedLines } from "./merged.ts";

/** Lines of a block, each with its indentation. */
export const blockLines = (body: readonly Stmt[], indent: string, ix: Indexing): string[] =>
  body.flatMap((s) => statementLines(s, indent, ix));

function statementLines(s: Stmt, indent: string, ix: Indexing): string[] {
  const expr = (e: Parameters<typeof exprText>[0]) => exprText(e, ix);
  switch (s.kind) {
    case "loop":
      return (ix.dialect?.loop ?? loopLines)(s, indent, ix);
    case "let":
      return [`${indent}const ${localType(s.value.dtype)} ${s.name} = ${expr(s.value)};`];
    case "index":
      return [
        `${indent}const ${indexType(ix)} ${ix.variables[s.variable].name} = ${s.value.kind === "index" ? indexText(s.value.value, ix) : expr(s.value)};`,
      ];
    case "row": {
      const type = `${s.mutable ? "" : "const "}${cppType(s.dtype)}*`;
      return [`${indent}${type} ${s.name} = ${s.from} + ${indexText(s.at, ix)};`];
    }
    case "accumulator": {
      const start = expr({ kind: "number", value: s.start, dtype: s.dtype });
      return [`${indent}${localType(s.dtype)} ${s.name} = ${start};`];
    }
    case "fold":
      return [`${indent}${foldText(s, ix)}`];
    case "pick": {
      const value = expr(s.value);
      return [
        `${indent}if (${argFolds[s.fn].betterCall}(${value}, ${s.best})) {`,
        `${indent}    ${s.best} = ${value};`,
        `${indent}    ${s.at} = ${expr({ kind: "index", value: s.position, dtype: "i32" })};`,
        `${indent}}`,
      ];
    }
    case "store":
      return [`${indent}${s.to}[${indexText(s.at, ix)}] = ${expr(s.value)};`];
    case "if":
      return [
        `${indent}if (${expr(s.condition)}) {`,
        ...blockLines(s.body, `${indent}    `, ix),
        `${indent}}`,
      ];
    case "contraction":
      return (ix.dialect?.contraction ?? contractionLines)(s, indent, ix);
    case "merged":
      return (ix.dialect?.merged ?? mergedLines)(s, indent, ix);
    case "attention":
      return (ix.dialect?.attention ?? attentionLines)(s, indent, ix);
    case "topk": {
      const inner = [...blockLines(s.lets, `${indent}    `, ix), `${indent}    return ${expr(s.value)};`];
      const to = constantOf(s.at) === 0 ? s.to : `${s.to} + ${indexText(s.at, ix)}`;
      const { name } = ix.variables[s.position];
      const isUsed = inner.some((line) => new RegExp(`\\b${name}\\b`).test(line));
      const candidate = isUsed ? `i64 ${name}` : "i64";
      const head = `lum::top_k(${indexText(s.size, ix)}, ${indexText(s.count, ix)}, ${to}, [=](${candidate}) {`;
      return [`${indent}${head}`, ...inner, `${indent}});`];
    }
    case "text":
      return userText(s.code, indent);
  }
}

export function foldText(s: Stmt & { kind: "fold" }, ix: Indexing): string {
  const value = exprText(s.value, ix);
  const t = s.value.dtype;
  if (s.fn === "sum" && isFloat(t)) return `${s.name} += ${value};`;
  if (s.fn === "prod" && isFloat(t)) return `${s.name} *= ${value};`;
  return `${s.name} = ${folds[s.fn].combine.cpp(t, s.name, value)};`;
}

function loopLines(s: Stmt & { kind: "loop" }, indent: string, ix: Indexing): string[] {
  const name = ix.variables[s.variable].name;
  const { start, end } = rangeText(s, ix);
  const pragma = s.how.endsWith("simd") ? [simdPragma(s)] : [];
  const bodyAt = (inside: string) => [...gapLines(s, inside, ix), ...blockLines(s.body, inside, ix)];
  if (!s.how.startsWith("parallel"))
    return [
      ...pragma.map((p) => indent + p),
      `${indent}for (i64 ${name} = ${start}; ${name} < ${end}; ++${name}) {`,
      ...bodyAt(`${indent}    `),
      `${indent}}`,
    ];
  const inner = `${indent}    `;
  return [
    `${indent}lum::parallel_for(${end}, lum::grain_for(${indexText(s.work, ix)}), [=](i64 begin, i64 end) {`,
    ...pragma.map((p) => inner + p),
    `${inner}for (i64 ${name} = begin; ${name} < end; ++${name}) {`,
    ...bodyAt(`${inner}    `),
    `${inner}}`,
    `${indent}});`,
  ];
}

/** Past the iterations that another loop has run. */
function gapLines({ variable, except }: Stmt & { kind: "loop" }, indent: string, ix: Indexing): string[] {
  if (except === undefined) return [];
  const tests = [...except.around, except.own].flatMap((x) => {
    const name = ix.variables[x.variable].name;
    const low = constantOf(x.from) === 0 ? [] : [infix(name, ">=", indexText(x.from, ix))];
    return [...low, infix(name, "<", indexText(x.to, ix))];
  });
  return [
    `${indent}if (${tests.join(" && ")}) {  // these are computed above`,
    `${indent}    ${ix.variables[variable].name} = ${indexText(subtract(except.own.to, one), ix)};`,
    `${indent}    continue;`,
    `${indent}}`,
  ];
}

/** A loop's first iteration and that after its last. */
function rangeText({ size, block }: Stmt & { kind: "loop" }, ix: Indexing): { start: string; end: string } {
  if (block === undefined) return { start: "0", end: indexText(size, ix) };
  const start = scale(axis(block.number), block.length);
  const next = indexText(add(start, int(block.length)), ix);
  const whole = (constantOf(size) ?? 1) % block.length === 0;
  return {
    start: indexText(start, ix),
    end: whole ? next : call("lum::min<i64>", indexText(size, ix), next),
  };
}

/** How OpenMP is told of a fold; those of floats that NaN has a say in are the runtime's. */
function reductionName(fn: FoldFn, t: DType): string {
  if (fn === "sum" || fn === "prod") return fn === "sum" ? "+" : "*";
  if (!isFloat(t)) return fn;
  return fn === "max" ? "lum::greatest" : "lum::least";
}

/** `#pragma omp simd`, with what the loop folds from outside of it. */
function simdPragma(s: Stmt & { kind: "loop" }): string {
  const found = new Map<string, string>();
  const own = new Set<string>();
  const visit = (body: readonly Stmt[]) => {
    for (const x of body) {
      if (x.kind === "accumulator") own.add(x.name);
      if (x.kind === "fold") found.set(x.name, reductionName(x.fn, x.value.dtype));
      if (x.kind === "loop" || x.kind === "if") visit(x.body);
    }
  };
  visit(s.body);
  const clauses = [...found]
    .filter(([name]) => !own.has(name))
    .map(([name, fold]) => ` reduction(${fold} : ${name})`);
  return `#pragma omp simd${clauses.join("")}`;
}

/** A user's lines moved to the block's indentation. */
function userText(code: string, indent: string): string[] {
  const lines = code.replace(/^\s*\n|\s+$/g, "").split("\n");
  const depth = Math.min(...lines.filter((l) => l.trim() !== "").map((l) => /^\s*/.exec(l)![0].length));
  return lines.map((l) => (l.trim() === "" ? "" : indent + l.slice(depth)));
}
