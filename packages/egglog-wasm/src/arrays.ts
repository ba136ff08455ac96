// The e-graph as flat arrays: what a search reads to extract for itself.

export type OpKind = "constructor" | "relation" | "function" | "literal" | "container";

export type OpInfo = {
  readonly name: string;
  readonly kind: OpKind;
  /** Sorts of the children; empty for literals and containers. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Cost of the node without its children, as the engine's extraction counts it. */
  readonly cost: number;
};

/**
 * Nodes are grouped by class: those of class `c` are `classStart[c]` up to
 * `classStart[c + 1]`. Children are classes: those of node `n` are
 * `children[childStart[n]]` up to `children[childStart[n + 1]]`.
 *
 * A literal or a container is a class of its own with one node of that kind,
 * joined by the rows of functions that return it. A `let` is no node; `lets`
 * has its class.
 */
export type EGraphArrays = {
  readonly nodeOp: Uint32Array;
  readonly nodeClass: Uint32Array;
  readonly nodeCost: Float64Array;
  /** `SUBSUMED | UNEXTRACTABLE`; the engine extracts neither, nor nodes of functions. */
  readonly nodeFlags: Uint8Array;
  readonly childStart: Uint32Array;
  readonly children: Uint32Array;
  readonly classSort: Uint32Array;
  /** The engine's id: stable as long as the class is not merged into another. */
  readonly classId: Uint32Array;
  readonly classStart: Uint32Array;
  /** Index of a literal, or `NO_LITERAL`. */
  readonly classLiteral: Uint32Array;
  readonly literalStart: Uint32Array;
  /** UTF-8. */
  readonly literalText: Uint8Array;
  /** i64, f64 and bool as a number, else NaN; an i64 beyond 2^53 is rounded. */
  readonly literalNumber: Float64Array;
  readonly sorts: readonly string[];
  readonly ops: readonly OpInfo[];
  readonly lets: ReadonlyMap<string, number>;
};

export const SUBSUMED = 1;
export const UNEXTRACTABLE = 2;
export const NO_LITERAL = 0xffff_ffff;

const decoder = new TextDecoder();

/** Text of a class's literal (strings without quotes), or undefined. */
export function literalText(arrays: EGraphArrays, classIndex: number): string | undefined {
  const literal = arrays.classLiteral[classIndex];
  if (literal === NO_LITERAL) return undefined;
  return decoder.decode(
    arrays.literalText.subarray(arrays.literalStart[literal], arrays.literalStart[literal + 1]),
  );
}

/** The number of a class's i64, f64 or bool literal, or undefined. */
export function literalNumber(arrays: EGraphArrays, classIndex: number): number | undefined {
  const literal = arrays.classLiteral[classIndex];
  return literal === NO_LITERAL ? undefined : arrays.literalNumber[literal];
}

type Names = { readonly sorts: string[]; readonly ops: OpInfo[]; readonly lets: [string, number][] };

/** Copies the arrays out of a module's memory; `table` is where `eg_arrays` says. */
export function readArrays(memory: ArrayBuffer, table: number): EGraphArrays {
  const entries = new Uint32Array(memory, table, 28);
  let next = 0;
  const take = (): [number, number] => [entries[next++], entries[next++]];
  const u32 = (): Uint32Array => new Uint32Array(memory, ...take()).slice();
  const f64 = (): Float64Array => new Float64Array(memory, ...take()).slice();
  const u8 = (): Uint8Array => new Uint8Array(memory, ...take()).slice();
  const arrays = {
    nodeOp: u32(),
    nodeClass: u32(),
    nodeCost: f64(),
    nodeFlags: u8(),
    childStart: u32(),
    children: u32(),
    classSort: u32(),
    classId: u32(),
    classStart: u32(),
    classLiteral: u32(),
    literalStart: u32(),
    literalText: u8(),
    literalNumber: f64(),
  };
  const names = JSON.parse(decoder.decode(u8())) as Names;
  return { ...arrays, sorts: names.sorts, ops: names.ops, lets: new Map(names.lets) };
}

/** The buffers of `arrays`, to be moved rather than copied by postMessage. */
export function buffersOf(arrays: EGraphArrays): ArrayBuffer[] {
  return Object.values(arrays).flatMap((part) =>
    ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : [],
  );
}
