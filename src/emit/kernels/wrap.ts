/** Long lines of C++ broken after an operator or a comma, where the fewest brackets are open. */

const widest = 110;

export function wrapLine(line: string): string[] {
  if (line.length <= widest || /^\s*(\/\/|#)/.test(line)) return [line];
  const at = breakIn(line);
  if (at === undefined) return [line];
  const indent = /^\s*/.exec(line)![0];
  const continued = /^\s{4}/.test(line) ? `${indent}    ` : "    ";
  return [line.slice(0, at).trimEnd(), ...wrapRest(`${continued}${line.slice(at).trimStart()}`, continued)];
}

function wrapRest(line: string, indent: string): string[] {
  if (line.length <= widest) return [line];
  const at = breakIn(line);
  if (at === undefined) return [line];
  return [line.slice(0, at).trimEnd(), ...wrapRest(`${indent}${line.slice(at).trimStart()}`, indent)];
}

/** How gladly a line is broken after an operator, by how loosely it binds. */
const ranks: Readonly<Record<string, number>> = {
  ",": 0,
  "?": 1,
  ":": 1,
  "||": 2,
  "&&": 3,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "==": 4,
  "!=": 4,
  "=": 5,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
};

/** Position to break at: past a third of the line if it can be, else anywhere. */
function breakIn(line: string): number | undefined {
  const start = /^\s*/.exec(line)![0].length;
  return breakFrom(line, start + (widest - start) / 3) ?? breakFrom(line, start + 1);
}

/** Outside of most brackets, at the loosest operator, the last one there. */
function breakFrom(line: string, earliest: number): number | undefined {
  let best: { at: number; cost: number } | undefined;
  let [depth, quoted] = [0, false];
  for (let i = 0; i < Math.min(line.length, widest); i++) {
    const c = line[i];
    if (c === '"') quoted = !quoted;
    if (line.startsWith("/*", i)) i = line.indexOf("*/", i) + 1;
    if (quoted) continue;
    if (c === "(" || c === "[" || c === "{") depth++;
    if (c === ")" || c === "]" || c === "}") depth--;
    if (c !== " " || i < earliest) continue;
    const last = /(?:^|\s)(\S{1,2})$|(,)$/.exec(line.slice(0, i));
    const rank = last === null ? undefined : ranks[last[1] ?? last[2]];
    if (rank === undefined) continue;
    const cost = depth * 10 + rank;
    if (best === undefined || cost <= best.cost) best = { at: i, cost };
  }
  return best?.at;
}
