/** Picks a token from logits: temperature, top-k, top-p (nucleus sampling), seeded. */

export type SamplerOptions = {
  readonly temperature: number;
  /** 0: no limit. */
  readonly topK: number;
  /** 1: no limit. */
  readonly topP: number;
  readonly seed: number;
};

export type Sampler = { pick(logits: Float32Array): number };

export function createSampler(options: SamplerOptions): Sampler {
  const random = generator(options.seed);
  return {
    pick(logits) {
      if (options.temperature <= 0) return argmax(logits);
      return draw(candidates(logits, options), random());
    },
  };
}

export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

type Candidate = { readonly token: number; readonly weight: number };

/** Likeliest first, with weights that sum to 1. */
export function candidates(logits: Float32Array, { temperature, topK, topP }: SamplerOptions): Candidate[] {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const largest = logits[kept[0]];
  const weights = kept.map((t) => Math.exp((logits[t] - largest) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let mass = 0;
  let count = 0;
  while (count < kept.length && (count === 0 || mass < topP)) mass += weights[count++] / total;
  return kept.slice(0, count).map((token, i) => ({ token, weight: weights[i] / total / mass }));
}

function draw(list: readonly Candidate[], at: number): number {
  let sum = 0;
  for (const c of list) {
    sum += c.weight;
    if (at < sum) return c.token;
  }
  return list[list.length - 1].token;
}

/** Uniform in [0, 1): mulberry32, a 32-bit counter through a mixing function. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
