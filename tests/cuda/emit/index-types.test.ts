/** In which type kernels count: by what is proven of their sizes, at the very sizes where that changes. */
import { describe, expect, test } from "vitest";
import { kernelTexts } from "../../../src/emit/cuda/kernel-texts.ts";
import type { Program } from "../../../src/ir/llir.ts";
import { plan } from "../../../src/lower/plan.ts";
import { scheduleCuda } from "../../../src/lower/schedule-cuda.ts";
import { hlirFromText } from "../../emit/from-text.ts";
import { kernelCases } from "../../emit/kernel-cases.ts";

/** One more than the greatest number that a kernel of 32 bits may come to: a grid of 2^24 threads steps past the end. */
const limit = 2 ** 31 - 2 ** 24;

function emitted(body: string): { readonly program: Program; readonly texts: ReadonlyMap<string, string> } {
  const program = scheduleCuda(plan(hlirFromText({ name: "sizes", body }), { search: "direct" }));
  return { program, texts: new Map(kernelTexts(program).texts.map((t) => [t.name, t.text])) };
}

/** The index types of the kernels, by name, as launches have them; their texts must agree. */
function typesOf(body: string): Record<string, string> {
  const { program, texts } = emitted(body);
  return Object.fromEntries(
    program.kernels.map((k) => {
      const text = texts.get(k.name)!.replaceAll(/\/\/.*|using lum::i64;|static_cast<i64>|lum::i64\*/g, "");
      expect(/\bi64\b/.test(text), text).toBe(k.launch!.index === "i64");
      return [k.name, k.launch!.index];
    }),
  );
}

describe("the type follows the sizes", () => {
  test.each([
    ["elements", (n: number) => `input x: f32[${n}]\noutput y = x * 2.0`, limit - 1, limit],
    ["elements of 2^31", (n: number) => `input x: i8[${n}]\noutput y = x + 1`, limit - 1, 2 ** 31 + 1],
    ["a dim", (n: number) => `dim s in 1..${n}\ninput x: f32[s]\noutput y = x * 2.0`, limit - 1, limit],
    [
      "rows of a dim",
      (n: number) => `dim s in 1..${n}\ninput x: f32[s, 4096]\noutput y[i] = sum(j) x[i, j]`,
      Math.floor((limit - 1) / 4096) - 1,
      Math.ceil(limit / 4096),
    ],
    [
      "a nest that is walked as one, of reads of few elements",
      (n: number) =>
        `dim s in 1..${n}\ninput x: f32[s], y: f32[4096]\noutput z[j] = sum(i) tanh(x[i] * y[j]) + 0.5`,
      500_000,
      2 ** 31,
    ],
    [
      "a place far in",
      (n: number) => `input x: f32[${n + 9}]\noutput y = x[${n}..${n + 7}] * 2.0`,
      limit - 8,
      limit,
    ],
    [
      "a factor, of a product of small sizes",
      (n: number) =>
        `input x: bf16[64, 8192], w: bf16[${n}, 8192]\noutput y[i, o] = sum(c) x[i, c] * w[o, c]`,
      250_000,
      Math.ceil(2 ** 31 / 8192),
    ],
    [
      "a factor that is streamed",
      (n: number) => `input x: bf16[8192], w: bf16[${n}, 8192]\noutput y[o] = sum(i) x[i] * w[o, i]`,
      250_000,
      Math.ceil(2 ** 31 / 8192),
    ],
  ])("%s", (_, body, fits, doesNot) => {
    expect(new Set(Object.values(typesOf(body(fits))))).toEqual(new Set(["i32"]));
    expect(Object.values(typesOf(body(doesNot)))).toContain("i64");
  });

  test("a dim in device memory is narrowed where it fits, and only there", () => {
    const body = (n: number) => `dim s in 1..${n}\ninput x: f32[s]\noutput y = x * 2.0`;
    expect(emitted(body(1000)).texts.get("y")).toContain("const int s = static_cast<int>(dims->s);");
    expect(emitted(body(2 ** 32)).texts.get("y")).toContain("const i64 s = dims->s;");
  });

  test("one kernel for two dims counts in what each of them needs", () => {
    const { program } = emitted(
      "dim s in 1..8\ndim t in 1..4000000000\ninput x: f32[s], y: f32[t]\noutput a = x * 2.0\noutput b = y * 2.0",
    );
    const byDim = program.kernels.map((k) => [k.launch!.dims.map((d) => d.dim).join(), k.launch!.index]);
    expect(new Map(byDim as [string, string][])).toEqual(
      new Map([
        ["s", "i32"],
        ["t", "i64"],
      ]),
    );
  });

  test("the number of a layer is a parameter of the type", () => {
    const body = (n: number) =>
      `state c: f32[4, ${n}]\ninput x: f32[${n}]\nh = x\nfor l in 0..4 {\n  c[l, i] := h[i]\n  h = h + c[l]\n}\noutput y = h`;
    const parameters = (n: number) =>
      [...emitted(body(n)).texts.values()].join("\n").match(/\w+(?:::\w+)? l\)/g);
    expect(new Set(parameters(1000))).toEqual(new Set(["int l)"]));
    expect(new Set(parameters(600_000_000))).toEqual(new Set(["lum::i64 l)"]));
  });

  test("an index from data is narrowed by its check; what no check has is not", () => {
    expect(typesOf("input t: i64[6], e: f32[10, 8]\noutput y[i, d] = e[t[i], d]")).toEqual({ y: "i32" });
    expect(typesOf("input t: i64[6], e: f32[10, 8]\noutput y[i, d] = e[t[i], d else 0]")).toEqual({
      y: "i64",
    });
  });

  test("a user's text counts as it likes", () => {
    const user = kernelCases.find((c) => c.name === "user kernel")!;
    const program = scheduleCuda(plan(hlirFromText(user), { search: "direct" }));
    const own = program.kernels.filter((k) => k.family === "custom");
    expect(own.map((k) => k.launch?.index)).toEqual(own.map(() => "i64"));
    expect(own.length).toBeGreaterThan(0);
  });
});
