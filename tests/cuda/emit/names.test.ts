/** Names of a model that the emitted project uses itself, and names that C++ has taken. */
import { expect, test } from "vitest";
import { compile } from "../../../src/pipeline.ts";

const text = `
model Named {
  dim s in 1..9
  input Launch: i32[s], Dims: f32[s, 24]
  weight float_: f32[24], float__: f16[24]
  state dims, stream: f32[24]
  dims[j] := dims[j] + Dims[0, j]
  output check[i, j] = Dims[i, j] * float_[j] + float__[j] + dims[j] + stream[Launch[i]]
}
`;

const { files } = compile({ path: "named.lum", text }, { target: "cuda" });

test("no two parameters of a kernel have one name", () => {
  const kernels = [...files.get("src/kernels/kernels.h")!.matchAll(/__global__ void (\w+)\((.*)\);/g)];
  expect(kernels.length).toBeGreaterThan(1);
  for (const [, kernel, parameters] of kernels) {
    const names = parameters.split(", ").map((p) => /\w+$/.exec(p)![0]);
    expect(names, kernel).toEqual([...new Set(names)]);
  }
});

test("weights keep their dtypes where C++ spells their names otherwise", () => {
  const model = files.get("src/model.cu")!;
  expect(model).toMatch(/as_stored\(&weights\.float__, "f32", "float_", \{24\}\)/);
  expect(model).toMatch(/as_stored\(&weights\.float___, "f16", "float__", \{24\}\)/);
});
