/**
 * Which rule made which term. Saturated once more with every rule made to leave its name beside each term that it
 * builds; terms are known by keys that don't depend on the numbers of classes, so the names fit the first e-graph.
 */
import { type EGraphArrays, literalText } from "egglog-wasm";
import type { Hlir, Node } from "../ir/hlir.ts";
import { keysOf } from "./keys.ts";
import { allRules } from "./rules.ts";
import { type SaturateLimits, saturate } from "./saturate.ts";
import { childrenOf, operandOf, spaceOf, type Term } from "./space.ts";

export type Trace = {
  /** By key of a term: the rules that made it. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  /** By key of a class: the rules that found it to be equal to a tensor that was there before. */
  readonly joined: ReadonlyMap<string, readonly string[]>;
  /** By key of a weighted sum's class: the rules that found that one pass can compute it. */
  readonly onePass: ReadonlyMap<string, readonly string[]>;
};

export async function trace(hlir: Hlir, nodes: readonly Node[], limits?: SaturateLimits): Promise<Trace> {
  const saturated = await saturate(nodes, hlir.bounds, { limits, rules: tracing(allRules()) });
  const space = spaceOf(nodes, saturated);
  const keys = keysOf(nodes, space);
  const made = new Map<string, Set<string>>();
  const joined = new Map<string, Set<string>>();
  const onePass = new Map<string, Set<string>>();
  const add = (to: Map<string, Set<string>>, key: string, rule: string): void => {
    to.set(key, (to.get(key) ?? new Set()).add(rule));
  };
  const a: EGraphArrays = saturated.arrays;
  for (let n = 0; n < a.nodeOp.length; n++) {
    const { name } = a.ops[a.nodeOp[n]];
    if (!name.startsWith("made-") && name !== "joined-by") continue;
    const children = childrenOf(a, n);
    const rule = literalText(a, children.at(-1)!)!;
    if (name === "joined-by" || name === "made-OnePass") {
      const to = name === "joined-by" ? joined : onePass;
      if (space.candidates.has(children[0])) add(to, keys.ofClass(children[0]), rule);
      continue;
    }
    const operands = children.slice(0, -1).map((c) => operandOf(a, c));
    const term: Term = { op: name.slice("made-".length), operands, key: "" };
    const known = operands.every((o) => !("class" in o) || space.candidates.has(o.class));
    if (known) add(made, keys.ofTerm(term), rule);
  }
  const sorted = (m: Map<string, Set<string>>) =>
    new Map([...m].map(([k, v]) => [k, [...v].sort()] as const));
  return { made: sorted(made), joined: sorted(joined), onePass: sorted(onePass) };
}

type Tree = string | readonly Tree[];

/** The rules with `(made-Binary f a b "rule")` beside every `(Binary f a b)` that an action builds. */
export function tracing(program: string): string {
  const forms = read(program);
  const constructors = new Map<string, readonly Tree[]>();
  for (const f of forms)
    if (
      typeof f !== "string" &&
      f[0] === "constructor" &&
      Array.isArray(f[2]) &&
      (f[3] === "Tensor" || f[1] === "OnePass")
    )
      constructors.set(String(f[1]), f[2]);
  const relations = [...constructors].map(([name, sorts]) => [
    "relation",
    `made-${name}`,
    [...sorts, "String"],
  ]);
  const out: Tree[] = [];
  for (const f of forms) {
    out.push(isRule(f) ? tracedRule(f, constructors) : f);
    // Relations may name their sorts only behind their declaration.
    if (typeof f !== "string" && f[0] === "constructor" && constructors.has(String(f[1])))
      out.push(relations.find((r) => r[1] === `made-${f[1]}`)!);
    if (typeof f !== "string" && f[0] === "sort" && f[1] === "Tensor")
      out.push(["relation", "joined-by", ["Tensor", "String"]]);
  }
  return out.map(print).join("\n");
}

const isRule = (f: Tree): f is readonly Tree[] => typeof f !== "string" && f[0] === "rule";

function tracedRule(rule: readonly Tree[], constructors: ReadonlyMap<string, unknown>): Tree {
  const [head, body, actions, ...options] = rule;
  const name = options[options.indexOf(":name") + 1];
  if (typeof actions === "string" || !options.includes(":name")) return rule;
  const bound = new Set(actions.flatMap((x) => (typeof x !== "string" && x[0] === "let" ? [x[1]] : [])));
  const notes: Tree[] = [];
  const visit = (t: Tree): void => {
    if (typeof t === "string") return;
    if (constructors.has(String(t[0]))) notes.push([`made-${t[0]}`, ...t.slice(1), name]);
    for (const x of t) visit(x);
  };
  for (const x of actions) {
    if (typeof x === "string") continue;
    visit(x);
    if (x[0] === "union" && typeof x[2] === "string" && !bound.has(x[2]))
      notes.push(["joined-by", x[1], name]);
  }
  return [head, body, [...actions, ...notes], ...options];
}

const print = (t: Tree): string => (typeof t === "string" ? t : `(${t.map(print).join(" ")})`);

function read(text: string): Tree[] {
  const stack: Tree[][] = [[]];
  for (const [token] of text.matchAll(/;[^\n]*|"(?:[^"\\]|\\.)*"|[()]|[^\s()";]+/g)) {
    if (token.startsWith(";")) continue;
    if (token === "(") stack.push([]);
    else if (token === ")") {
      const done = stack.pop()!;
      stack.at(-1)!.push(done);
    } else stack.at(-1)!.push(token);
  }
  if (stack.length !== 1) throw new Error("the rules have a bracket too many or too few");
  return stack[0];
}
