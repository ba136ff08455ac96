/** The rule files, in the order in which they are read. */
import { readFileSync } from "node:fs";

export const ruleFiles = ["schema", "facts", "algebra", "views", "casts", "recognition"] as const;
export type RuleFile = (typeof ruleFiles)[number];

export const readRules = (file: RuleFile): string =>
  readFileSync(new URL(`./rules/${file}.egg`, import.meta.url), "utf8");

export const allRules = (): string => ruleFiles.map(readRules).join("\n");
