/**
 * The loops of a row by vectors: a thread has the same elements of the row in each of them, so what several loops
 * touch is read once, stays in its registers, and is written once.
 */
import type { Kernel, Stmt } from "../../ir/kernel.ts";
import { constantOf } from "../../ir/poly.ts";
import { cppType } from "../cpp.ts";
import { type Indexing, indexText, indexType } from "../kernels/indices.ts";
import {
  type Accesses,
  accessesIn,
  expressionsOf,
  isMultiple,
  type Kept,
  keptKey,
  vectorBody,
  widthOf,
} from "./vectors.ts";

type Loop = Stmt & { readonly kind: "loop" };

/** A group's threads: where one begins, how many there are. */
export type Lanes = { readonly first: string; readonly step: string; readonly threads: number };

export type RowVectors = {
  /** The registers that the row stays in. */
  readonly declarations: (indent: string) => string[];
  /** A loop of the row, without what combines its folds. */
  readonly lines: (s: Loop, indent: string) => string[];
};

/** Vectors that a thread may keep of one tensor, and of all. */
const mostParts = 8;
const mostKept = 16;

/** Undefined where a loop of the row is no walk along elements in memory, or the loops differ. */
export function rowVectors(
  kernel: Kernel,
  before: readonly Stmt[],
  body: readonly Stmt[],
  lanes: Lanes,
  ix: Indexing,
): RowVectors | undefined {
  const loops = body.filter((s): s is Loop => s.kind === "loop");
  const [first] = loops;
  if (first === undefined || loops.some((l) => l.how !== "lanes" || l.size.key !== first.size.key))
    return undefined;
  const rows = [...before, ...body].filter((s) => s.kind === "row");
  const found = loops.map((l) =>
    l.body.every((s) => walks.has(s.kind)) ? accessesIn(kernel, l.variable, rows, l.body) : undefined,
  );
  if (!found.every((a) => a !== undefined)) return undefined;
  const all: Accesses = new Map(
    found.flatMap((a, i) => [...a].map(([key, x]) => [`${i} ${key}`, x] as const)),
  );
  if (!isOwn(all, body, loops)) return undefined;
  const width = widthOf(all, (w) => isMultiple(first.size, w));
  if (width === undefined) return undefined;
  const length = constantOf(first.size);
  const parts = length === undefined ? Infinity : Math.ceil(length / (width * lanes.threads));
  const kept = parts <= mostParts ? keptOf(found, parts, ix) : [];
  const exact = length === parts * width * lanes.threads;

  return {
    declarations: (indent) =>
      kept.map(
        (k) =>
          `${indent}lum::Vector<${cppType(k.dtype)}, ${width}> ${k.name}${parts === 1 ? "" : `[${parts}]`};`,
      ),
    lines: (s, indent) => {
      const number = loops.indexOf(s);
      const accesses = found[number];
      const { name } = ix.variables[s.variable];
      const own = new Map(
        kept.map((k): [string, Kept] => [
          k.key,
          {
            name: parts === 1 ? k.name : `${k.name}[part]`,
            loads: k.first === number,
            stores: k.last === number,
          },
        ]),
      );
      const lines = (inner: string) =>
        vectorBody({ accesses, width, variable: s.variable, body: s.body, kept: own }, inner, ix);
      const size = indexText(s.size, ix);
      const inner = `${indent}    `;
      if (kept.length === 0)
        return [
          `${indent}for (${indexType(ix)} ${name} = ${lanes.first} * ${width}; ${name} < ${size}; ${name} += ${lanes.step} * ${width}) {`,
          ...lines(inner),
          `${indent}}`,
        ];
      if (parts === 1)
        return [
          `${indent}if (const ${indexType(ix)} ${name} = ${lanes.first} * ${width}; ${name} < ${size}) {`,
          ...lines(inner),
          `${indent}}`,
        ];
      const inside = lines(inner);
      const isUsed = !exact || new RegExp(`\\b${name}\\b`).test(inside.join("\n"));
      return [
        "#pragma unroll",
        `${indent}for (int part = 0; part < ${parts}; ++part) {`,
        ...(isUsed
          ? [`${inner}const ${indexType(ix)} ${name} = (part * ${lanes.threads} + ${lanes.first}) * ${width};`]
          : []),
        ...(exact ? [] : [`${inner}if (${name} >= ${size}) continue;`]),
        ...inside,
        `${indent}}`,
      ];
    },
  };
}

const walks: ReadonlySet<Stmt["kind"]> = new Set(["let", "index", "store", "fold", "pick"]);

/** Whether what a loop writes is read by none but the thread that wrote it: as a vector at the same place. */
function isOwn(all: Accesses, body: readonly Stmt[], loops: readonly Loop[]): boolean {
  const roots = new Map(body.flatMap((s) => (s.kind === "row" ? [[s.name, s.from] as const] : [])));
  const rootOf = (name: string): string => roots.get(name) ?? name;
  const written = new Map<string, Set<string>>();
  for (const a of all.values()) {
    if (!a.stored) continue;
    const places = written.get(rootOf(a.from)) ?? new Set();
    written.set(rootOf(a.from), places.add(keptKey(a.from, a.base)));
  }
  const reads = new Set([...all.values()].filter((a) => !a.stored).map((a) => keptKey(a.from, a.base)));
  for (const [root, places] of written) {
    if (places.size > 1) return false;
    for (const key of reads)
      if (rootOf(key.slice(0, key.indexOf(" "))) === root && !places.has(key)) return false;
  }
  // Reads that are no vectors, in the loops or between them.
  const isWritten = (from: string): boolean => written.has(rootOf(from));
  const vectors = new Set([...all.values()].map((a) => a.from));
  for (const s of body) {
    if (s.kind === "store" && isWritten(s.to)) return false;
    for (const e of expressionsOf(s)) if (e.kind === "load" && isWritten(e.from)) return false;
  }
  return loops.every((l) =>
    l.body.every((s) =>
      [...expressionsOf(s)].every((e) => e.kind !== "load" || !isWritten(e.from) || vectors.has(e.from)),
    ),
  );
}

type KeptRow = {
  readonly key: string;
  readonly name: string;
  readonly dtype: Parameters<typeof cppType>[0];
  /** The loop that reads it first, unless one has written it by then, and the last one that writes it. */
  readonly first: number | undefined;
  readonly last: number | undefined;
};

/** What more than one loop touches, as far as there are registers. */
function keptOf(found: readonly Accesses[], parts: number, ix: Indexing): KeptRow[] {
  const uses = new Map<string, { loop: number; stored: boolean; dtype: KeptRow["dtype"]; from: string }[]>();
  found.forEach((accesses, loop) => {
    for (const a of accesses.values()) {
      const key = keptKey(a.from, a.base);
      uses.set(key, [...(uses.get(key) ?? []), { loop, stored: a.stored, dtype: a.dtype, from: a.from }]);
    }
  });
  const taken = new Set(ix.variables.map((v) => v.name));
  const fresh = (wanted: string): string => {
    let name = wanted;
    while (taken.has(name)) name += "_";
    taken.add(name);
    return name;
  };
  return [...uses]
    .filter(([, of]) => new Set(of.map((u) => u.loop)).size > 1)
    .slice(0, Math.floor(mostKept / parts))
    .map(([key, of]) => {
      // In a loop that does both, it is read before it is written.
      const reads = of.filter((u) => !u.stored).map((u) => u.loop);
      const writes = of.filter((u) => u.stored).map((u) => u.loop);
      const firstRead = reads.length === 0 ? undefined : Math.min(...reads);
      const needs = firstRead !== undefined && !writes.some((w) => w < firstRead);
      return {
        key,
        name: fresh(`${of[0].from}_row`),
        dtype: of[0].dtype,
        first: needs ? firstRead : undefined,
        last: writes.length === 0 ? undefined : Math.max(...writes),
      };
    });
}
