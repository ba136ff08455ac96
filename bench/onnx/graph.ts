/** Builds an ONNX model node by node. Field numbers are those of onnx.proto, names those of the operator set. */
import { bytes, type Field, float, integer, message, text } from "./wire.ts";

export const OPSET = 20;
/** The first IR version that goes with opset 20. */
const IR_VERSION = 9;

export type Attribute = number | { readonly float: number } | string | readonly number[];
export type Attributes = { readonly [name: string]: Attribute };
/** A number, or the name of a size that is known only at run time. */
export type Size = number | string;
type ElementType = "f32" | "i32" | "i64";
export type Constant = { readonly shape: readonly number[]; readonly values: Float32Array | BigInt64Array };

/** The name of a value. */
export type Value = string;

export type Graph = {
  readonly input: (name: string, type: ElementType, shape: readonly Size[]) => Value;
  /** Gives a value the name under which it is an output. */
  readonly output: (name: string, value: Value, shape: readonly Size[]) => void;
  readonly constant: (name: string, value: Constant) => Value;
  /** One node with one result. */
  readonly op: (type: string, inputs: readonly Value[], attributes?: Attributes) => Value;
  readonly ops: (type: string, inputs: readonly Value[], results: number, attributes?: Attributes) => Value[];
  readonly model: () => Uint8Array;
};

const elementTypes = { f32: 1, i32: 6, i64: 7 } as const;

export function buildGraph(name: string): Graph {
  const nodes: Node[] = [];
  const initializers: Field[] = [];
  const inputs: Field[] = [];
  const outputs: Field[] = [];
  const outputNames = new Map<Value, string>();

  const ops: Graph["ops"] = (type, from, results, attributes = {}) => {
    const to = Array.from({ length: results }, (_, i) => `${type}_${nodes.length}.${i}`);
    nodes.push({ type, from, to, attributes });
    return to;
  };
  return {
    input: (value, type, shape) => {
      inputs.push(message(11, valueInfo(value, type, shape)));
      return value;
    },
    output: (value, from, shape) => {
      outputNames.set(from, value);
      outputs.push(message(12, valueInfo(value, "f32", shape)));
    },
    constant: (value, { shape, values }) => {
      const type = values instanceof Float32Array ? "f32" : "i64";
      const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const dims = shape.map((size) => integer(1, size));
      initializers.push(message(5, [...dims, integer(2, elementTypes[type]), text(8, value), bytes(9, raw)]));
      return value;
    },
    op: (type, from, attributes) => ops(type, from, 1, attributes)[0],
    ops,
    model: () =>
      Buffer.concat([
        integer(1, IR_VERSION),
        text(2, "lumc-bench"),
        message(7, [
          ...nodes.map((node, i) => message(1, nodeFields(node, i, outputNames))),
          text(2, name),
          ...initializers,
          ...inputs,
          ...outputs,
        ]),
        message(8, [text(1, ""), integer(2, OPSET)]),
      ]),
  };
}

type Node = {
  readonly type: string;
  readonly from: readonly Value[];
  readonly to: readonly Value[];
  readonly attributes: Attributes;
};

function nodeFields(node: Node, index: number, outputNames: ReadonlyMap<Value, string>): Field[] {
  const named = (value: Value): string => outputNames.get(value) ?? value;
  return [
    ...node.from.map((value) => text(1, named(value))),
    ...node.to.map((value) => text(2, named(value))),
    text(3, `${node.type}_${index}`),
    text(4, node.type),
    ...Object.entries(node.attributes).map(([key, value]) => message(5, attribute(key, value))),
  ];
}

function attribute(name: string, value: Attribute): Field[] {
  const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7];
  if (typeof value === "number") return [text(1, name), integer(3, value), integer(20, INT)];
  if (typeof value === "string") return [text(1, name), text(4, value), integer(20, STRING)];
  if ("float" in value) return [text(1, name), float(2, value.float), integer(20, FLOAT)];
  return [text(1, name), ...value.map((v) => integer(8, v)), integer(20, INTS)];
}

function valueInfo(name: string, type: ElementType, shape: readonly Size[]): Field[] {
  const dims = shape.map((size) => message(1, [typeof size === "number" ? integer(1, size) : text(2, size)]));
  const tensor = message(1, [integer(1, elementTypes[type]), message(2, dims)]);
  return [text(1, name), message(2, [tensor])];
}

export const integers = (...values: number[]): Constant => ({
  shape: [values.length],
  values: BigInt64Array.from(values, BigInt),
});

export const scalar = (value: number): Constant => ({ shape: [], values: Float32Array.of(value) });

/** Exporters fold the transposition of a constant matrix. */
export function transposed({ shape: [rows, columns], values }: Constant): Constant {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = Number(values[r * columns + c]);
  return { shape: [columns, rows], values: out };
}
