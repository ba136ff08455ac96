/**
 * Rows that several loops go over and that are too long for a block's registers, or of any length: what the first loop
 * reads of them, and what one loop leaves for another, stays in shared memory, so that memory is read once. Every thread
 * has the same elements in all loops, so that it finds there what it has put there itself.
 */
import { rowVectors } from "../../emit/cuda/row-vectors.ts";
import { expressionsOf } from "../../emit/cuda/vectors.ts";
import { byteSize, type DType } from "../../ir/dtype.ts";
import type { Kernel, StagedRow, Stmt } from "../../ir/kernel.ts";
import { axis, type Poly, substitute } from "../../ir/poly.ts";
import { type CudaArch, cuda, rowBytesOfAll } from "../../targets/cuda.ts";
import { isPure, type Loop } from "./loops.ts";
import { largest } from "./map.ts";
import { Draft } from "./stages.ts";
import { replaced, usesIn } from "./uses.ts";

export type Staging = {
  readonly notes: readonly string[];
  readonly body: readonly Stmt[];
  readonly staged: readonly StagedRow[];
  readonly threads: number;
};

/** Undefined where the rows of a kernel stay on the chip as they are, or can't. */
export function stagedRows(kernel: Kernel, body: readonly Stmt[], arch: CudaArch): Staging | undefined {
  const row = rowIn(body);
  const loops = row?.filter((s): s is Loop => s.kind === "loop") ?? [];
  const [first] = loops;
  if (row === undefined || first === undefined) return undefined;
  const simple = loops.every(
    (l) => l.how === "lanes" && l.size.key === first.size.key && l.body.every((s) => walks.has(s.kind)),
  );
  if (!simple) return undefined;
  const candidates = candidatesIn(kernel, loops, row, row !== body);
  const kept = registersOf(kernel, row);
  if (candidates.every((c) => kept.has(c.from))) return undefined;
  const slots = choose(candidates, loops, largest(first.size, kernel.bounds));
  if (slots.length === 0) return undefined;
  const names = new Draft({ ...kernel, body });
  const { staged, rooms } = placed(names, slots);
  const bytes = bytesOf(slots);
  const rewritten = new Map(loops.map((l, n) => [l, rewrite(l, n, rooms, names)]));
  return {
    notes: ["What several loops need of a row stays in shared memory."],
    body: replacedLoops(body, rewritten),
    staged,
    threads: threadsFor(bytes, arch),
  };
}

const walks: ReadonlySet<Stmt["kind"]> = new Set(["let", "index", "store", "fold", "pick"]);

/** The statements of one row: those of the innermost loop over rows, or all. */
function rowIn(body: readonly Stmt[]): readonly Stmt[] | undefined {
  if (body.some((s) => s.kind === "accumulator")) return body;
  const last = body.at(-1);
  if (last?.kind !== "loop" || last.how !== "rows" || !body.slice(0, -1).every(isPure)) return undefined;
  return rowIn(last.body) ?? (last.body.some((s) => s.kind === "loop") ? last.body : undefined);
}

/** Tensors whose elements stay in registers between the loops. */
function registersOf(kernel: Kernel, row: readonly Stmt[]): ReadonlySet<string> {
  const ix = { variables: kernel.variables, bounds: kernel.bounds };
  const lanes = { first: "", step: "", threads: cuda.threads };
  return rowVectors(kernel, [], row, lanes, ix)?.kept ?? new Set();
}

/** Elements of a tensor by the number of the row's element, which several loops touch; the loops by their numbers. */
type Candidate = {
  readonly key: string;
  /** The tensor, or the pointer into it. */
  readonly from: string;
  readonly dtype: DType;
  readonly loads: readonly number[];
  readonly stores: readonly number[];
  /** Loops that read it whatever the data says. */
  readonly certain: readonly number[];
};

const placeKey = (from: string, at: Poly, variable: number): string =>
  `${from} ${substitute(at, (a) => (a.kind === "axis" && a.axis === variable ? axis(-1) : undefined)).key}`;

type Access = { readonly from: string; readonly at: Poly };

/** Every read of statements, guarded ones too. */
function loadsIn(x: unknown): Access[] {
  if (typeof x !== "object" || x === null) return [];
  const inner = Object.values(x).flatMap(loadsIn);
  return (x as { kind?: string }).kind === "load" ? [x as Access, ...inner] : inner;
}

/** `several`: there are more rows, and what all of them have in common stays in the caches. */
function candidatesIn(
  kernel: Kernel,
  loops: readonly Loop[],
  row: readonly Stmt[],
  several: boolean,
): Candidate[] {
  const tensorOf = (from: string) => {
    const pointer = row.find((s) => s.kind === "row" && s.name === from);
    const name = pointer?.kind === "row" ? pointer.from : from;
    const param = kernel.params.find((p) => p.name === name);
    return param?.kind === "pointer" ? param : undefined;
  };
  const found = new Map<string, Candidate & { loads: number[]; stores: number[]; certain: number[] }>();
  /** Tensors that are written, or read apart from what the loops read of them by its number. */
  const written = new Set<string>();
  const elsewhere = new Set<string>();
  const note = (n: number, { from, at }: Access, use: "loads" | "stores" | "certain"): void => {
    const tensor = tensorOf(from);
    if (tensor === undefined) return;
    if (use === "stores") written.add(tensor.name);
    const l = loops[n];
    const own = new Set([l.variable, ...l.body.flatMap((s) => (s.kind === "index" ? [s.variable] : []))]);
    const { variables } = usesIn(at);
    if (!variables.has(l.variable) || [...variables].some((v) => v !== l.variable && own.has(v))) {
      elsewhere.add(tensor.name);
      return;
    }
    const pointer = row.find((s) => s.kind === "row" && s.name === from);
    const ofRow = usesIn([at, pointer]).variables;
    if (several && ofRow.size < 2) return;
    const key = placeKey(from, at, l.variable);
    const entry = found.get(key) ?? { key, from, dtype: tensor.dtype, loads: [], stores: [], certain: [] };
    found.set(key, entry);
    if (!entry[use].includes(n)) entry[use].push(n);
  };
  for (const [n, l] of loops.entries())
    for (const s of l.body) {
      for (const e of loadsIn(s)) note(n, e, "loads");
      for (const e of expressionsOf(s)) if (e.kind === "load") note(n, e, "certain");
      if (s.kind === "store") note(n, { from: s.to, at: s.at }, "stores");
    }
  for (const s of row) {
    if (s.kind === "loop") continue;
    for (const e of loadsIn(s)) elsewhere.add(tensorOf(e.from)?.name ?? "");
    if (s.kind !== "store") continue;
    written.add(tensorOf(s.to)?.name ?? "");
    elsewhere.add(tensorOf(s.to)?.name ?? "");
  }
  const keysOf = (tensor: string) => [...found.values()].filter((c) => tensorOf(c.from)!.name === tensor);
  return [...found.values()].filter((c) => {
    const { name } = tensorOf(c.from)!;
    const isAlone = !written.has(name) || (!elsewhere.has(name) && keysOf(name).length === 1);
    const first = firstOf(c);
    const isThere = c.stores.includes(first) ? !c.loads.includes(first) : c.certain.includes(first);
    return c.loads.length > 0 && new Set(touches(c)).size > 1 && isAlone && isThere;
  });
}

const touches = (c: Candidate): number[] => [...c.loads, ...c.stores];
const firstOf = (c: Candidate): number => Math.min(...touches(c));
const lastOf = (c: Candidate): number => Math.max(...c.loads);

const roomOf = (c: Candidate, elements: number): number =>
  Math.ceil((byteSize(c.dtype) * elements) / 16) * 16;

type Slot = { readonly members: Candidate[]; readonly bytes: number };

const bytesOf = (slots: readonly Slot[]): number => slots.reduce((sum, s) => sum + s.bytes, 0);

/** Room for as many as it holds, those that the most loops touch first. */
function choose(candidates: readonly Candidate[], loops: readonly Loop[], elements: number): Slot[] {
  const touched = (c: Candidate): number => new Set(touches(c)).size;
  let chosen: Candidate[] = [];
  for (const c of candidates.toSorted((a, b) => touched(b) - touched(a)))
    if (bytesOf(slotsOf([...chosen, c], loops, elements)) <= rowBytesOfAll) chosen = [...chosen, c];
  return slotsOf(chosen, loops, elements);
}

/** What a loop leaves takes the place of what that loop is the last to read. */
function slotsOf(chosen: readonly Candidate[], loops: readonly Loop[], elements: number): Slot[] {
  const slots: Slot[] = [];
  for (const c of chosen.toSorted((a, b) => firstOf(a) - firstOf(b))) {
    const first = firstOf(c);
    const isLeft = c.stores.includes(first);
    const fits = (m: Candidate): boolean =>
      m.dtype === c.dtype &&
      lastOf(m) <= first &&
      m.stores.every((n) => n < first) &&
      isReadBefore(m, c, loops[first]);
    const free = slots.find((s) => isLeft && s.members.every(fits));
    if (free === undefined) slots.push({ members: [c], bytes: roomOf(c, elements) });
    else free.members.push(c);
  }
  return slots;
}

/** Whether a loop reads one no more once it has stored the other. */
function isReadBefore(read: Candidate, stored: Candidate, l: Loop): boolean {
  const at = l.body.findIndex((s) => s.kind === "store" && placeKey(s.to, s.at, l.variable) === stored.key);
  return l.body
    .slice(at + 1)
    .every((s) => loadsIn(s).every((e) => placeKey(e.from, e.at, l.variable) !== read.key));
}

type Room = { readonly of: Candidate; readonly name: string };

function placed(names: Draft, slots: readonly Slot[]) {
  const rooms = new Map<string, Room>();
  let next = 0;
  const staged = slots.map(({ members, bytes }): StagedRow => {
    const [{ from, dtype }] = members;
    const name = names.name(`${from.replace(/_row$/, "")}_staged`);
    for (const m of members) rooms.set(m.key, { of: m, name });
    const offset = next;
    next += bytes;
    return { name, dtype, offset, bytes };
  });
  return { staged, rooms };
}

/** Enough threads for a multiprocessor that holds few such blocks. */
function threadsFor(bytes: number, arch: CudaArch): number {
  const resident = Math.max(1, Math.floor(arch.sharedBytes / (bytes + 1536)));
  let threads: number = cuda.threads;
  while (threads < 1024 && threads * resident < 1024) threads *= 2;
  return threads;
}

/** Loop number `n` with its elements where they lie now. */
function rewrite(l: Loop, n: number, rooms: ReadonlyMap<string, Room>, names: Draft): Loop {
  const own = axis(l.variable);
  const roomAt = (from: string, at: Poly): Room | undefined => rooms.get(placeKey(from, at, l.variable));
  const fresh = new Map<string, string>();
  const before: Stmt[] = [];
  const value = (part: Record<string, unknown>): unknown => {
    if (part.kind !== "load") return undefined;
    const [from, at, dtype] = [part.from as string, part.at as Poly, part.dtype as DType];
    const room = roomAt(from, at);
    if (room === undefined) return undefined;
    if (firstOf(room.of) < n) return { kind: "load", from: room.name, at: own, dtype };
    let name = fresh.get(room.of.key);
    if (name === undefined) {
      name = names.name(`${room.of.from.replace(/_row$/, "")}_here`);
      fresh.set(room.of.key, name);
      const here = { kind: "local", name, dtype } as const;
      before.push(
        { kind: "let", name, value: { kind: "load", from, at, dtype } },
        { kind: "store", to: room.name, at: own, value: here },
      );
    }
    return { kind: "local", name, dtype };
  };
  const body = l.body.flatMap((s): Stmt[] => {
    const inside = replaced(s, value);
    if (inside.kind !== "store") return [inside];
    const room = roomAt(inside.to, inside.at);
    if (room === undefined) return [inside];
    const isLast = Math.max(...room.of.stores) === n;
    const isReadLater = room.of.loads.some((m) => m > n);
    const staged: Stmt = { ...inside, to: room.name, at: own };
    return [...(isReadLater ? [staged] : []), ...(isLast ? [inside] : [])];
  });
  return { ...l, body: [...before, ...body] };
}

const replacedLoops = (body: readonly Stmt[], by: ReadonlyMap<Loop, Loop>): Stmt[] =>
  body.map((s): Stmt => {
    if (s.kind !== "loop") return s;
    return by.get(s) ?? { ...s, body: replacedLoops(s.body, by) };
  });
