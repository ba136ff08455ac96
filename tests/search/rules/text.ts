/** The rules as they are written: their premises and actions, and the same rules with one premise weaker. */
import { readRules, ruleFiles } from "../../../src/search/rules.ts";

export type Expression = string | readonly Expression[];

export type Rule = {
  readonly name: string;
  readonly file: string;
  readonly premises: readonly Expression[];
  readonly actions: readonly Expression[];
};

export const printed = (e: Expression): string =>
  typeof e === "string" ? e : `(${e.map(printed).join(" ")})`;

export function parsed(text: string): Expression[] {
  const tokens = text.replace(/;[^\n]*/g, "").match(/"[^"]*"|[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const list = (): Expression[] => {
    const items: Expression[] = [];
    while (at < tokens.length && tokens[at] !== ")") {
      const token = tokens[at++];
      if (token !== "(") items.push(token);
      else {
        items.push(list());
        at++;
      }
    }
    return items;
  };
  return list();
}

const isRule = (e: Expression): boolean => typeof e !== "string" && e[0] === "rule";

function ruleOf(e: Expression, file: string): Rule {
  const [, premises, actions, ...options] = e as readonly Expression[];
  const name = options[options.indexOf(":name") + 1];
  if (!options.includes(":name") || typeof name !== "string")
    throw new Error(`a rule in ${file} has no name`);
  return {
    name: JSON.parse(name),
    file,
    premises: premises as readonly Expression[],
    actions: actions as readonly Expression[],
  };
}

export const rulesOf = (file: (typeof ruleFiles)[number]): Rule[] =>
  parsed(readRules(file))
    .filter(isRule)
    .map((e) => ruleOf(e, file));

export const everyRule = (): Rule[] => ruleFiles.flatMap(rulesOf);

/** Premises of rules by name, for those that are to have others than written. */
export type Changed = ReadonlyMap<string, readonly Expression[]>;

/** All rule files with the premises of some rules replaced. */
export function withPremises(changed: Changed): string {
  const change = (e: Expression): Expression => {
    const premises = isRule(e) ? changed.get(ruleOf(e, "").name) : undefined;
    return premises === undefined ? e : ["rule", premises, ...(e as readonly Expression[]).slice(2)];
  };
  return ruleFiles
    .flatMap((f) => parsed(readRules(f)))
    .map((e) => printed(change(e)))
    .join("\n");
}

export type Weaker = {
  /** What was taken away. */
  readonly without: string;
  readonly premises: readonly Expression[];
  /** All rules, this one weaker; the rule that asks for it is weakened in the same way. */
  readonly rules: string;
};

/** The rule with each premise dropped in turn, and with each literal of a premise standing for anything. */
export function weakerForms(r: Rule): Weaker[] {
  const asking = everyRule().find((q) => q.name === `ask-${r.name}`);
  const form = (without: string, p: Expression, by: readonly Expression[]): Weaker => {
    const change = (list: readonly Expression[]) =>
      list.flatMap((q) => (printed(q) === printed(p) ? by : [q]));
    const premises = change(r.premises);
    const also = asking === undefined ? [] : [[asking.name, change(asking.premises)] as const];
    return { without, premises, rules: withPremises(new Map([...also, [r.name, premises]])) };
  };
  const dropped = r.premises.map((p) => form(printed(p), p, []));
  const freed = r.premises.flatMap((p) =>
    literalsOf(p).map((path) =>
      form(`${printed(at(p, path))} in ${printed(p)}`, p, [replaced(p, path, "anything")]),
    ),
  );
  return [...dropped, ...freed];
}

const isLiteral = (e: Expression): boolean => typeof e === "string" && /^("|-?\d)/.test(e);

/** Paths to literals inside terms; those that a guard compares with belong to the guard. */
function literalsOf(e: Expression): number[][] {
  if (typeof e === "string") return [];
  const [head, left] = e;
  if (head === "=" && isLiteral(left)) return [];
  return e.flatMap((x, i) => (isLiteral(x) && i > 0 ? [[i]] : literalsOf(x).map((path) => [i, ...path])));
}

const at = (e: Expression, path: readonly number[]): Expression =>
  path.reduce((x, i) => (x as readonly Expression[])[i], e);

function replaced(e: Expression, path: readonly number[], by: Expression): Expression {
  if (path.length === 0) return by;
  return (e as readonly Expression[]).map((x, i) => (i === path[0] ? replaced(x, path.slice(1), by) : x));
}

/** The function or relation that a premise or action is about. */
export function headOf(e: Expression): string {
  if (typeof e === "string") return e;
  if (e[0] !== "=" && e[0] !== "!=" && e[0] !== "union" && e[0] !== "let") return String(e[0]);
  const call = e.slice(1).find((x) => typeof x !== "string");
  return call === undefined ? "=" : String(call[0]);
}
