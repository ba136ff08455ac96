/** The compiler on one screen: text → Ast → Hlir → Plan → Llir → files. Each step is checked by the next line. */
import { CompileError, type Diagnostic } from "./diagnostics.ts";
import type { Arch } from "./emit/arch.ts";
import { kernelSource } from "./emit/kernels/source.ts";
import { emitProject, type ProjectFiles } from "./emit/project.ts";
import type { Hlir } from "./ir/hlir.ts";
import { checkHlir } from "./ir/hlir-check.ts";
import type { Program } from "./ir/llir.ts";
import { checkLlir } from "./ir/llir-check.ts";
import type { Plan } from "./ir/plan.ts";
import { checkPlan } from "./ir/plan-check.ts";
import type { SourceFile } from "./ir/source.ts";
import { type ElaborateOptions, elaborate } from "./lower/elaborate/elaborate.ts";
import { plan } from "./lower/plan.ts";
import { schedule } from "./lower/schedule.ts";
import { type Searched, type SearchOptions, search } from "./search/search.ts";

export type CompileOptions = ElaborateOptions & { readonly arch?: Arch };

export type Compilation = {
  readonly hlir: Hlir;
  readonly plan: Plan;
  readonly program: Program;
  readonly files: ProjectFiles;
  readonly warnings: readonly Diagnostic[];
};

/** Compiles the model of a file with the direct plan. Throws a CompileError with every mistake that was found. */
export function compile(source: SourceFile, options: CompileOptions = {}): Compilation {
  const start = front(source, options);
  return finish(start, plan(start.hlir, { search: "direct" }), "plan", options);
}

/** The same with the plan that the search finds. */
export async function compileSearched(
  source: SourceFile,
  options: CompileOptions & { readonly search?: SearchOptions } = {},
): Promise<Compilation & { readonly searched: Searched }> {
  const start = front(source, options);
  const searched = await search(start.hlir, options.search);
  checkHlir(searched.plan.hlir, "search");
  return { ...finish(start, searched.plan, "search", options), searched };
}

function finish(start: Front, planned: Plan, step: string, options: CompileOptions): Compilation {
  checkPlan(planned, step);

  const program = schedule(planned);
  checkLlir(program, "schedule");

  const files = emitProject(program, { arch: options.arch, kernelSource });
  return { hlir: planned.hlir, plan: planned, program, files, warnings: start.warnings };
}

type Front = { readonly hlir: Hlir; readonly warnings: readonly Diagnostic[] };

/** Text → checked Hlir. */
export function front(source: SourceFile, options: ElaborateOptions = {}): Front {
  const { hlir, diagnostics } = elaborate(source, options);
  if (hlir === undefined) throw new CompileError(diagnostics);
  checkHlir(hlir, "elaborate");
  return { hlir, warnings: diagnostics };
}
