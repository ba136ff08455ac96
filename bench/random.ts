/** Deterministic numbers: every run measures the same weights and inputs. */
import type { RequiredTensor } from "../src/weights/match.ts";
import type { F32Weight, Weights } from "./case.ts";

export type Random = {
  /** Uniform in [-size, size), never exactly zero. */
  readonly f32: (count: number, size?: number, centre?: number) => Float32Array;
  /** Uniform in 0..below. */
  readonly i32: (count: number, below: number) => Int32Array;
};

/** Xorshift with 32 bits of state (Marsaglia, "Xorshift RNGs", 2003). */
export function createRandom(seed: number): Random {
  let state = (seed * 0x9e3779b1) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
  return {
    f32: (count, size = 1, centre = 0) => {
      const scale = size / 2 ** 31;
      return Float32Array.from({ length: count }, () => centre + next() * scale);
    },
    i32: (count, below) => Int32Array.from({ length: count }, () => (next() >>> 0) % below),
  };
}

/** Values of the sizes that training leaves: activations neither vanish nor grow from layer to layer. */
export function randomWeights(tensors: readonly RequiredTensor[]): Weights {
  const random = createRandom(1);
  return new Map(tensors.map((t) => [t.name, randomWeight(t, random)]));
}

function randomWeight({ name, shape }: RequiredTensor, random: Random): F32Weight {
  const count = shape.reduce((a, b) => a * b, 1);
  // Vectors: gains and variances around 1, biases and means around 0.
  if (shape.length === 1) {
    const isGain = name.endsWith("weight") || name.endsWith("var") || name === "w";
    return { shape, values: random.f32(count, 0.2, isGain ? 1 : 0) };
  }
  // A uniform variable has a third of its squared bound as variance.
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  return { shape, values: random.f32(count, Math.sqrt(3 / fanIn)) };
}
