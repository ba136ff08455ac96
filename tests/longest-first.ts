/** The order of the test files: those known to take longest begin, so that the last ones to end are short. */
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** From the longest; a file that is not here comes after them, the larger ones before the smaller ones. */
const longest: readonly string[] = [
  "runtime/kernels",
  "cuda/emit/nvcc",
  "random/random",
  "cuda/emit/cuts",
  "models/cpu",
  "examples",
  "search/rules",
  "diagnostics/wrong-inputs",
  "models/searched",
  "cuda/emit/models",
  "search/lock",
  "emit/project",
  "search/explain",
  "cuda/nvcc/nvcc",
  "emit/names",
  "search/lock-file",
  "cuda/emit/split",
  "search/merged",
  "cuda/families/families",
  "search/legality",
  "measure/programs",
  "cuda/emit/candidates",
  "attention/search",
  "weights/native",
  "search/explain-measured",
].map((name) => `tests/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = (f: TestSpecification): number => {
      const rank = longest.indexOf(relative(this.ctx.config.root, f.moduleId).replaceAll("\\", "/"));
      return rank < 0 ? longest.length : rank;
    };
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
