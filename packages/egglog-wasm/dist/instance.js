const IDLE = {
    stopAt: Number.POSITIVE_INFINITY,
    cutAt: Number.POSITIVE_INFINITY,
    nodes: Number.POSITIVE_INFINITY,
    memoryBytes: Number.POSITIVE_INFINITY,
    heapAtStart: 0,
    checkpoints: false,
};
/** Order of the numbers that the module's safepoint understands. */
const STOP = ["time", "nodes", "memory", "cancelled"];
const PAGE = 65536;
/** A new checkpoint is due when the work since the last is worth this many copies. */
const WORK_PER_COPY = 10;
const MIN_WORK_MS = 20;
class Interruption extends Error {
    fault;
    constructor(fault) {
        super(fault.message);
        this.fault = fault;
    }
}
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const now = () => performance.now();
export class Instance {
    memory;
    exports;
    /** The module's stack lies below this and is empty between calls. */
    dataStart;
    #watch = IDLE;
    #saved = new Uint8Array(0);
    #savedEnd = 0;
    #savedAt = 0;
    #copyMs = 0;
    constructor(module, memory) {
        this.memory = memory;
        const instance = new WebAssembly.Instance(module, { env: { memory }, host: this.#imports() });
        this.exports = instance.exports;
        this.dataStart = this.exports.__stack_pointer.value;
    }
    #imports() {
        const raise = (kind, message) => {
            throw new Interruption({ kind, message });
        };
        const poll = () => {
            if (now() > this.#watch.cutAt)
                raise("time", "cut off in the middle of an iteration");
            if (this.#watch.checkpoints && this.#watch.shouldStop?.())
                raise("cancelled", "cancelled in the middle of an iteration");
        };
        return {
            now: () => {
                const time = now();
                if (time > this.#watch.cutAt)
                    raise("time", "cut off in the middle of an iteration");
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
    #safepoint(tuples) {
        const watch = this.#watch;
        const limit = this.#passed(tuples);
        if (limit !== undefined)
            return STOP.indexOf(limit) + 1;
        const work = now() - this.#savedAt;
        if (watch.checkpoints && work > Math.max(MIN_WORK_MS, WORK_PER_COPY * this.#copyMs))
            this.save();
        return 0;
    }
    #passed(tuples) {
        const watch = this.#watch;
        if (now() > watch.stopAt)
            return "time";
        if (tuples > watch.nodes)
            return "nodes";
        // A heap that was too large before the call leaves room for commands that do not grow it.
        const heap = this.heapBytes();
        if (heap > watch.memoryBytes && (tuples >= 0 || heap > watch.heapAtStart))
            return "memory";
        return watch.shouldStop?.() ? "cancelled" : undefined;
    }
    /** Bytes of data and heap, without the stack. */
    heapBytes() {
        return Math.max(0, this.exports.eg_heap_end() - this.dataStart);
    }
    /** Take a checkpoint. Only where the e-graph is consistent; the stack is not kept. */
    save() {
        const start = now();
        const length = this.heapBytes();
        if (this.#saved.length < length)
            this.#saved = new Uint8Array(Math.ceil(length * 1.25));
        this.#saved.set(new Uint8Array(this.memory.buffer, this.dataStart, length));
        this.#savedEnd = length;
        this.#savedAt = now();
        this.#copyMs = this.#savedAt - start;
    }
    /** Back to the checkpoint. */
    restore() {
        this.resetStack();
        new Uint8Array(this.memory.buffer).set(this.#saved.subarray(0, this.#savedEnd), this.dataStart);
    }
    resetStack() {
        this.exports.__stack_pointer.value = this.dataStart;
    }
    /** The data of an instance that has not been called yet. */
    firstImage() {
        const heapStart = this.exports.__heap_base.value;
        return new Uint8Array(this.memory.buffer, this.dataStart, heapStart - this.dataStart).slice();
    }
    /** Everything below the end of the heap, for a clone or an image to start from. */
    image() {
        return new Uint8Array(this.memory.buffer, this.dataStart, this.heapBytes()).slice();
    }
    /** Become what `image` was taken of. */
    load(image) {
        const missing = this.dataStart + image.length - this.memory.buffer.byteLength;
        if (missing > 0)
            this.memory.grow(Math.ceil(missing / PAGE));
        this.resetStack();
        new Uint8Array(this.memory.buffer).set(image, this.dataStart);
    }
    /** Carry out `call` under `watch`; a fault is a value. Other exceptions are bugs and pass through. */
    attempt(watch, call) {
        this.#watch = watch ?? IDLE;
        try {
            call(this.exports);
            return undefined;
        }
        catch (error) {
            return faultOf(error);
        }
        finally {
            this.#watch = IDLE;
        }
    }
    /** Text into the module, as the two arguments of a call. */
    give(text) {
        const bytes = encoder.encode(text);
        const pointer = this.exports.eg_alloc(bytes.length);
        new Uint8Array(this.memory.buffer, pointer, bytes.length).set(bytes);
        return [pointer, bytes.length];
    }
    answer() {
        return this.#text(this.exports.eg_answer_ptr(), this.exports.eg_answer_len());
    }
    outputs() {
        return this.#text(this.exports.eg_outputs_ptr(), this.exports.eg_outputs_len());
    }
    #text(pointer, length) {
        return decoder.decode(new Uint8Array(this.memory.buffer, pointer >>> 0, length));
    }
}
function faultOf(error) {
    if (error instanceof Interruption)
        return error.fault;
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
