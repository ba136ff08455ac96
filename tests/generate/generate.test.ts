/** Sampling, streaming, stop tokens, chat templates. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chatPrompt } from "../../src/generate/chat.ts";
import { candidates, createSampler, generator } from "../../src/generate/sampler.ts";
import { stopTokens } from "../../src/generate/stop-tokens.ts";
import { createTextStream } from "../../src/generate/text-stream.ts";

const everything = { temperature: 1, topK: 0, topP: 1, seed: 1 };
const logitsOf = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 });

test("temperature 0 takes the greatest logit, the first among equals", () => {
  expect(createSampler({ ...everything, temperature: 0 }).pick(Float32Array.from([1, 3, 3, 2]))).toBe(1);
});

test("weights sum to one and fall", () => {
  fc.assert(
    fc.property(
      logitsOf,
      fc.integer({ min: 0, max: 70 }),
      fc.float({ min: Math.fround(0.05), max: 1, noNaN: true }),
      (logits, topK, topP) => {
        const list = candidates(Float32Array.from(logits), { ...everything, topK, topP });
        expect(list.length).toBeGreaterThan(0);
        expect(list.length).toBeLessThanOrEqual(topK > 0 ? topK : logits.length);
        expect(list.reduce((sum, c) => sum + c.weight, 0)).toBeCloseTo(1, 6);
        list.slice(1).forEach((c, i) => expect(c.weight).toBeLessThanOrEqual(list[i].weight));
      },
    ),
  );
});

test("top-p keeps the fewest tokens that reach it", () => {
  const logits = Float32Array.from([0.5, 0.3, 0.15, 0.05].map(Math.log));
  expect(candidates(logits, { ...everything, topP: 0.79 }).map((c) => c.token)).toEqual([0, 1]);
  expect(candidates(logits, { ...everything, topP: 0.81 }).map((c) => c.token)).toEqual([0, 1, 2]);
});

test("draws follow the probabilities, and equal seeds give equal draws", () => {
  const logits = Float32Array.from([0.6, 0.3, 0.1].map(Math.log));
  const draw = (seed: number) => {
    const sampler = createSampler({ ...everything, seed });
    return Array.from({ length: 6000 }, () => sampler.pick(logits));
  };
  const once = draw(7);
  expect(draw(7)).toEqual(once);
  [0.6, 0.3, 0.1].forEach((p, token) =>
    expect(Math.abs(once.filter((t) => t === token).length / 6000 - p)).toBeLessThan(0.03),
  );
});

test("the generator is uniform enough", () => {
  const next = generator(3);
  const values = Array.from({ length: 10_000 }, next);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(0.5, 1);
});

test("a character in several tokens is shown when it is whole", () => {
  const bytes = [...new TextEncoder().encode("aé→🙂b")];
  const stream = createTextStream((tokens) => new TextDecoder().decode(Uint8Array.from(tokens)));
  const shown = bytes.map((b) => stream.push(b));
  expect(shown.join("")).toBe("aé→🙂b");
  expect(shown).not.toContain("\ufffd");
  expect(stream.text()).toBe("aé→🙂b");
});

test("stop tokens come from both files, one or several", () => {
  const folder = mkdtempSync(join(tmpdir(), "lumc-stop-"));
  try {
    expect(stopTokens(folder)).toEqual(new Set());
    writeFileSync(join(folder, "config.json"), '{"eos_token_id": 2}');
    writeFileSync(join(folder, "generation_config.json"), '{"eos_token_id": [5, 6]}');
    expect(stopTokens(folder)).toEqual(new Set([2, 5, 6]));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a chat template gets the message and the special tokens", () => {
  const folder = mkdtempSync(join(tmpdir(), "lumc-chat-"));
  try {
    expect(() => chatPrompt(folder, "hi")).toThrow(/LUM6206/);
    const template =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
    writeFileSync(
      join(folder, "tokenizer_config.json"),
      JSON.stringify({ chat_template: template, bos_token: { content: "<s>" } }),
    );
    expect(chatPrompt(folder, "hi")).toBe("<s>[user] hi[assistant]");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
