/**
 * Calls a compiled model through its C interface. Everything is checked before native code sees it: dtype and
 * length of arrays, bounds of dims, names. This file is the same for every model; `index.ts` beside it gives
 * one model's names and types.
 */
import koffi, { type LibraryHandle } from "koffi";

export type DType =
  | "f64"
  | "f32"
  | "f16"
  | "bf16"
  | "f8e4m3"
  | "f8e5m2"
  | "i64"
  | "i32"
  | "i16"
  | "i8"
  | "u8"
  | "bool";

/** f16 and bf16 are held as their bits: see `toFloat32` and `fromFloat32`. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

export type Dims = { readonly [name: string]: number };

export type TensorSpec = {
  readonly name: string;
  readonly dtype: DType;
  /** `[s, 64]` */
  readonly text: string;
  readonly shape: (d: Dims) => readonly number[];
};

export type DimSpec = {
  readonly name: string;
  /** `0..8 - s` */
  readonly range: string;
  /** Both ends are inclusive and may depend on earlier dims. */
  readonly low: (d: Dims) => number;
  readonly high: (d: Dims) => number;
};

export type EntrySpec = {
  readonly name: string;
  /** Name of its C function. */
  readonly function: string;
  readonly dims: readonly DimSpec[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly taps: readonly TensorSpec[];
};

export type ModelSpec = {
  readonly name: string;
  /** Prefix of its C functions. */
  readonly prefix: string;
  readonly entries: readonly EntrySpec[];
  readonly states: readonly TensorSpec[];
};

export type LoadOptions = {
  /** A .safetensors file, an index of shards, or a folder that holds either. */
  readonly weights?: string;
  /** How many threads a call may use; one for each processor if left out. */
  readonly threads?: number;
  /** The shared library; `build/` beside the loader if left out. */
  readonly library?: string;
  /** File that keeps converted weights for the next start; "" keeps them in memory. */
  readonly cache?: string;
  /** Measures every kernel: see `timings`. */
  readonly timings?: boolean;
  /** Called while weights are converted. */
  readonly onProgress?: (done: number, total: number, tensor: string) => void;
};

export type Timing = { readonly kernel: string; readonly calls: number; readonly seconds: number };

/** A call that was refused or failed. `code` is a LUM6xxx code. */
export class ModelError extends Error {
  readonly code: string;
  readonly help: string | undefined;

  constructor(code: string, message: string, help?: string) {
    super(`${code}: ${message}`);
    this.name = "ModelError";
    this.code = code;
    this.help = help;
  }

  /** From the text that the library gives: a code, a message, and an indented line of help. */
  static fromText(text: string): ModelError {
    const [, code, message, help] = /^(LUM\d+): ([\s\S]*?)(?:\n {2}([^\n]*))?$/.exec(text) ?? [];
    return code === undefined ? new ModelError("LUM6001", text) : new ModelError(code, message, help);
  }
}

type ArrayClass = {
  new (length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
};

const arrayClasses: { readonly [T in DType]: ArrayClass } = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  f8e4m3: Uint8Array,
  f8e5m2: Uint8Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i16: Int16Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
};

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

type NativeFunction = (...args: unknown[]) => number;

/** One model in memory. */
export class NativeModel {
  readonly spec: ModelSpec;
  private handle: unknown;
  private readonly library: LibraryHandle;
  private readonly functions = new Map<string, NativeFunction>();

  constructor(path: string, spec: ModelSpec, options: LoadOptions = {}) {
    this.spec = spec;
    try {
      this.library = koffi.load(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ModelError(
        "LUM6001",
        `cannot load ${path}: ${reason}`,
        "build the project first, as its README says",
      );
    }
    this.handle = this.create(options);
  }

  private native(name: string, result: string, parameters: readonly string[]): NativeFunction {
    let found = this.functions.get(name);
    if (found === undefined) {
      found = this.library.func(`${this.spec.prefix}_${name}`, result, [...parameters]) as NativeFunction;
      this.functions.set(name, found);
    }
    return found;
  }

  private create(options: LoadOptions): unknown {
    const progress = koffi.proto("void", ["void*", "uint64_t", "uint64_t", "const char*"]);
    const optionsType = koffi.struct({
      threads: "int32_t",
      timings: "int32_t",
      cache_path: "const char*",
      progress: koffi.pointer(progress),
      user: "void*",
    });
    const report = options.onProgress;
    const callback =
      report === undefined
        ? null
        : koffi.register(
            (_: unknown, done: number | bigint, total: number | bigint, tensor: string) =>
              report(Number(done), Number(total), tensor),
            koffi.pointer(progress),
          );
    const settings = {
      threads: options.threads ?? 0,
      timings: options.timings ? 1 : 0,
      cache_path: options.cache ?? null,
      progress: callback,
      user: null,
    };
    const made: unknown[] = [null];
    try {
      const create = this.library.func(`${this.spec.prefix}_create`, "int", [
        "const char*",
        koffi.pointer(optionsType),
        koffi.out(koffi.pointer("void*", 1)),
      ]) as NativeFunction;
      const code = create(options.weights ?? null, settings, made);
      if (code !== 0) throw ModelError.fromText(this.errorText(null));
    } finally {
      if (callback !== null) koffi.unregister(callback);
    }
    return made[0];
  }

  private errorText(handle: unknown): string {
    const error = this.library.func(`${this.spec.prefix}_error`, "const char*", ["void*"]) as (
      h: unknown,
    ) => string;
    return error(handle);
  }

  private open(call: string): unknown {
    if (this.handle === null)
      throw new ModelError("LUM6008", `${call}: the model is closed`, "load it again");
    return this.handle;
  }

  private check(code: number): void {
    if (code !== 0) throw ModelError.fromText(this.errorText(this.handle));
  }

  /** Runs an entry. Outputs go into the arrays of `into` where it has them, else into new ones. */
  run(
    entryName: string,
    dims: Dims,
    inputs: { readonly [name: string]: TypedArray },
    into: { readonly [name: string]: TypedArray | undefined } = {},
  ): { [name: string]: TypedArray } {
    const handle = this.open(entryName);
    const entry = find(this.spec.entries, entryName, this.spec.name, "entry");
    checkDims(entry, dims);
    const given = entry.inputs.map((t) => checkArray(entryName, t, t.shape(dims), inputs[t.name]));
    const results = entry.outputs.map((t) => {
      const shape = t.shape(dims);
      const array = into[t.name];
      return array === undefined
        ? new arrayClasses[t.dtype](elements(shape))
        : checkArray(entryName, t, shape, array);
    });
    const call = this.entryFunction(entry);
    this.check(call(handle, ...entry.dims.map((d) => dims[d.name]), ...given, ...results));
    return Object.fromEntries(entry.outputs.map((t, i) => [t.name, results[i]]));
  }

  private entryFunction(entry: EntrySpec): NativeFunction {
    let found = this.functions.get(` ${entry.name}`);
    if (found === undefined) {
      const pointers = [...entry.inputs, ...entry.outputs].map(() => "void*");
      found = this.library.func(entry.function, "int", [
        "void*",
        ...entry.dims.map(() => "int64_t"),
        ...pointers,
      ]) as NativeFunction;
      this.functions.set(` ${entry.name}`, found);
    }
    return found;
  }

  readState(name: string): TypedArray {
    const state = find(this.spec.states, name, this.spec.name, "state");
    const array = new arrayClasses[state.dtype](elements(state.shape({})));
    const read = this.native("read_state", "int", ["void*", "const char*", "void*", "int64_t"]);
    this.check(read(this.open("readState"), name, array, array.byteLength));
    return array;
  }

  writeState(name: string, value: TypedArray): void {
    const state = find(this.spec.states, name, this.spec.name, "state");
    checkArray("writeState", state, state.shape({}), value);
    const write = this.native("write_state", "int", ["void*", "const char*", "void*", "int64_t"]);
    this.check(write(this.open("writeState"), name, value, value.byteLength));
  }

  /** Back to the initial value: one state, or all of them. */
  resetState(name?: string): void {
    if (name !== undefined) find(this.spec.states, name, this.spec.name, "state");
    const reset = this.native("reset_state", "int", ["void*", "const char*"]);
    this.check(reset(this.open("resetState"), name ?? null));
  }

  /** What the last run of the entry left in a tap. */
  readTap(entryName: string, name: string, dims: Dims): TypedArray {
    const entry = find(this.spec.entries, entryName, this.spec.name, "entry");
    const tap = find(entry.taps, name, entryName, "tap");
    checkDims(entry, dims);
    const array = new arrayClasses[tap.dtype](elements(tap.shape(dims)));
    const read = this.native("read_tap", "int", ["void*", "const char*", "const char*", "void*", "int64_t"]);
    this.check(read(this.open("readTap"), entryName, name, array, array.byteLength));
    return array;
  }

  /** Time spent in each kernel since load or `resetTimings`. */
  timings(): Timing[] {
    const type = koffi.struct({ kernel: "const char*", calls: "int64_t", seconds: "double" });
    const timings = this.library.func(`${this.spec.prefix}_timings`, "int32_t", [
      "void*",
      "void*",
      "int32_t",
    ]) as NativeFunction;
    const handle = this.open("timings");
    const count = timings(handle, null, 0);
    const memory = new Uint8Array(count * koffi.sizeof(type));
    timings(handle, memory, count);
    const rows = koffi.decode(memory, koffi.array(type, count)) as Timing[];
    return rows.map((row) => ({ ...row, calls: Number(row.calls) }));
  }

  resetTimings(): void {
    this.native("reset_timings", "void", ["void*"])(this.open("resetTimings"));
  }

  /** Frees its memory; a second close does nothing. */
  close(): void {
    if (this.handle === null) return;
    this.native("destroy", "void", ["void*"])(this.handle);
    this.handle = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function find<T extends { readonly name: string }>(
  all: readonly T[],
  name: string,
  of: string,
  what: string,
): T {
  const found = all.find((x) => x.name === name);
  if (found !== undefined) return found;
  const known = all.map((x) => x.name).join(", ");
  throw new ModelError("LUM6004", `${of}: no ${what} "${name}"; known: ${known || "none"}`);
}

function checkDims(entry: EntrySpec, dims: Dims): void {
  for (const d of entry.dims) {
    const value = dims[d.name];
    const [low, high] = [d.low(dims), d.high(dims)];
    if (Number.isSafeInteger(value) && value >= low && value <= high) continue;
    const ends = `${low}..${high}`;
    throw new ModelError(
      "LUM6002",
      `${entry.name}: ${d.name} = ${value} is outside of ${d.range}${ends === d.range ? "" : `, here ${ends}`}`,
      "the bounds are those of the `dim` in the .lum file",
    );
  }
}

function checkArray(call: string, t: TensorSpec, shape: readonly number[], value: unknown): TypedArray {
  const wanted = arrayClasses[t.dtype];
  const count = elements(shape);
  const found = describe(value);
  if (found === `${wanted.name} of ${count}`) return value as TypedArray;
  throw new ModelError(
    "LUM6003",
    `${call}: ${t.name} is ${found}, expected ${wanted.name} of ${count}: ${t.dtype}${t.text}, here [${shape.join(", ")}]`,
    "pass a typed array of that type with that many elements, row-major",
  );
}

function describe(value: unknown): string {
  if (ArrayBuffer.isView(value) && "length" in value) return `${value.constructor.name} of ${value.length}`;
  if (Array.isArray(value)) return `Array of ${value.length}`;
  return value === null || value === undefined ? "missing" : typeof value;
}

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** The numbers that f16 or bf16 bits stand for. */
export function toFloat32(bits: Uint16Array, dtype: "f16" | "bf16"): Float32Array {
  return Float32Array.from(bits, dtype === "bf16" ? fromBf16 : fromF16);
}

/** f16 or bf16 bits of numbers, rounded to nearest even. */
export function fromFloat32(values: ArrayLike<number>, dtype: "f16" | "bf16"): Uint16Array {
  return Uint16Array.from(values, dtype === "bf16" ? toBf16 : toF16);
}

function fromBf16(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}

function toBf16(value: number): number {
  single[0] = value;
  if (Number.isNaN(value)) return (word[0] >>> 16) | 0x40;
  return (word[0] + 0x7fff + ((word[0] >>> 16) & 1)) >>> 16;
}

function fromF16(bits: number): number {
  const [sign, exponent, mantissa] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function toF16(value: number): number {
  single[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  const size = Math.abs(single[0]);
  if (Number.isNaN(size)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // In units of the last place at this size, rounded to nearest even; a carry moves into the exponent by itself.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const units = roundToEven((size / 2 ** exponent) * 1024);
  return sign | (size < 2 ** -14 ? units : ((exponent + 14) << 10) + units);
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}
