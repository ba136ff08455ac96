// An e-graph in a worker thread: the same methods, as promises, and a run that can be cancelled.
import type { EGraphArrays } from "./arrays.ts";
import { decodeRun } from "./decode.ts";
import type { Engine } from "./engine.ts";
import { loadEngine } from "./engine.ts";
import {
  checkProgram,
  extractProgram,
  readCheck,
  readExtract,
  readVariants,
  variantsProgram,
} from "./queries.ts";
import type {
  CreateOptions,
  EvalValue,
  ExtractOutput,
  Limits,
  Result,
  RunResult,
  SerializedEGraph,
  VariantsOutput,
} from "./types.ts";
import type { Answers, Numbered, Reply, Request, SerializeLimits } from "./worker-protocol.ts";

export type WorkerOptions = CreateOptions & {
  /** Default: the engine of this package. Its compiled module is shared with the worker. */
  readonly engine?: Engine;
  /** Node only: the worker's stack, for deep terms. Default 64. */
  readonly stackSizeMb?: number;
};

export type WorkerRunOptions = {
  readonly limits?: Limits;
  readonly file?: string;
  /**
   * Stops the run at its next safepoint or check. Needs shared memory, so in a
   * browser a cross-origin isolated page; without it the signal waits for the
   * run to end, and only `terminate` cuts it short.
   */
  readonly signal?: AbortSignal;
};

type Channel = {
  readonly post: (request: Numbered) => void;
  readonly terminate: () => void;
};

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

export class EGraphWorker {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #cancelled: Int32Array | undefined;
  #lastId = 0;
  #ended: Error | undefined;
  /** As of the last answer. */
  tuples = 0;
  memoryBytes = 0;

  private constructor(options: WorkerOptions) {
    const shared = typeof SharedArrayBuffer === "undefined" ? undefined : new SharedArrayBuffer(4);
    this.#cancelled = shared === undefined ? undefined : new Int32Array(shared);
    const end = (error: Error): void => this.#end(error);
    this.#channel = openChannel(options.stackSizeMb ?? 64, (reply) => this.#receive(reply), end);
  }

  static async create(options: WorkerOptions = {}): Promise<EGraphWorker> {
    const { engine = await loadEngine(), stackSizeMb: _, ...rest } = options;
    const worker = new EGraphWorker(options);
    const shared = worker.#cancelled?.buffer as SharedArrayBuffer | undefined;
    await worker.#ask({
      method: "start",
      start: { module: engine.module, options: rest, cancelled: shared },
    });
    return worker;
  }

  async run(program: string, { limits, file, signal }: WorkerRunOptions = {}): Promise<RunResult> {
    const running = this.#ask({ method: "run", program, limits, file });
    const id = this.#lastId;
    const cancel = (): void => {
      if (this.#cancelled !== undefined) Atomics.store(this.#cancelled, 0, id);
    };
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    try {
      return decodeRun(await running);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  async check(facts: string, options?: WorkerRunOptions): Promise<Result<{ readonly holds: boolean }>> {
    return readCheck(await this.run(checkProgram(facts), options));
  }

  async extract(
    expression: string,
    options?: WorkerRunOptions,
  ): Promise<Result<Omit<ExtractOutput, "kind">>> {
    return readExtract(await this.run(extractProgram(expression), options));
  }

  async extractVariants(
    expression: string,
    count: number,
    options?: WorkerRunOptions,
  ): Promise<Result<Omit<VariantsOutput, "kind">>> {
    return readVariants(await this.run(variantsProgram(expression, count), options));
  }

  eval(expression: string): Promise<Result<{ readonly value: EvalValue }>> {
    return this.#ask({ method: "eval", expression });
  }

  arrays(): Promise<Result<{ readonly arrays: EGraphArrays }>> {
    return this.#ask({ method: "arrays" });
  }

  async serialize(
    limits: SerializeLimits = {},
  ): Promise<Result<{ readonly json: string; readonly egraph: SerializedEGraph }>> {
    const result = await this.#ask({ method: "serialize", limits });
    return result.ok ? { ...result, egraph: JSON.parse(result.json) as SerializedEGraph } : result;
  }

  push(): Promise<RunResult> {
    return this.run("(push)");
  }

  pop(): Promise<RunResult> {
    return this.run("(pop)");
  }

  addFile(name: string, text: string): Promise<undefined> {
    return this.#ask({ method: "addFile", name, text });
  }

  /** End the worker at once, whatever it is doing. Calls without an answer reject. */
  terminate(): void {
    this.#channel.terminate();
    this.#end(new Error("the worker was terminated"));
  }

  #ask<R extends Request>(request: R): Promise<Answers[R["method"]]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#channel.post({ id, request });
    });
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("thrown" in reply) {
      waiting?.reject(new Error(reply.thrown));
      return;
    }
    this.tuples = reply.tuples;
    this.memoryBytes = reply.memoryBytes;
    waiting?.resolve(reply.value);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function openChannel(
  stackSizeMb: number,
  receive: (reply: Reply) => void,
  end: (error: Error) => void,
): Channel {
  const url = new URL("./worker.js", import.meta.url);
  const threads =
    typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) {
    const worker = new threads.Worker(url, { resourceLimits: { stackSizeMb } });
    worker.on("message", receive);
    worker.on("error", end);
    worker.on("exit", () => end(new Error("the worker ended")));
    return { post: (request) => worker.postMessage(request), terminate: () => void worker.terminate() };
  }
  const worker = new Worker(url, { type: "module" });
  worker.addEventListener("message", (event: MessageEvent<Reply>) => receive(event.data));
  worker.addEventListener("error", (event) => end(new Error(event.message || "the worker failed")));
  return { post: (request) => worker.postMessage(request), terminate: () => worker.terminate() };
}
