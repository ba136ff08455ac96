/** `lumc.lock.json` as a file: its text, and reading it without trusting it. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { jsonText } from "../json-text.ts";
import type { LockedSearch, LockPart } from "./lock.ts";

export const lockName = "lumc.lock.json";

/** Of the file's form; a file of another form is not read. */
export const lockVersion = 2;

export type Lock = LockPart & {
  readonly model: string;
  readonly target: string;
  readonly arch: string;
  /** What was allowed, absent for nothing. */
  readonly allow?: readonly string[];
};

/** With a digest of everything else as its last line. */
export function lockText(content: Readonly<Record<string, unknown>>): string {
  return jsonText({ lock: lockVersion, ...content, checksum: checksumOf({ lock: lockVersion, ...content }) });
}

const checksumOf = (content: unknown): string =>
  createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 32);

export type ReadLock =
  | { readonly kind: "none" }
  | { readonly kind: "lock"; readonly lock: Lock; readonly text: string }
  | { readonly kind: "other version"; readonly version: string }
  | { readonly kind: "damaged"; readonly reason: string };

export function readLock(path: string): ReadLock {
  if (!existsSync(path)) return { kind: "none" };
  const text = readFileSync(path, "utf8");
  const value = parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { kind: "damaged", reason: value === undefined ? "it is no JSON text" : "it is no JSON object" };
  const { checksum, ...content } = value as Record<string, unknown>;
  if (typeof content.lock === "number" && content.lock !== lockVersion)
    return { kind: "other version", version: String(content.lock) };
  if (checksum !== checksumOf(content))
    return { kind: "damaged", reason: "its checksum is not that of its content" };
  if (!isLock(content)) return { kind: "damaged", reason: "it lacks what a lock file states" };
  return { kind: "lock", lock: content, text };
}

/** Moves it out of the way, for somebody to look at. Returns where to. */
export function setAside(path: string): string {
  const aside = [...new Array(1000).keys()]
    .map((i) => `${path}.damaged${i === 0 ? "" : `-${i + 1}`}`)
    .find((p) => !existsSync(p));
  if (aside === undefined) throw new Error(`there are 1000 damaged files beside ${path}`);
  renameSync(path, aside);
  return aside;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLock(x: Record<string, unknown>): x is Record<string, unknown> & Lock {
  const texts = ["model", "target", "arch", "hash"].every((key) => typeof x[key] === "string");
  const allowed = x.allow === undefined || Array.isArray(x.allow);
  return texts && allowed && isSearch(x.search) && Array.isArray(x.plans) && x.plans.every(isPlan);
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null;

const isSearch = (x: unknown): x is LockedSearch =>
  isRecord(x) && (x.by === "direct" || (x.by === "search" && typeof x.seed === "number"));

const isPlan = (x: unknown): boolean =>
  isRecord(x) &&
  typeof x.bucket === "string" &&
  Array.isArray(x.choices) &&
  x.choices.every((c) => isRecord(c) && typeof c.of === "string" && typeof c.decision === "string");
