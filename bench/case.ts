/** What is measured: one model at one size, as a .lum file and as an ONNX graph over the same weights. */
import type { Dims, NativeModel, TypedArray } from "../src/loader/native.ts";
import type { Random } from "./random.ts";

export type F32Weight = { readonly shape: readonly number[]; readonly values: Float32Array };
/** By the name in the checkpoint. */
export type Weights = ReadonlyMap<string, F32Weight>;

export type Arrays = { readonly [name: string]: TypedArray };
export type Feed = { readonly data: TypedArray; readonly shape: readonly number[] };
export type Feeds = { readonly [name: string]: Feed };

export type Case = {
  readonly name: string;
  readonly title: string;
  /** Sizes and anything a reader must know to judge the numbers. */
  readonly detail: string;
  /** Path of the .lum file, relative to the project's root. */
  readonly file: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly dims: Dims;
  /** Multiplications and additions of a call, where the rate says something. */
  readonly flops?: number;
  /** One set of inputs; several are made and taken in turn. */
  readonly inputs: (random: Random) => Feeds;
  readonly onnx: (weights: Weights) => Uint8Array;
  /** Brings lumc's states to where the measured calls start. */
  readonly prepareLumc?: (model: NativeModel) => void;
  /** Inputs that only the graph has: caches. `run` gives every output of the graph. */
  readonly prepareOrt?: (run: (feeds: Feeds) => Arrays) => Feeds;
};
