// What the model needs against what the checkpoint holds: one report that names every difference.
// weight_match.h does the same in the emitted program.

import { type Diagnostic, diagnostic } from "../diagnostics.ts";
import type { Span } from "../ir/source.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { converts, type StoredDtype } from "./dtypes.ts";
import { groupByLayer, nearestNames } from "./names.ts";
import type { TensorEntry } from "./safetensors.ts";

/** One tensor of one layer; a rolled loop lists it once per layer, with the same span. */
export type RequiredTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: StoredDtype;
  /** The declaration in the .lum file. */
  readonly span: Span | undefined;
  /** Whether another floating-point dtype may be converted. */
  readonly acceptsConversion: boolean;
};

export type PrefixChange = { readonly kind: "added" | "removed"; readonly prefix: string };

export type WeightMatch = {
  /** Missing, misshapen and mistyped tensors, and extra ones when those are errors. */
  readonly problems: readonly Diagnostic[];
  /** What was accepted though it differs, and what is not used; one sentence each. */
  readonly notes: readonly string[];
  /** By the required name. Complete when there are no problems. */
  readonly found: ReadonlyMap<string, TensorEntry>;
  readonly prefix: PrefixChange | undefined;
  readonly conversions: readonly {
    readonly name: string;
    readonly from: StoredDtype;
    readonly to: StoredDtype;
  }[];
  readonly extra: readonly TensorEntry[];
};

export type MatchOptions = { readonly extraIsError?: boolean };

/** More missing names than that are another model: no suggestions beyond. */
const MAX_SUGGESTIONS = 50;
const MAX_CANDIDATES = 5_000;

export function matchWeights(
  required: readonly RequiredTensor[],
  held: Pick<Checkpoint, "tensors">,
  options: MatchOptions = {},
): WeightMatch {
  const { tensors } = held;
  const changes = usableChanges(required, tensors);
  const prefix = changes.length === 1 ? changes[0] : undefined;
  const found = new Map<string, TensorEntry>();
  for (const { name } of required) {
    const tensor = tensors.get(name) ?? (prefix && tensors.get(applyPrefix(prefix, name)));
    if (tensor !== undefined) found.set(name, tensor);
  }
  const used = new Set(found.values());
  const extra = [...tensors.values()].filter((tensor) => !used.has(tensor));
  const present = required.flatMap((wanted) => {
    const tensor = found.get(wanted.name);
    return tensor === undefined ? [] : [{ name: wanted.name, wanted, tensor }];
  });
  const retyped = present.filter((p) => p.tensor.dtype !== p.wanted.dtype);
  const converted = retyped.filter(
    (p) => p.wanted.acceptsConversion && converts(p.tensor.dtype, p.wanted.dtype),
  );
  const mistyped = retyped.filter((p) => !converted.includes(p));
  const extraReport = groupByLayer(extra, describe);
  const problems = [
    ...(changes.length > 1
      ? [diagnostic("LUM6135", required[0]?.span, { prefixes: changes.map((change) => change.prefix) })]
      : missingProblems(
          required.filter(({ name }) => !found.has(name)),
          extra,
        )),
    ...misshapenProblems(present),
    ...mistypedProblems(mistyped),
    ...(options.extraIsError
      ? extraReport.map((g) => diagnostic("LUM6132", undefined, { name: g.names, found: describe(g.first) }))
      : []),
  ];
  const conversions = converted.map((p) => ({ name: p.name, from: p.tensor.dtype, to: p.wanted.dtype }));
  const notes = [
    ...(prefix === undefined ? [] : [`all names match with the prefix "${prefix.prefix}" ${prefix.kind}`]),
    ...groupByLayer(conversions, (c) => `${c.from} ${c.to}`).map(
      (g) => `converted: ${g.names} from ${g.first.from} to ${g.first.to}`,
    ),
    ...(options.extraIsError
      ? []
      : extraReport.map((g) => `extra: ${g.names} ${describe(g.first)} is not used by the model`)),
  ];
  return { problems, notes, found, prefix, conversions, extra };
}

/** The whole report as text, problems first; empty when everything is as the model says. */
export function reportText(match: WeightMatch): string {
  const problems = match.problems.map(
    (p) => `${p.code}: ${p.message}${p.help === undefined ? "" : `\n  ${p.help}`}\n`,
  );
  return [...problems, ...match.notes.map((note) => `note: ${note}\n`)].join("");
}

type Held = ReadonlyMap<string, TensorEntry>;
type Present = { readonly name: string; readonly wanted: RequiredTensor; readonly tensor: TensorEntry };

const describe = (tensor: Pick<TensorEntry, "dtype" | "shape">): string =>
  `${tensor.dtype}[${tensor.shape.join(", ")}]`;

const applyPrefix = (change: PrefixChange, name: string): string => {
  if (change.kind === "added") return change.prefix + name;
  return name.startsWith(change.prefix) ? name.slice(change.prefix.length) : name;
};

/** Prefixes that make every name match, none of them in two ways; none when the names match as they are. */
function usableChanges(required: readonly RequiredTensor[], held: Held): PrefixChange[] {
  const missing = required.find(({ name }) => !held.has(name))?.name;
  if (missing === undefined) return [];
  const added = [...held.keys()]
    .filter((name) => name.endsWith(`.${missing}`))
    .sort()
    .map((name): PrefixChange => ({ kind: "added", prefix: name.slice(0, -missing.length) }));
  const removed = [...missing.matchAll(/\./g)].map(
    (dot): PrefixChange => ({ kind: "removed", prefix: missing.slice(0, dot.index + 1) }),
  );
  return [...added, ...removed].filter((change) => matchesAll(change, required, held));
}

function matchesAll(change: PrefixChange, required: readonly RequiredTensor[], held: Held): boolean {
  return required.every(({ name }) => {
    const changed = applyPrefix(change, name);
    return held.has(name) !== (changed !== name && held.has(changed));
  });
}

function missingProblems(missing: readonly RequiredTensor[], extra: readonly TensorEntry[]): Diagnostic[] {
  const candidates = extra.slice(0, MAX_CANDIDATES).map(({ name }) => name);
  return groupByLayer(missing, describe).map(({ names, first }, place) =>
    diagnostic("LUM6131", first.span, {
      name: names,
      wanted: describe(first),
      nearest: place < MAX_SUGGESTIONS ? nearestNames(first.name, candidates) : [],
    }),
  );
}

function misshapenProblems(present: readonly Present[]): Diagnostic[] {
  const differing = present.filter(({ wanted, tensor }) => `${wanted.shape}` !== `${tensor.shape}`);
  const report = (list: readonly Present[], transposed: boolean): Diagnostic[] =>
    groupByLayer(list, (p) => `${p.wanted.shape} ${p.tensor.shape}`).map(
      ({ names, first: { wanted, tensor } }) =>
        diagnostic("LUM6133", wanted.span, {
          name: names,
          wanted: wanted.shape,
          found: tensor.shape,
          transposed,
        }),
    );
  const others = differing.filter((p) => !isTransposed(p));
  return [...report(differing.filter(isTransposed), true), ...report(others, false)];
}

/** The last two sizes swapped. */
const isTransposed = ({ wanted, tensor }: Present): boolean =>
  `${[...tensor.shape.slice(0, -2), ...tensor.shape.slice(-2).reverse()]}` === `${wanted.shape}`;

function mistypedProblems(mistyped: readonly Present[]): Diagnostic[] {
  return groupByLayer(mistyped, (p) => `${p.tensor.dtype} ${p.wanted.dtype}`).map(({ names, first }) => {
    const [found, wanted] = [first.tensor.dtype, first.wanted.dtype];
    return diagnostic("LUM6134", first.wanted.span, {
      name: names,
      found,
      wanted,
      convertible: converts(found, wanted),
    });
  });
}
