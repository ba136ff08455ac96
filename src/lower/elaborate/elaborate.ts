/** Ast → Hlir: names are resolved, shapes and dtypes inferred, fn and layer inlined, repeats rolled. */
import { CompileError, type Diagnostic, diagnostic } from "../../diagnostics.ts";
import type * as Ast from "../../ir/ast.ts";
import type { Bucket } from "../../ir/bucket.ts";
import { type Hlir, reachable, rootsOf } from "../../ir/hlir.ts";
import type { SourceFile } from "../../ir/source.ts";
import { nearest } from "../../nearest.ts";
import { boundsOf, type Context, createContext } from "./context.ts";
import { runModel } from "./model.ts";
import { createModules, guarded, loadModule, type ReadModule, readFromDisk } from "./modules.ts";

export type ElaborateOptions = {
  /** Model to take where the file holds several; the last one otherwise. */
  readonly model?: string;
  /** Values of model parameters, as text. */
  readonly set?: ReadonlyMap<string, string>;
  readonly read?: ReadModule;
  /** Narrower ranges for dims whose ends are numbers; a dim with one value is that number. */
  readonly bucket?: Bucket;
};

/** The Hlir of a file's model, undefined where there are errors; never throws for wrong programs. */
export function elaborate(
  source: SourceFile,
  options: ElaborateOptions = {},
): { hlir: Hlir | undefined; diagnostics: readonly Diagnostic[] } {
  const cx = createContext(options.bucket);
  let hlir: Hlir | undefined;
  try {
    guarded(
      cx,
      () => {
        hlir = run(cx, source, options);
      },
      () => {},
    );
  } catch (error) {
    if (error instanceof CompileError) for (const d of error.diagnostics) cx.diagnostics.add(d);
    else if (error instanceof RangeError && /call stack/i.test(error.message))
      cx.diagnostics.add(diagnostic("LUM2140", undefined, {}));
    else throw error;
  }
  return { hlir: cx.diagnostics.hasErrors ? undefined : hlir, diagnostics: cx.diagnostics.all };
}

function run(cx: Context, source: SourceFile, options: ElaborateOptions): Hlir | undefined {
  const module = loadModule(cx, createModules(options.read ?? readFromDisk), source);
  const model = pickModel(cx, module.file, options.model);
  if (model === undefined) return undefined;
  const { dims, entries } = runModel(cx, model, module.scope, options.set ?? new Map());
  const used = new Set(entries.flatMap((e) => usedWeights(e)));
  const ranges = new Map([...cx.loops].filter(([name]) => !name.includes("#")));
  return {
    name: model.name.name,
    dims,
    weights: cx.weights.filter((w) => used.has(w.name)),
    states: [...cx.states.values()],
    entries,
    bounds: { ...boundsOf(cx), loops: ranges },
  };
}

function pickModel(cx: Context, file: Ast.File, name: string | undefined): Ast.ModelItem | undefined {
  const models = file.items.filter((i): i is Ast.ModelItem => i.kind === "model");
  const found = name === undefined ? models.at(-1) : models.find((m) => m.name.name === name);
  if (found === undefined && !cx.diagnostics.hasErrors) {
    const near =
      name === undefined
        ? undefined
        : nearest(
            name,
            models.map((m) => m.name.name),
          );
    const help = near === undefined ? undefined : `did you mean \`${near}\`?`;
    cx.diagnostics.add(
      diagnostic("LUM2141", file.span, { name: name ?? "" }, help === undefined ? {} : { help }),
    );
  }
  return found;
}

/** Names of the weights that an entry reads, in loop bodies too. */
function usedWeights(entry: Hlir["entries"][number]): string[] {
  const out: string[] = [];
  const visit = (roots: Parameters<typeof reachable>[0]): void => {
    for (const n of reachable(roots)) {
      if (n.op.kind === "weight") out.push(n.op.name);
      if (n.op.kind === "loop") visit(n.op.loop.results);
    }
  };
  visit(rootsOf(entry));
  return out;
}
