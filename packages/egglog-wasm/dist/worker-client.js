import { decodeRun } from "./decode.js";
import { loadEngine } from "./engine.js";
import { checkProgram, extractProgram, readCheck, readExtract, readVariants, variantsProgram, } from "./queries.js";
export class EGraphWorker {
    #channel;
    #waiting = new Map();
    #cancelled;
    #lastId = 0;
    #ended;
    /** As of the last answer. */
    tuples = 0;
    memoryBytes = 0;
    constructor(options) {
        const shared = typeof SharedArrayBuffer === "undefined" ? undefined : new SharedArrayBuffer(4);
        this.#cancelled = shared === undefined ? undefined : new Int32Array(shared);
        const end = (error) => this.#end(error);
        this.#channel = openChannel(options.stackSizeMb ?? 64, (reply) => this.#receive(reply), end);
    }
    static async create(options = {}) {
        const { engine = await loadEngine(), stackSizeMb: _, ...rest } = options;
        const worker = new EGraphWorker(options);
        const shared = worker.#cancelled?.buffer;
        await worker.#ask({
            method: "start",
            start: { module: engine.module, options: rest, cancelled: shared },
        });
        return worker;
    }
    async run(program, { limits, file, signal } = {}) {
        const running = this.#ask({ method: "run", program, limits, file });
        const id = this.#lastId;
        const cancel = () => {
            if (this.#cancelled !== undefined)
                Atomics.store(this.#cancelled, 0, id);
        };
        if (signal?.aborted)
            cancel();
        signal?.addEventListener("abort", cancel);
        try {
            return decodeRun(await running);
        }
        finally {
            signal?.removeEventListener("abort", cancel);
        }
    }
    async check(facts, options) {
        return readCheck(await this.run(checkProgram(facts), options));
    }
    async extract(expression, options) {
        return readExtract(await this.run(extractProgram(expression), options));
    }
    async extractVariants(expression, count, options) {
        return readVariants(await this.run(variantsProgram(expression, count), options));
    }
    eval(expression) {
        return this.#ask({ method: "eval", expression });
    }
    arrays() {
        return this.#ask({ method: "arrays" });
    }
    async serialize(limits = {}) {
        const result = await this.#ask({ method: "serialize", limits });
        return result.ok ? { ...result, egraph: JSON.parse(result.json) } : result;
    }
    push() {
        return this.run("(push)");
    }
    pop() {
        return this.run("(pop)");
    }
    addFile(name, text) {
        return this.#ask({ method: "addFile", name, text });
    }
    /** End the worker at once, whatever it is doing. Calls without an answer reject. */
    terminate() {
        this.#channel.terminate();
        this.#end(new Error("the worker was terminated"));
    }
    #ask(request) {
        if (this.#ended !== undefined)
            return Promise.reject(this.#ended);
        const id = ++this.#lastId;
        return new Promise((resolve, reject) => {
            this.#waiting.set(id, { resolve: resolve, reject });
            this.#channel.post({ id, request });
        });
    }
    #receive(reply) {
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
    #end(error) {
        this.#ended ??= error;
        for (const { reject } of this.#waiting.values())
            reject(this.#ended);
        this.#waiting.clear();
    }
}
function openChannel(stackSizeMb, receive, end) {
    const url = new URL("./worker.js", import.meta.url);
    const threads = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:worker_threads");
    if (threads !== undefined) {
        const worker = new threads.Worker(url, { resourceLimits: { stackSizeMb } });
        worker.on("message", receive);
        worker.on("error", end);
        worker.on("exit", () => end(new Error("the worker ended")));
        return { post: (request) => worker.postMessage(request), terminate: () => void worker.terminate() };
    }
    const worker = new Worker(url, { type: "module" });
    worker.addEventListener("message", (event) => receive(event.data));
    worker.addEventListener("error", (event) => end(new Error(event.message || "the worker failed")));
    return { post: (request) => worker.postMessage(request), terminate: () => worker.terminate() };
}
