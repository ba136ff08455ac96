/** The compiler on one screen: text → Ast → Hlir → Plan → Llir → files. Each step is checked by the next line. */
import { backends, type Part, type TargetName } from "./backends.ts";
import { CompileError, type Diagnostic } from "./diagnostics.ts";
import type { ProjectFiles } from "./emit/project.ts";
import type { Bucket } from "./ir/bucket.ts";
import type { Hlir } from "./ir/hlir.ts";
import { checkHlir } from "./ir/hlir-check.ts";
import type { Program } from "./ir/llir.ts";
import { checkLlir } from "./ir/llir-check.ts";
import type { BucketPlan, Plan } from "./ir/plan.ts";
import { checkPlan } from "./ir/plan-check.ts";
import type { SourceFile } from "./ir/source.ts";
import { checkedBuckets, usualBuckets } from "./lower/buckets.ts";
import { type ElaborateOptions, elaborate } from "./lower/elaborate/elaborate.ts";
import { directLockOf, type LockPart, searchedLockOf } from "./search/lock.ts";
import { finals } from "./search/measure/finals.ts";
import { replayAll, replayedLock } from "./search/replay.ts";
import { type Searched, type SearchOptions, search } from "./search/search.ts";

export type CompileOptions = ElaborateOptions &
  Part & {
    /** The CPU's if left out. */
    readonly target?: TargetName;
    /** Values of dims that are planned on their own; the first that a call is in is run. A search and CUDA have usual ones. */
    readonly buckets?: readonly Bucket[];
  };

export type Compilation = {
  /** As it was elaborated, before anything was chosen. */
  readonly model: Hlir;
  readonly hlir: Hlir;
  readonly plan: Plan;
  readonly buckets: readonly BucketPlan[];
  readonly program: Program;
  readonly files: ProjectFiles;
  readonly warnings: readonly Diagnostic[];
};

/** Compiles the model of a file with the direct plan. Throws a CompileError with every mistake that was found. */
export function compile(source: SourceFile, options: CompileOptions = {}): Compilation {
  const start = front(source, options);
  const { direct, directBuckets } = backends[options.target ?? "cpu"];
  const wanted = options.buckets ?? directBuckets(start.hlir);
  const buckets = bucketFronts(source, start.hlir, { ...options, buckets: wanted }).map(
    ({ bucket, hlir }) => ({ bucket, plan: direct(hlir) }),
  );
  return finish(start, direct(start.hlir), buckets, "plan", options);
}

export type SearchedBucket = BucketPlan & { readonly model: Hlir; readonly searched: Searched };

export type SearchedOptions = CompileOptions & { readonly search?: SearchOptions };

/** The same with the plans that the search finds. */
export async function compileSearched(
  source: SourceFile,
  options: SearchedOptions = {},
): Promise<
  Compilation & { readonly searched: Searched; readonly searchedBuckets: readonly SearchedBucket[] }
> {
  const { start, searched, buckets } = await searchPlans(source, options);
  const lock = await searchedLockOf(start.hlir, searched, buckets, options.search);
  return {
    ...finish(start, searched.plan, buckets, "search", options, lock),
    searched,
    searchedBuckets: buckets,
  };
}

/** Text → the plans that the search finds: for any values of the dims, and for each bucket. */
export async function searchPlans(source: SourceFile, options: SearchedOptions) {
  const start = front(source, options);
  const wanted = options.buckets ?? usualBuckets(start.hlir);
  const { onePass } = backends[options.target ?? "cpu"];
  const asked: SearchOptions = { ...options.search, onePass };
  const searched = await search(start.hlir, { ...asked, elsewhere: wanted });
  checkHlir(searched.plan.hlir, "search");
  const buckets: SearchedBucket[] = [];
  for (const { bucket, hlir } of bucketFronts(source, start.hlir, { ...options, buckets: wanted })) {
    const found = await search(hlir, asked);
    checkHlir(found.plan.hlir, "search");
    buckets.push({ bucket, model: hlir, plan: found.plan, searched: found });
  }
  const measurer = options.search?.measure;
  if (measurer === undefined) return { start, searched, elsewhere: wanted, buckets };
  const units = [
    { bucket: undefined, model: start.hlir, searched },
    ...buckets.map(({ bucket, model, searched }) => ({ bucket, model, searched })),
  ];
  const [chosen, ...others] = await finals(units, { measurer, arch: options.arch });
  for (const { plan } of [chosen, ...others]) checkHlir(plan.hlir, "measure");
  return {
    start,
    searched: chosen,
    elsewhere: wanted,
    buckets: buckets.map((b, i): SearchedBucket => ({ ...b, plan: others[i].plan, searched: others[i] })),
  };
}

/** The same with the choices of a lock, without a search. Throws LUM5106 where they are of another model. */
export async function compileLocked(
  source: SourceFile,
  options: CompileOptions,
  { lock, path }: { readonly lock: LockPart; readonly path: string },
): Promise<Compilation> {
  const start = front(source, options);
  const replayed = await replayAll(lock, path, start.hlir, (buckets) =>
    bucketFronts(source, start.hlir, { ...options, buckets }),
  );
  const { direct } = backends[options.target ?? "cpu"];
  const isDirect = lock.search.by === "direct";
  const [planned, ...plans] = replayed.map((p) => (isDirect ? { ...p, plan: direct(p.model) } : p));
  return finish(start, planned.plan, plans, "lock", options, replayedLock(lock, [planned, ...plans]));
}

/** Plans → files: the general one, and those of buckets. `step` made them. */
export function finish(
  start: Front,
  planned: Plan,
  buckets: readonly BucketPlan[],
  step: string,
  options: CompileOptions,
  lock: LockPart = directLockOf(start.hlir, planned, buckets),
): Compilation {
  for (const p of [planned, ...buckets.map((b) => b.plan)]) checkPlan(p, step);

  const backend = backends[options.target ?? "cpu"];
  const program = backend.schedule(planned, buckets, options);
  checkLlir(program, "schedule");

  const files = backend.emit(program, { arch: options.arch, allow: options.allow, lock });
  const { hlir: model, warnings } = start;
  return { model, hlir: planned.hlir, plan: planned, buckets, program, files, warnings };
}

/** The model again for each bucket, its dims narrowed. */
const bucketFronts = (source: SourceFile, hlir: Hlir, options: CompileOptions) =>
  checkedBuckets(options.buckets ?? [], hlir).map((bucket) => ({
    bucket,
    hlir: front(source, { ...options, bucket }).hlir,
  }));

type Front = { readonly hlir: Hlir; readonly warnings: readonly Diagnostic[] };

/** Text → checked Hlir. */
export function front(source: SourceFile, options: ElaborateOptions = {}): Front {
  const { hlir, diagnostics } = elaborate(source, options);
  if (hlir === undefined) throw new CompileError(diagnostics);
  checkHlir(hlir, "elaborate");
  return { hlir, warnings: diagnostics };
}
