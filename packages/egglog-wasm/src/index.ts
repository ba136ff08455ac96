export type { EGraphArrays, OpInfo, OpKind } from "./arrays.ts";
export { literalNumber, literalText, NO_LITERAL, SUBSUMED, UNEXTRACTABLE } from "./arrays.ts";
export { EGraph } from "./egraph.ts";
export type { EngineSource, EngineVersions } from "./engine.ts";
export { Engine, loadEngine } from "./engine.ts";
export { formatOutput } from "./format.ts";
export type { AppTerm, LiteralTerm, Term, VarTerm } from "./term.ts";
export { printTerm } from "./term.ts";
export type {
  CheckOutput,
  CompiledModule,
  CreateOptions,
  EgglogError,
  ErrorKind,
  EvalValue,
  ExtractOutput,
  FunctionRow,
  LimitName,
  Limits,
  Output,
  PrintFunctionOutput,
  PrintSizeOutput,
  ProofOutput,
  Result,
  RuleReport,
  RulesetReport,
  RunOptions,
  RunOutput,
  RunReport,
  RunResult,
  SerializedEGraph,
  SerializedNode,
  StatisticsOutput,
  StepReport,
  TableSize,
  TextOutput,
  Variant,
  VariantsOutput,
} from "./types.ts";
export type { WorkerOptions } from "./worker-client.ts";
export { EGraphWorker } from "./worker-client.ts";
