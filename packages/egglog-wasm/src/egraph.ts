// An e-graph: programs in, typed results out.
import type { EGraphArrays } from "./arrays.ts";
import { readArrays } from "./arrays.ts";
import type { RawRun } from "./decode.ts";
import { decodeRun } from "./decode.ts";
import type { Engine } from "./engine.ts";
import { loadEngine, pagesFor } from "./engine.ts";
import type { Fault, Instance, Watch } from "./instance.ts";
import {
  checkProgram,
  extractProgram,
  noAnswer,
  readCheck,
  readExtract,
  readVariants,
  variantsProgram,
} from "./queries.ts";
import type {
  CreateOptions,
  EgglogError,
  EvalValue,
  ExtractOutput,
  Limits,
  Result,
  RunOptions,
  RunResult,
  SerializedEGraph,
  VariantsOutput,
} from "./types.ts";
import type { SerializeLimits } from "./worker-protocol.ts";

const MODES = { plain: 0, "term-encoding": 1, proofs: 2 } as const;
const GIB4 = 2 ** 32;

export class EGraph {
  readonly #engine: Engine;
  readonly #options: CreateOptions;
  readonly #maxPages: number;
  #instance: Instance | undefined;
  #lost: EgglogError | undefined;

  /** Use `EGraph.create` or `engine.create`. `from`: the memory of another to start as. */
  constructor(engine: Engine, options: CreateOptions, from?: Uint8Array) {
    this.#engine = engine;
    this.#options = options;
    const soft = options.limits?.memoryBytes;
    const hard = options.maxMemoryBytes ?? (soft === undefined ? GIB4 : 2 * soft + 2 ** 26);
    this.#maxPages = pagesFor(hard);
    this.#instance = engine.acquire(this.#maxPages);
    if (from !== undefined) this.#instance.load(from);
    else this.#open(this.#instance);
  }

  /** A new e-graph on the engine of this package. */
  static async create(options: CreateOptions = {}): Promise<EGraph> {
    return (await loadEngine()).create(options);
  }

  #open(instance: Instance): void {
    const {
      mode = "plain",
      seminaive = true,
      strict = false,
      reservedNames = false,
      files = {},
    } = this.#options;
    const settings = [MODES[mode], Number(seminaive), Number(strict)] as const;
    this.#engine.openAs(settings.join(), instance, () => {
      const fault = instance.attempt(undefined, (exports) => exports.eg_open(...settings));
      if (fault !== undefined) throw new Error(`no e-graph could be made: ${fault.message}`);
    });
    if (reservedNames) instance.exports.eg_allow_reserved_names();
    for (const [name, text] of Object.entries(files)) this.addFile(name, text);
  }

  /** Run commands. What they did before a failure stays done. */
  run(program: string, options: RunOptions = {}): RunResult {
    return decodeRun(this.runRaw(program, options));
  }

  /** @internal `run` with its outputs still as JSON, to be sent elsewhere. */
  runRaw(program: string, options: RunOptions = {}): RawRun {
    const instance = this.#live();
    if (this.#lost !== undefined) return nothingRan(this.#lost);
    this.#prepare(instance);
    let answer = "null";
    const fault = instance.attempt(this.#watch(options), (exports) => {
      const file = instance.give(options.file ?? "");
      exports.eg_run(...file, ...instance.give(program));
      answer = instance.answer();
    });
    const error =
      fault === undefined ? (JSON.parse(answer) as EgglogError | null) : this.#recover(instance, fault);
    if (this.#lost !== undefined) return nothingRan(this.#lost);
    const { exports } = instance;
    return {
      error,
      outputs: instance.outputs(),
      commands: exports.eg_commands_done(),
      warnings: exports.eg_take_warnings() > 0 ? (JSON.parse(instance.answer()) as string[]) : [],
      tuples: exports.eg_tuples(),
    };
  }

  #prepare(instance: Instance): void {
    instance.exports.eg_begin();
    if (this.#recovers()) instance.save();
  }

  #recovers(): boolean {
    return this.#options.recover ?? true;
  }

  #watch({ limits = this.#options.limits ?? {}, shouldStop }: RunOptions): Watch {
    const { timeMs = Number.POSITIVE_INFINITY, nodes = Number.POSITIVE_INFINITY }: Limits = limits;
    const start = performance.now();
    const checkpoints = this.#recovers();
    return {
      stopAt: start + timeMs,
      cutAt: checkpoints ? start + 2 * timeMs : Number.POSITIVE_INFINITY,
      nodes,
      memoryBytes: limits.memoryBytes ?? Number.POSITIVE_INFINITY,
      heapAtStart: this.memoryBytes,
      shouldStop,
      checkpoints,
    };
  }

  /** Put the last checkpoint back, and say where the call was. */
  #recover(instance: Instance, fault: Fault): EgglogError {
    const place = placeOf(instance);
    const error = errorOf(fault);
    if (this.#recovers()) {
      instance.restore();
      return { ...error, ...place, rolledBack: true };
    }
    this.#lost = { ...error, ...place, lost: true };
    return this.#lost;
  }

  /** Does `(check facts…)` hold? `facts`: one or more, as in `(= a b)`. */
  check(facts: string, options?: RunOptions): Result<{ readonly holds: boolean }> {
    return readCheck(this.run(checkProgram(facts), options));
  }

  /** The cheapest term equal to `expression`. */
  extract(expression: string, options?: RunOptions): Result<Omit<ExtractOutput, "kind">> {
    return readExtract(this.run(extractProgram(expression), options));
  }

  /** Up to `count` terms equal to `expression`, by different nodes of its class, cheapest first. */
  extractVariants(
    expression: string,
    count: number,
    options?: RunOptions,
  ): Result<Omit<VariantsOutput, "kind">> {
    return readVariants(this.run(variantsProgram(expression, count), options));
  }

  /** Add `expression` if it is new, and say which class or literal it is. */
  eval(expression: string): Result<{ readonly value: EvalValue }> {
    const instance = this.#live();
    if (this.#lost !== undefined) return { ok: false, error: this.#lost };
    this.#prepare(instance);
    let answer = "";
    const fault = instance.attempt(this.#watch({}), (exports) => {
      exports.eg_eval(...instance.give(expression));
      answer = instance.answer();
    });
    if (fault !== undefined) return { ok: false, error: this.#recover(instance, fault) };
    const value = JSON.parse(answer) as EvalValue | { readonly error: EgglogError };
    return "error" in value ? { ok: false, error: value.error } : { ok: true, value };
  }

  /** Rows in all tables, after the last `run` or `eval`. */
  get tuples(): number {
    return this.#live().exports.eg_tuples();
  }

  /** Bytes of the e-graph's heap. It does not shrink. */
  get memoryBytes(): number {
    return this.#live().heapBytes();
  }

  /** The whole e-graph as typed arrays, without hidden tables. */
  arrays(): Result<{ readonly arrays: EGraphArrays }> {
    const instance = this.#live();
    let arrays: EGraphArrays | undefined;
    const failed = this.#read(instance, (exports) => {
      // The call may grow the memory, which then has a new buffer.
      const table = exports.eg_arrays() >>> 0;
      arrays = readArrays(instance.memory.buffer as ArrayBuffer, table);
      exports.eg_arrays_free();
    });
    if (failed !== undefined) return { ok: false, error: failed };
    return arrays === undefined ? noAnswer("arrays") : { ok: true, arrays };
  }

  /** The e-graph in the JSON shape of the egraph-serialize crate. */
  serialize(
    limits: SerializeLimits = {},
  ): Result<{ readonly json: string; readonly egraph: SerializedEGraph }> {
    const result = this.serializeText(limits);
    return result.ok ? { ...result, egraph: JSON.parse(result.json) as SerializedEGraph } : result;
  }

  /** `serialize` without parsing the text. */
  serializeText(limits: SerializeLimits = {}): Result<{ readonly json: string }> {
    const instance = this.#live();
    let json = "";
    const failed = this.#read(instance, (exports) => {
      exports.eg_serialize(limits.maxFunctions ?? 0, limits.maxCallsPerFunction ?? 0);
      json = instance.answer();
      exports.eg_answer_free();
    });
    return failed === undefined ? { ok: true, json } : { ok: false, error: failed };
  }

  /** A call that changes nothing needs no checkpoint: where it is cut off, only its own memory is lost. */
  #read(instance: Instance, call: Parameters<Instance["attempt"]>[1]): EgglogError | undefined {
    if (this.#lost !== undefined) return this.#lost;
    const fault = instance.attempt(undefined, call);
    if (fault === undefined) return undefined;
    instance.resetStack();
    return errorOf(fault);
  }

  /** Remember this state for `pop`. The copy is the engine's, inside the same memory. */
  push(): RunResult {
    return this.run("(push)");
  }

  /** Back to the last `push`; an error where there is none. */
  pop(): RunResult {
    return this.run("(pop)");
  }

  /** An independent e-graph in the same state: one copy of the heap. */
  clone(): EGraph {
    const instance = this.#live();
    if (this.#lost !== undefined) throw new Error("a lost e-graph cannot be cloned");
    return new EGraph(this.#engine, this.#options, instance.image());
  }

  /** Give a program to `(include "name")`. */
  addFile(name: string, text: string): void {
    const instance = this.#live();
    instance.exports.eg_add_file(...instance.give(name), ...instance.give(text));
  }

  /** Give the memory back. Any later call throws; a second `dispose` does nothing. */
  dispose(): void {
    const instance = this.#instance;
    this.#instance = undefined;
    if (instance !== undefined) this.#engine.release(instance, this.#maxPages);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #live(): Instance {
    if (this.#instance === undefined) throw new Error("this e-graph has been disposed of");
    return this.#instance;
  }
}

function nothingRan(error: EgglogError): RawRun {
  return { error, outputs: "", commands: 0, warnings: [], tuples: 0 };
}

function errorOf({ kind, message }: Fault): EgglogError {
  switch (kind) {
    case "panic":
    case "stack":
      return { kind, message };
    default:
      return { kind: "limit", limit: kind, message };
  }
}

/** Where the command stands that was cut off; nothing where even that question fails. */
function placeOf(instance: Instance): Partial<EgglogError> {
  instance.resetStack();
  let place: Partial<EgglogError> = {};
  instance.attempt(undefined, (exports) => {
    exports.eg_where();
    place = JSON.parse(instance.answer()) as Partial<EgglogError>;
  });
  return place;
}
