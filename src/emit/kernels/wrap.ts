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

/** Position to break at: in the second half of the line, at the least depth, the last one there. */
function breakIn(line: string): number | undefined {
  const start = /^\s*/.exec(line)![0].length;
  const earliest = start + (widest - start) / 3;
  let best: { at: number; depth: number } | undefined;
  let [depth, quoted] = [0, false];
  for (let i = 0; i < Math.min(line.length, widest); i++) {
    const c = line[i];
    if (c === '"') quoted = !quoted;
    if (quoted) continue;
    if (c === "(" || c === "[" || c === "{") depth++;
    if (c === ")" || c === "]" || c === "}") depth--;
    if (c !== " " || i < earliest) continue;
    const after = /(?:^|\s)(?:[-+*/?:=]|&&|\|\||[<>]=?|[!=]=)$|,$/.test(line.slice(0, i));
    if (after && (best === undefined || depth <= best.depth)) best = { at: i, depth };
  }
  return best?.at;
}
