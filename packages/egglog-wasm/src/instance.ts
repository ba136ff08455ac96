// One instance of the module: memory, imports, checkpoints, calls.
// Whatever ends a call half-way arrives here as an exception and leaves as a Fault.
import type { LimitName } from "./types.ts";

type Exports = {
  readonly eg_alloc: (length: number) => number;
  readonly eg_heap_end: () => number;
  readonly eg_open: (mode: number, seminaive: number, strict: number) => void;
  readonly eg_allow_reserved_names: () => void;
  readonly eg_add_file: (name: number, nameLength: number, text: number, textLength: number) => void;
  readonly eg_begin: () => void;
  readonly eg_run: (file: number, fileLength: number, text: number, textLength: number) => void;
  readonly eg_eval: (text: number, length: number) => void;
  readonly eg_serialize: (maxFunctions: number, maxCalls: number) => void;
  readonly eg_arrays: () => number;
  readonly eg_arrays_free: () => void;
  readonly eg_answer_ptr: () => number;
  readonly eg_answer_len: () => number;
  readonly eg_answer_free: () => void;
  readonly eg_outputs_ptr: () => number;
  readonly eg_outputs_len: () => number;
  readonly eg_commands_done: () => number;
  readonly eg_tuples: () => number;
  readonly eg_take_warnings: () => number;
  readonly eg_where: () => void;
  readonly eg_versions: () => void;
  readonly __stack_pointer: WebAssembly.Global;
  readonly __heap_base: WebAssembly.Global;
};

/** What a call ran into, other than an error of the program. */
export type Fault = {
  readonly kind: "panic" | "stack" | "memory" | "time" | "cancelled";
  readonly message: string;
};

/** What the host checks while a call is under way. */
export type Watch = {
  readonly stopAt: number;
  /** Where an iteration is cut off. Infinite without checkpoints: nothing could be put back. */
  readonly cutAt: number;
  readonly nodes: number;
  readonly memoryBytes: number;
  readonly heapAtStart: number;
  readonly shouldStop?: () => boolean;
  readonly checkpoints: boolean;
};

const IDLE: Watch = {
  stopAt: Number.POSITIVE_INFINITY,
  cutAt: Number.POSITIVE_INFINITY,
  nodes: Number.POSITIVE_INFINITY,
  memoryBytes: Number.POSITIVE_INFINITY,
  heapAtStart: 0,
  checkpoints: false,
};

/** Order of the numbers that the module's safepoint understands. */
const STOP: readonly LimitName[] = ["time", "nodes", "memory", "cancelled"];

const PAGE = 65536;
/** A new checkpoint is due when the work since the last is worth this many copies. */
const WORK_PER_COPY = 10;
const MIN_WORK_MS = 20;

class Interruption extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const now = (): number => performance.now();

export class Instance {
  readonly memory: WebAssembly.Memory;
  readonly exports: Exports;
  /** The module's stack lies below this and is empty between calls. */
  readonly dataStart: number;
  #watch: Watch = IDLE;
  #saved: Uint8Array = new Uint8Array(0);
  #savedEnd = 0;
  #savedAt = 0;
  #copyMs = 0;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    this.memory = memory;
    const instance = new WebAssembly.Instance(module, { env: { memory }, host: this.#imports() });
    this.exports = instance.exports as unknown as Exports;
    this.dataStart = this.exports.__stack_pointer.value as number;
  }

  #imports(): Record<string, (a: number, b: number) => number | undefined> {
    const raise = (kind: Fault["kind"], message: string): never => {
      throw new Interruption({ kind, message });
    };
    const poll = (): void => {
      if (now() > this.#watch.cutAt) raise("time", "cut off in the middle of an iteration");
      if (this.#watch.checkpoints && this.#watch.shouldStop?.())
        raise("cancelled", "cancelled in the middle of an iteration");
    };
    return {
      now: () => {
        const time = now();
        if (time > this.#watch.cutAt) raise("time", "cut off in the middle of an iteration");
        return time;
      },
      poll: () => {
        poll();
        return undefined;
      },
      safepoint: (tuples) => this.#safepoint(tuples),
      panic: (text, length) => raise("panic", this.#text(text, length)),
      out_of_memory: (wanted) => raise("memory", `the memory is full: ${wanted} more bytes do not fit`),
    };
  }

  #safepoint(tuples: number): number {
    const watch = this.#watch;
    const limit = this.#passed(tuples);
    if (limit !== undefined) return STOP.indexOf(limit) + 1;
    const work = now() - this.#savedAt;
    if (watch.checkpoints && work > Math.max(MIN_WORK_MS, WORK_PER_COPY * this.#copyMs)) this.save();
    return 0;
  }

  #passed(tuples: number): LimitName | undefined {
    const watch = this.#watch;
    if (now() > watch.stopAt) return "time";
    if (tuples > watch.nodes) return "nodes";
    // A heap that was too large before the call leaves room for commands that do not grow it.
    const heap = this.heapBytes();
    if (heap > watch.memoryBytes && (tuples >= 0 || heap > watch.heapAtStart)) return "memory";
    return watch.shouldStop?.() ? "cancelled" : undefined;
  }

  /** Bytes of data and heap, without the stack. */
  heapBytes(): number {
    return Math.max(0, this.exports.eg_heap_end() - this.dataStart);
  }

  /** Take a checkpoint. Only where the e-graph is consistent; the stack is not kept. */
  save(): void {
    const start = now();
    const length = this.heapBytes();
    if (this.#saved.length < length) this.#saved = new Uint8Array(Math.ceil(length * 1.25));
    this.#saved.set(new Uint8Array(this.memory.buffer, this.dataStart, length));
    this.#savedEnd = length;
    this.#savedAt = now();
    this.#copyMs = this.#savedAt - start;
  }

  /** Back to the checkpoint. */
  restore(): void {
    this.resetStack();
    new Uint8Array(this.memory.buffer).set(this.#saved.subarray(0, this.#savedEnd), this.dataStart);
  }

  resetStack(): void {
    this.exports.__stack_pointer.value = this.dataStart;
  }

  /** The data of an instance that has not been called yet. */
  firstImage(): Uint8Array {
    const heapStart = this.exports.__heap_base.value as number;
    return new Uint8Array(this.memory.buffer, this.dataStart, heapStart - this.dataStart).slice();
  }

  /** Everything below the end of the heap, for a clone or an image to start from. */
  image(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.dataStart, this.heapBytes()).slice();
  }

  /** Become what `image` was taken of. */
  load(image: Uint8Array): void {
    const missing = this.dataStart + image.length - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    this.resetStack();
    new Uint8Array(this.memory.buffer).set(image, this.dataStart);
  }

  /** Carry out `call` under `watch`; a fault is a value. Other exceptions are bugs and pass through. */
  attempt(watch: Watch | undefined, call: (exports: Exports) => void): Fault | undefined {
    this.#watch = watch ?? IDLE;
    try {
      call(this.exports);
      return undefined;
    } catch (error) {
      return faultOf(error);
    } finally {
      this.#watch = IDLE;
    }
  }

  /** Text into the module, as the two arguments of a call. */
  give(text: string): [pointer: number, length: number] {
    const bytes = encoder.encode(text);
    const pointer = this.exports.eg_alloc(bytes.length);
    new Uint8Array(this.memory.buffer, pointer, bytes.length).set(bytes);
    return [pointer, bytes.length];
  }

  answer(): string {
    return this.#text(this.exports.eg_answer_ptr(), this.exports.eg_answer_len());
  }

  outputs(): string {
    return this.#text(this.exports.eg_outputs_ptr(), this.exports.eg_outputs_len());
  }

  #text(pointer: number, length: number): string {
    return decoder.decode(new Uint8Array(this.memory.buffer, pointer >>> 0, length));
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Interruption) return error.fault;
  // Every engine throws a RangeError (or Firefox an InternalError) when its own stack is full.
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError || /recursion|call stack/i.test(message)) {
    return { kind: "stack", message: "recursion too deep for the stack" };
  }
  // With the stack at the bottom of memory, its overflow is an access below address 0.
  if (error instanceof WebAssembly.RuntimeError) {
    const kind = /out of bounds/.test(message) ? "stack" : "panic";
    return { kind, message: `the engine trapped: ${message}` };
  }
  throw error;
}
