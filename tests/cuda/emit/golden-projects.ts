/** The models of tests/golden, and one of what they lack, emitted for CUDA. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProjectFiles } from "../../../src/emit/project.ts";
import { compile } from "../../../src/pipeline.ts";

const root = join(import.meta.dirname, "../../golden");

const shared = readdirSync(root).filter((name) => existsSync(join(root, name, "model.lum")));

/** Models of this folder. */
const own = ["families", "rows", "lines"];

export const goldenNames: readonly string[] = [...shared, ...own];

/** Without buckets: each kernel once. */
export function goldenProject(name: string): ProjectFiles {
  const isShared = shared.includes(name);
  const options: { set?: Record<string, string> } = isShared
    ? JSON.parse(readFileSync(join(root, name, "options.json"), "utf8"))
    : {};
  const path = isShared ? join(root, name, "model.lum") : join(import.meta.dirname, `${name}.lum`);
  const source = { path: `${name}/model.lum`, text: readFileSync(path, "utf8") };
  const set = new Map(Object.entries(options.set ?? {}));
  return compile(source, { set, target: "cuda", arch: "sm_80", buckets: [] }).files;
}
