// Names of tensors: which are close to each other, and how a layer's repetitions are told in one line.

/** Entries that differ only in a layer's number become one: "model.layers.{0..31}.mlp.up_proj.weight". */
export type NameGroup<T> = { readonly names: string; readonly first: T };

/**
 * Groups entries whose names differ only in their first numeric component and that agree in `rest`
 * (shapes, dtypes), in the order of the first of each.
 */
export function groupByLayer<T extends { readonly name: string }>(
  entries: readonly T[],
  rest: (entry: T) => string,
): NameGroup<T>[] {
  const groups = new Map<string, { first: T; numbered: NumberedName; numbers: Set<number> }>();
  for (const entry of entries) {
    const numbered = splitNumber(entry.name);
    const key = JSON.stringify([numbered.before, numbered.after, numbered.number === undefined, rest(entry)]);
    const group = groups.get(key) ?? { first: entry, numbered, numbers: new Set<number>() };
    if (numbered.number !== undefined) group.numbers.add(numbered.number);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first, numbered, numbers }) => ({
    first,
    names: numbers.size < 2 ? first.name : `${numbered.before}{${runs([...numbers])}}${numbered.after}`,
  }));
}

type NumberedName = { readonly before: string; readonly number: number | undefined; readonly after: string };

function splitNumber(name: string): NumberedName {
  const match = /(?:^|\.)([0-9]{1,9})(?=\.|$)/.exec(name);
  if (match === null) return { before: name, number: undefined, after: "" };
  const end = match.index + match[0].length;
  return { before: name.slice(0, end - match[1].length), number: Number(match[1]), after: name.slice(end) };
}

/** 0, 1, 2, 5 → "0..2, 5" */
function runs(numbers: number[]): string {
  numbers.sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let last = i;
    while (numbers[last + 1] === numbers[last] + 1) last++;
    parts.push(last > i ? `${numbers[i]}..${numbers[last]}` : `${numbers[i]}`);
    i = last + 1;
  }
  return parts.join(", ");
}

/** Levenshtein's distance, or `limit + 1` when it is larger than that. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    let least = (row[0] = i);
    for (let j = 1; j <= b.length; j++) {
      const replaced = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = Math.min(replaced, row[j] + 1, row[j - 1] + 1);
      least = Math.min(least, row[j]);
    }
    if (least > limit) return limit + 1;
  }
  return Math.min(row[b.length], limit + 1);
}

/** At most three of the candidates: those with the same dotted ending first, then by edit distance. */
export function nearestNames(name: string, candidates: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3));
  const close: { distance: number; candidate: string }[] = [];
  for (const candidate of candidates) {
    if (candidate.length > 256) continue;
    const sameEnd = candidate.endsWith(`.${name}`) || name.endsWith(`.${candidate}`);
    const distance = sameEnd ? 0 : editDistance(name, candidate, limit);
    if (distance <= limit) close.push({ distance, candidate });
  }
  close.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return close.slice(0, 3).map((c) => c.candidate);
}
