/**
 * The loops of a row by vectors: a thread has the same elements of the row in each of them, so what several loops
 * touch is read once, stays in its registers, and is written once.
 */

import { highest } from "../../ir/bounds.ts";
import type { Kernel, Stmt } from "../../ir/kernel.ts";
import { constantOf } from "../../ir/poly.ts";
import { cppType } from "../cpp.ts";
import { type Indexing, indexText, indexType } from "../kernels/indices.ts";
import { untaken } from "../names.ts";
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
  /** Tensors, or pointers into them, whose elements stay in registers. */
  readonly kept: ReadonlySet<string>;
  /** The registers that the row stays in. */
  readonly declarations: (indent: string) => string[];
  /** A loop of the row, without what combines its folds; undefined for one over something else. */
  readonly lines: (s: Loop, indent: string) => string[] | undefined;
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
  const all = body.filter((s): s is Loop => s.kind === "loop");
  const lengths = all.map((l) => highest(l.size, kernel.bounds) ?? Infinity);
  const first = all[lengths.indexOf(Math.max(...lengths))];
  if (first === undefined || all.some((l) => l.how !== "lanes")) return undefined;
  const loops = all.filter((l) => l.size.key === first.size.key);
  const others = all.filter((l) => l.size.key !== first.size.key);
  const rows = [...before, ...body].filter((s) => s.kind === "row");
  const found = loops.map((l) =>
    l.body.every((s) => walks.has(s.kind)) ? accessesIn(kernel, l.variable, rows, l.body) : undefined,
  );
  if (!found.every((a) => a !== undefined)) return undefined;
  const touched: Accesses = new Map(
    found.flatMap((a, i) => [...a].map(([key, x]) => [`${i} ${key}`, x] as const)),
  );
  if (!isOwn(touched, body, loops) || !others.every((l) => isApart(l, touched, body))) return undefined;
  const width = widthOf(touched, (w) => isMultiple(first.size, w));
  if (width === undefined) return undefined;
  const length = Math.max(...lengths);
  const parts = Math.ceil(length / (width * lanes.threads));
  const staged = new Set(kernel.launch?.staged?.map((s) => s.name));
  const several = parts <= mostParts ? keptOf(found, ix).filter((k) => !staged.has(k.from)) : [];
  const kept = several.slice(0, Math.floor(mostKept / parts));
  const turn = ["part", "turn", "turn_", "turn__"].find(
    (name) => !ix.variables.some((v) => v.name === name) && !ix.dialect?.taken.has(name),
  )!;
  const exact = constantOf(first.size) === parts * width * lanes.threads;

  return {
    kept: new Set(kept.map((k) => k.from)),
    declarations: (indent) =>
      kept.map(
        (k) =>
          `${indent}lum::Vector<${cppType(k.dtype)}, ${width}> ${k.name}${parts === 1 ? "" : `[${parts}]`};`,
      ),
    lines: (s, indent) => {
      const number = loops.indexOf(s);
      if (number < 0) return undefined;
      const accesses = found[number];
      const { name } = ix.variables[s.variable];
      const own = new Map(
        kept.map((k): [string, Kept] => [
          k.key,
          {
            name: parts === 1 ? k.name : `${k.name}[${turn}]`,
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
        `${indent}for (int ${turn} = 0; ${turn} < ${parts}; ++${turn}) {`,
        ...(isUsed
          ? [
              `${inner}const ${indexType(ix)} ${name} = (${turn} * ${lanes.threads} + ${lanes.first}) * ${width};`,
            ]
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
  const rootOf = rootsIn(body);
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

/** Whether a loop that isn't one of the row's writes nothing, and reads nothing that those write. */
function isApart(l: Loop, touched: Accesses, body: readonly Stmt[]): boolean {
  const rootOf = rootsIn(body);
  const written = new Set([...touched.values()].filter((a) => a.stored).map((a) => rootOf(a.from)));
  return l.body.every(
    (s) =>
      (s.kind === "fold" || s.kind === "pick" || s.kind === "let" || s.kind === "index") &&
      [...expressionsOf(s)].every((e) => e.kind !== "load" || !written.has(rootOf(e.from))),
  );
}

/** The tensor that a pointer into one points into. */
function rootsIn(body: readonly Stmt[]): (name: string) => string {
  const roots = new Map(body.flatMap((s) => (s.kind === "row" ? [[s.name, s.from] as const] : [])));
  return (name) => roots.get(name) ?? name;
}

type KeptRow = {
  readonly key: string;
  readonly from: string;
  readonly name: string;
  readonly dtype: Parameters<typeof cppType>[0];
  /** The loop that reads it first, unless one has written it by then, and the last one that writes it. */
  readonly first: number | undefined;
  readonly last: number | undefined;
};

/** What more than one loop touches. */
function keptOf(found: readonly Accesses[], ix: Indexing): KeptRow[] {
  const uses = new Map<string, { loop: number; stored: boolean; dtype: KeptRow["dtype"]; from: string }[]>();
  found.forEach((accesses, loop) => {
    for (const a of accesses.values()) {
      const key = keptKey(a.from, a.base);
      uses.set(key, [...(uses.get(key) ?? []), { loop, stored: a.stored, dtype: a.dtype, from: a.from }]);
    }
  });
  const taken = new Set([...ix.variables.map((v) => v.name), ...(ix.dialect?.taken ?? [])]);
  const fresh = (wanted: string): string => {
    const name = untaken(wanted, taken);
    taken.add(name);
    return name;
  };
  return [...uses]
    .filter(([, of]) => new Set(of.map((u) => u.loop)).size > 1)
    .map(([key, of]) => {
      // In a loop that does both, it is read before it is written.
      const reads = of.filter((u) => !u.stored).map((u) => u.loop);
      const writes = of.filter((u) => u.stored).map((u) => u.loop);
      const firstRead = reads.length === 0 ? undefined : Math.min(...reads);
      const needs = firstRead !== undefined && !writes.some((w) => w < firstRead);
      return {
        key,
        from: of[0].from,
        name: fresh(`${of[0].from}_row`),
        dtype: of[0].dtype,
        first: needs ? firstRead : undefined,
        last: writes.length === 0 ? undefined : Math.max(...writes),
      };
    });
}
