/** The interpreter against PyTorch and transformers. */
import { expect, test } from "vitest";
import { checkHlir } from "../../src/ir/hlir-check.ts";
import { initialStates, interpret } from "../../src/lower/interpret.ts";
import { checkpointWeights, type FixtureName, hlirOf, loadFixture, relativeError, row } from "./fixtures.ts";

const decoders: FixtureName[] = ["llama", "gpt2", "qwen3", "gemma2"];

test.each(["bert", "resnet", "whisper-encoder"] as const)("%s agrees with its reference", (name) => {
  const f = loadFixture(name);
  const h = hlirOf(f);
  checkHlir(h, "elaborate");
  const inputs = Object.fromEntries(h.entries[0].inputs.map((i) => [i.name, f.io.get(i.name)!]));
  const { outputs } = interpret(h, "forward", {
    dims: f.dims,
    inputs,
    weights: checkpointWeights(h, f.weights),
  });
  for (const [output, value] of Object.entries(outputs))
    expect(relativeError(value.data, f.io.get(output)!.data), output).toBeLessThan(f.tolerance);
  expect(Object.keys(outputs).length).toBeGreaterThan(0);
});

test.each(decoders)("%s agrees with its reference, at once and token by token", (name) => {
  const f = loadFixture(name);
  const h = hlirOf(f);
  checkHlir(h, "elaborate");
  const weights = checkpointWeights(h, f.weights);
  const tokens = f.io.get("tokens")!;
  const logits = f.io.get("logits")!;
  const n = tokens.shape[0];
  const call = (states: ReturnType<typeof initialStates>, pos: number, s: number) => {
    const part = { ...tokens, shape: [s], data: tokens.data.slice(pos, pos + s) };
    return interpret(h, "forward", { dims: { s, pos }, inputs: { tokens: part }, weights, states }).outputs
      .logits;
  };

  const prefill = call(initialStates(h), 0, n);
  expect(relativeError(prefill.data, row(logits, n - 1))).toBeLessThan(f.tolerance);
  const states = initialStates(h);
  for (let pos = 0; pos < n; pos++)
    expect(relativeError(call(states, pos, 1).data, row(logits, pos)), `position ${pos}`).toBeLessThan(
      f.tolerance,
    );
});

test.each(["llama", "qwen3", "gemma2"] as const)("%s in bf16 stays close to the f32 reference", (name) => {
  const f = loadFixture(name, { T: "bf16" });
  const h = hlirOf(f);
  const weights = checkpointWeights(h, f.weights);
  const tokens = f.io.get("tokens")!;
  const states = initialStates(h);
  const { outputs } = interpret(h, "forward", { dims: f.dims, inputs: { tokens }, weights, states });
  expect(relativeError(outputs.logits.data, row(f.io.get("logits")!, tokens.shape[0] - 1))).toBeLessThan(
    2e-2,
  );
});
