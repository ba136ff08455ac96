import { EGraph } from "./egraph.ts";
import type { CompiledModule, CreateOptions } from "./types.ts";
/** Where the module comes from: an address, its bytes, or the compiled module. */
export type EngineSource = string | URL | ArrayBuffer | Uint8Array | CompiledModule;
export type EngineVersions = {
    readonly package: string;
    readonly egglog: string;
    readonly inputs: string;
};
export declare class Engine {
    #private;
    readonly module: CompiledModule;
    constructor(module: CompiledModule);
    /** A new e-graph. Throws only where there is no memory for it. */
    create(options?: CreateOptions): EGraph;
    /** What the module says that it is made of. */
    versions(): EngineVersions;
}
/** Pages for `bytes`, at most what 32-bit addresses reach. */
export declare function pagesFor(bytes: number): number;
/** The engine from this package's own file, compiled once. With a source, a new engine from there. */
export declare function loadEngine(source?: EngineSource): Promise<Engine>;
