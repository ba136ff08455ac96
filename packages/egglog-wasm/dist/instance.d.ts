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
export declare class Instance {
    #private;
    readonly memory: WebAssembly.Memory;
    readonly exports: Exports;
    /** The module's stack lies below this and is empty between calls. */
    readonly dataStart: number;
    constructor(module: WebAssembly.Module, memory: WebAssembly.Memory);
    /** Bytes of data and heap, without the stack. */
    heapBytes(): number;
    /** Take a checkpoint. Only where the e-graph is consistent; the stack is not kept. */
    save(): void;
    /** Back to the checkpoint. */
    restore(): void;
    resetStack(): void;
    /** The data of an instance that has not been called yet. */
    firstImage(): Uint8Array;
    /** Everything below the end of the heap, for a clone or an image to start from. */
    image(): Uint8Array;
    /** Become what `image` was taken of. */
    load(image: Uint8Array): void;
    /** Carry out `call` under `watch`; a fault is a value. Other exceptions are bugs and pass through. */
    attempt(watch: Watch | undefined, call: (exports: Exports) => void): Fault | undefined;
    /** Text into the module, as the two arguments of a call. */
    give(text: string): [pointer: number, length: number];
    answer(): string;
    outputs(): string;
}
export {};
