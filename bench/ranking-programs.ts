/** Random programs at sizes of real models: contractions, rows, and elementwise lines that read one another. */
import { seeded } from "../src/search/random.ts";

const widths = [48, 96, 160, 256, 384, 512];
const heights = [1, 4, 16, 64, 128, 256];

/** A model over tensors of [rows, width], its text the same for a seed. */
export function rankingProgram(seed: number): string {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const [rows, width] = [pick(heights), pick(widths)];
  const lines = [`  input x: f32[${rows}, ${width}], r: f32[${rows}, ${width}]`, `  weight g: f32[${width}]`];
  const tensors = ["x", "r"];
  const used = new Set<string>();
  const read = (): string => {
    const name = pick(tensors.slice(-3));
    used.add(name);
    return name;
  };
  const at = (i: string, j: string) => (): string => `${read()}[${i}, ${j}]`;
  const here = at("i", "j");
  const kinds: readonly ((name: string) => string)[] = [
    (n) => `${n}[i, j] = ${pick(["tanh", "exp", "sigmoid", "sqrt"])}(abs(${here()}) * 0.5) + ${here()}`,
    (n) => `${n}[i, j] = max(${here()}, 0) * g[j] - ${here()} * 0.25`,
    (n) => {
      const t = read();
      return `${n}[i, j] = exp(${t}[i, j] - max(c) ${t}[i, c]) / sum(c) exp(${t}[i, c] - max(d) ${t}[i, d])`;
    },
    (n) => {
      const t = read();
      return `${n}[i, j] = (${t}[i, j] - mean(c) ${t}[i, c]) / sqrt(mean(c) ${t}[i, c] * ${t}[i, c] + 0.01) * g[j]`;
    },
    (n) => {
      lines.push(`  weight w_${n}: f32[${width}, ${width}]`);
      return `${n}[i, j] = ${pick(["", "0.1 * ", "g[j] + "])}(sum(k) ${at("i", "k")()} * w_${n}[${pick(["j, k", "k, j"])}])`;
    },
    (n) => {
      lines.push(`  weight w_${n}: f32[${width}, ${width}]`);
      return `${n}[i, j] = tanh(sum(k) (${at("i", "k")()} * g[k]) * w_${n}[j, k]) + ${here()}`;
    },
    (n) => `${n}[i, j] = sum(k) (sum(c) ${at("i", "c")()} * ${at("k", "c")()}) * ${at("k", "j")()} * 0.01`,
  ];
  const count = 3 + random.below(4);
  for (let i = 0; i < count; i++) {
    const name = `t${i}`;
    lines.push(`  ${pick(kinds)(name)}`);
    tensors.push(name);
  }
  for (const t of tensors.slice(2)) if (!used.has(t)) lines.push(`  output ${t}`);
  if (random.below(2) === 0) lines.push(`  output turned[j, i] = ${read()}[i, j] + 1`);
  return `model Random${seed} {\n${lines.join("\n")}\n}\n`;
}
