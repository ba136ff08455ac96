/** The saturated e-graph as text: every tensor that can be computed in more than one way, and which rule made each. */
import type { Hlir } from "../ir/hlir.ts";
import { allNodes } from "./encode.ts";
import { type Keys, keysOf } from "./keys.ts";
import { saturate } from "./saturate.ts";
import { type Candidate, type Space, spaceOf } from "./space.ts";
import { candidateText, classText, shortPlace } from "./term-text.ts";
import { type Trace, trace } from "./trace.ts";

export type EGraphDump = {
  readonly model: string;
  readonly tensors: number;
  readonly rows: number;
  /** How often each rule matched, by name. */
  readonly rules: Readonly<Record<string, number>>;
  readonly classes: readonly ClassDump[];
};

export type ClassDump = {
  readonly key: string;
  readonly tensor: string;
  readonly at?: string;
  /** One pass over its keys can compute it. */
  readonly onePass: boolean;
  readonly candidates: readonly CandidateDump[];
};

export type CandidateDump = {
  readonly key: string;
  readonly text: string;
  readonly from: "model" | "rules";
  readonly rules: readonly string[];
};

export async function dumpEGraph(model: Hlir): Promise<EGraphDump> {
  const nodes = allNodes(model);
  const saturated = await saturate(nodes, model.bounds);
  const space = spaceOf(nodes, saturated);
  const keys = keysOf(nodes, space);
  const traced = await trace(model, nodes);
  const classes = [...space.candidates].map(([c, list]) => classDump(c, list, space, keys, traced));
  const order = (c: ClassDump): string => `${c.at === undefined ? "~" : ""}${c.key}`;
  const position = new Map(nodes.map((n) => [keys.ofNode(n), n.id]));
  classes.sort(
    (a, b) =>
      (position.get(a.key) ?? Infinity) - (position.get(b.key) ?? Infinity) || (order(a) < order(b) ? -1 : 1),
  );
  const matched = [...saturated.matches]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    model: model.name,
    tensors: nodes.length,
    rows: saturated.phases.at(-1)!.rows,
    rules: Object.fromEntries(matched),
    classes,
  };
}

function classDump(
  c: number,
  list: readonly Candidate[],
  space: Space,
  keys: Keys,
  { made, joined }: Trace,
): ClassDump {
  const key = keys.ofClass(c);
  const [first] = list;
  return {
    key,
    tensor: classText(c, space),
    ...(first.kind === "node" ? { at: shortPlace(first.node) } : {}),
    onePass: space.onePass.has(c),
    candidates: list.map((x, i) => ({
      key: keys.ofCandidate(x),
      text: candidateText(x, space),
      from: x.kind === "node" ? "model" : "rules",
      rules: (x.kind === "term" ? made.get(keys.ofTerm(x.term)) : i > 0 ? joined.get(key) : undefined) ?? [],
    })),
  };
}

/** Tensors of the model with rivals, then the tensors that rules made; `=` is the model's own, `|` a rule's. */
export function egraphText(d: EGraphDump): string {
  const rivals = d.classes.filter((c) => c.at !== undefined && (c.candidates.length > 1 || c.onePass));
  const own = d.classes.filter((c) => c.at === undefined);
  const candidateLine = (c: CandidateDump): string =>
    `  ${c.from === "model" ? "=" : "|"} ${c.text}${c.rules.length === 0 ? "" : `   ; ${c.rules.join(", ")}`}  #${c.key}`;
  const classLines = (c: ClassDump): string[] => [
    `${c.tensor}${c.at === undefined ? "" : `  (${c.at})`}  #${c.key}`,
    ...c.candidates.map(candidateLine),
    ...(c.onePass ? ["  | in one pass over its keys   ; one-pass"] : []),
  ];
  const matches = Object.entries(d.rules).map(([rule, count]) => `  ${rule}: ${count}`);
  return [
    `model ${d.model}: ${d.tensors} tensors, ${d.classes.length} classes, ${rivals.length} of the model's with more than one candidate`,
    "",
    ...rivals.flatMap((c) => [...classLines(c), ""]),
    `; made by rules`,
    "",
    ...own.flatMap((c) => [...classLines(c), ""]),
    "; matches",
    ...matches,
  ].join("\n");
}
