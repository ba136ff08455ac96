// The compiled module, shared by all e-graphs, and the instances that wait for reuse.
import { EGraph } from "./egraph.js";
import { Instance } from "./instance.js";
const PAGE = 65536;
const MAX_PAGES = 65536;
/** As `INITIAL_MEMORY_BYTES` in crate/build.rs: the module's stack and data fit in. */
const FIRST_PAGES = 128;
const POOL_SIZE = 4;
/** Larger memories are left to the garbage collector: a memory never shrinks. */
const POOLED_PAGES = 512;
export class Engine {
    module;
    #idle = [];
    /** Memory of a fresh instance, which a used one goes back to. */
    #image;
    /** Memory with an empty e-graph, by the options that it was opened with. */
    #opened = new Map();
    constructor(module) {
        this.module = module;
    }
    /** A new e-graph. Throws only where there is no memory for it. */
    create(options = {}) {
        return new EGraph(this, options);
    }
    /** What the module says that it is made of. */
    versions() {
        const instance = this.acquire(MAX_PAGES);
        instance.exports.eg_versions();
        const versions = JSON.parse(instance.answer());
        this.release(instance, MAX_PAGES);
        return versions;
    }
    /** @internal Make `instance` an empty e-graph: by `open` the first time, then from its image. */
    openAs(key, instance, open) {
        const image = this.#opened.get(key);
        if (image !== undefined) {
            instance.load(image);
            return;
        }
        open();
        this.#opened.set(key, instance.image());
    }
    /** @internal */
    acquire(maxPages) {
        const idle = maxPages === MAX_PAGES ? this.#idle.pop() : undefined;
        if (idle !== undefined && this.#image !== undefined) {
            idle.load(this.#image);
            return idle;
        }
        const maximum = Math.max(maxPages, FIRST_PAGES);
        const instance = new Instance(this.module, new WebAssembly.Memory({ initial: FIRST_PAGES, maximum }));
        this.#image ??= instance.firstImage();
        return instance;
    }
    /** @internal */
    release(instance, maxPages) {
        const pages = instance.memory.buffer.byteLength / PAGE;
        const keep = maxPages === MAX_PAGES && pages <= POOLED_PAGES && this.#idle.length < POOL_SIZE;
        if (keep)
            this.#idle.push(instance);
    }
}
/** Pages for `bytes`, at most what 32-bit addresses reach. */
export function pagesFor(bytes) {
    return Math.min(MAX_PAGES, Math.ceil(bytes / PAGE));
}
let shared;
/** The engine from this package's own file, compiled once. With a source, a new engine from there. */
export function loadEngine(source) {
    if (source !== undefined)
        return compile(source).then((module) => new Engine(module));
    if (shared === undefined) {
        const file = new URL("../wasm/egglog.wasm", import.meta.url);
        shared = compile(file).then((module) => new Engine(module));
        // A failed load may be tried again.
        shared.catch(() => {
            shared = undefined;
        });
    }
    return shared;
}
async function compile(source) {
    if (source instanceof WebAssembly.Module)
        return source;
    if (source instanceof ArrayBuffer)
        return WebAssembly.compile(source);
    if (source instanceof Uint8Array)
        return WebAssembly.compile(source.slice());
    const url = new URL(source, import.meta.url);
    if (url.protocol === "file:")
        return WebAssembly.compile(await readLocal(url));
    const response = await fetch(url);
    if (!response.ok)
        throw new Error(`${url}: ${response.status} ${response.statusText}`);
    // Streaming needs the server to send the right type.
    const streams = response.headers.get("content-type") === "application/wasm";
    return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
async function readLocal(url) {
    // Not an import: bundlers for browsers would look for node:fs.
    const { readFile } = process.getBuiltinModule("node:fs/promises");
    return new Uint8Array(await readFile(url));
}
