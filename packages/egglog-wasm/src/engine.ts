// The compiled module, shared by all e-graphs, and the instances that wait for reuse.
import { EGraph } from "./egraph.ts";
import { Instance } from "./instance.ts";
import type { CompiledModule, CreateOptions } from "./types.ts";

/** Where the module comes from: an address, its bytes, or the compiled module. */
export type EngineSource = string | URL | ArrayBuffer | Uint8Array | CompiledModule;

export type EngineVersions = { readonly package: string; readonly egglog: string; readonly inputs: string };

const PAGE = 65536;
const MAX_PAGES = 65536;
/** As `INITIAL_MEMORY_BYTES` in crate/build.rs: the module's stack and data fit in. */
const FIRST_PAGES = 128;
const POOL_SIZE = 4;
/** Larger memories are left to the garbage collector: a memory never shrinks. */
const POOLED_PAGES = 512;

export class Engine {
  readonly module: CompiledModule;
  #idle: Instance[] = [];
  /** Memory of a fresh instance, which a used one goes back to. */
  #image: Uint8Array | undefined;
  /** Memory with an empty e-graph, by the options that it was opened with. */
  readonly #opened = new Map<string, Uint8Array>();

  constructor(module: CompiledModule) {
    this.module = module;
  }

  /** A new e-graph. Throws only where there is no memory for it. */
  create(options: CreateOptions = {}): EGraph {
    return new EGraph(this, options);
  }

  /** What the module says that it is made of. */
  versions(): EngineVersions {
    const instance = this.acquire(MAX_PAGES);
    instance.exports.eg_versions();
    const versions = JSON.parse(instance.answer()) as EngineVersions;
    this.release(instance, MAX_PAGES);
    return versions;
  }

  /** @internal Make `instance` an empty e-graph: by `open` the first time, then from its image. */
  openAs(key: string, instance: Instance, open: () => void): void {
    const image = this.#opened.get(key);
    if (image !== undefined) {
      instance.load(image);
      return;
    }
    open();
    this.#opened.set(key, instance.image());
  }

  /** @internal */
  acquire(maxPages: number): Instance {
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
  release(instance: Instance, maxPages: number): void {
    const pages = instance.memory.buffer.byteLength / PAGE;
    const keep = maxPages === MAX_PAGES && pages <= POOLED_PAGES && this.#idle.length < POOL_SIZE;
    if (keep) this.#idle.push(instance);
  }
}

/** Pages for `bytes`, at most what 32-bit addresses reach. */
export function pagesFor(bytes: number): number {
  return Math.min(MAX_PAGES, Math.ceil(bytes / PAGE));
}

let shared: Promise<Engine> | undefined;

/** The engine from this package's own file, compiled once. With a source, a new engine from there. */
export function loadEngine(source?: EngineSource): Promise<Engine> {
  if (source !== undefined) return compile(source).then((module) => new Engine(module));
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

async function compile(source: EngineSource): Promise<CompiledModule> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer) return WebAssembly.compile(source);
  if (source instanceof Uint8Array) return WebAssembly.compile(source.slice());
  const url = new URL(source, import.meta.url);
  if (url.protocol === "file:") return WebAssembly.compile(await readLocal(url));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  // Streaming needs the server to send the right type.
  const streams = response.headers.get("content-type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

async function readLocal(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  // Not an import: bundlers for browsers would look for node:fs.
  const { readFile } = process.getBuiltinModule("node:fs/promises");
  return new Uint8Array(await readFile(url));
}
