/** ONNX Runtime on a case's graph, by its synchronous native call: the promise around it is not measured. */
import { Tensor } from "onnxruntime-common";
import { type Binding, binding, initOrt } from "onnxruntime-node/dist/binding.js";
import type { TypedArray } from "../src/loader/native.ts";
import type { Arrays, Case, Feeds } from "./case.ts";
import type { Side } from "./side.ts";

export type OrtOptions = {
  readonly threads: number;
  /** Writes the optimized graph there. */
  readonly optimizedModel?: string;
};

type Tensors = { [name: string]: Tensor };

export function openOrt(graph: Uint8Array, c: Case, inputs: readonly Feeds[], options: OrtOptions): Side {
  const session = load(graph, options);
  const run = (feeds: Feeds): Tensors => session.run(toTensors(feeds), noFetches(session), {}) as Tensors;
  const fixed = c.prepareOrt?.((feeds) => arrays(run(feeds))) ?? {};
  const feeds = inputs.map((given) => toTensors({ ...given, ...fixed }));
  // The first call tells the sizes of the outputs; later ones write into the same memory.
  const results = run({ ...inputs[0], ...fixed });
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, new Tensor("float32", t.data as Float32Array, t.dims)]),
  );
  return {
    outputs: arrays(outputs),
    call: (number) => session.run(feeds[number % feeds.length], outputs, {}),
    close: () => session.dispose(),
  };
}

function load(graph: Uint8Array, { threads, optimizedModel }: OrtOptions): Binding.InferenceSession {
  initOrt();
  const session = new binding.InferenceSession();
  session.loadModel(graph.buffer as ArrayBuffer, graph.byteOffset, graph.byteLength, {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    ...(optimizedModel === undefined ? {} : { optimizedModelFilePath: optimizedModel }),
  });
  return session;
}

const noFetches = (session: Binding.InferenceSession) =>
  Object.fromEntries(session.outputMetadata.map(({ name }) => [name, null]));

const toTensors = (feeds: Feeds): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      data instanceof Int32Array
        ? new Tensor("int32", data, shape)
        : new Tensor("float32", data as Float32Array, shape),
    ]),
  );

const arrays = (tensors: Tensors): Arrays =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data as TypedArray]));
