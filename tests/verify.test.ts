/** What `lumc verify` allows: less where every value is f32, more where something is rounded on the way. */
import { expect, test } from "vitest";
import { roundsBelowF32 } from "../src/verify.ts";
import { hlirFromText } from "./emit/from-text.ts";

const rounds = (body: string): boolean => roundsBelowF32(hlirFromText({ name: "rounds", body }).entries[0]);

test.each([
  [
    "weights of fewer digits, taken as they are",
    "input x: f32[3]\nweight w: bf16[3]\noutput y = x * w",
    false,
  ],
  ["an output", "input x: bf16[3]\noutput y = x * 2.0", true],
  [
    "a tensor before an output of f32",
    "input x: f32[3]\nh = (x * 0.3) as f16\noutput y = (h as f32) * 2.0",
    true,
  ],
  ["a state", "input x: f32[3]\nstate c: bf16[3]\nc[i] := x[i]\noutput y = x + 1.0", true],
  [
    "within a loop",
    "input x: f32[3]\nh = x\nfor l in 0..4 {\n  g = (h * 0.3) as bf16\n  h = (g as f32) + l\n}\noutput y = h",
    true,
  ],
  ["what no definition stores", "input x: f32[3]\noutput y = ((x * 0.3) as bf16) as f32", false],
  ["truth values and integers", "input x: f32[3]\noutput y = x > 0\noutput n = argmax(x)", false],
])("%s", (_, body, expected) => expect(rounds(body)).toBe(expected));
