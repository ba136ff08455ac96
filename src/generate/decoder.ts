/** Feeds tokens to a compiled decoder whose cache is its state. */
import { CompileError, diagnostic } from "../diagnostics.ts";
import { upperBound } from "../ir/bounds.ts";
import type { LEntry, Program } from "../ir/llir.ts";
import { add, constantOf, dim as dimPoly, equal } from "../ir/poly.ts";
import { type NativeModel, toFloat32 } from "../loader/native.ts";

/** Which entry makes text, and the names of its parts. */
export type TextInterface = {
  readonly entry: string;
  readonly tokens: string;
  readonly logits: string;
  readonly logitsType: string;
  /** The dim that counts the tokens of a call, and the one that counts those before it. */
  readonly count: string;
  readonly before: string;
  readonly vocab: number;
  /** Tokens that the model can hold in all. */
  readonly positions: number;
  /** Logits come for the last token only, or for each token of the call. */
  readonly everyRow: boolean;
};

/** Throws LUM6205 where the model has no entry of that form. */
export function textInterface(program: Program): TextInterface {
  const reasons: string[] = [];
  for (const entry of program.entries) {
    const found = interfaceOf(program, entry);
    if (typeof found !== "string") return found;
    reasons.push(`entry \`${entry.name}\` ${found}`);
  }
  throw new CompileError([
    diagnostic("LUM6205", undefined, { model: program.name, reason: reasons.join("; ") }),
  ]);
}

function interfaceOf(program: Program, entry: LEntry): TextInterface | string {
  const tokens = entry.inputs.find((i) => i.dtype === "i32" && i.shape.length === 1);
  if (tokens === undefined || entry.inputs.length !== 1) return "does not take one input of i32 tokens";
  const count = entry.dims.find((d) => equal(tokens.shape[0], dimPoly(d)));
  const before = entry.dims.find((d) => d !== count);
  if (count === undefined || before === undefined || entry.dims.length !== 2)
    return "does not have one dim for the tokens of a call and one for those before it";
  const logits = entry.outputs.find((o) => o.name === "logits");
  const vocab = logits === undefined ? undefined : constantOf(logits.shape[logits.shape.length - 1]);
  if (logits === undefined || vocab === undefined || logits.shape.length > 2)
    return "has no output `logits` over the vocabulary";
  const positions = upperBound(add(dimPoly(count), dimPoly(before)), program.bounds);
  if (positions === undefined) return "holds no known number of tokens";
  return {
    entry: entry.name,
    tokens: tokens.name,
    logits: logits.name,
    logitsType: logits.dtype,
    count,
    before,
    vocab,
    positions,
    everyRow: logits.shape.length === 2,
  };
}

export type Decoder = {
  /** Takes the next tokens in; gives the logits after the last of them, which the next call writes over. */
  feed(tokens: readonly number[]): Float32Array;
  readonly position: number;
};

export function createDecoder(model: NativeModel, io: TextInterface): Decoder {
  let position = 0;
  return {
    feed(tokens) {
      const dims = { [io.count]: tokens.length, [io.before]: position };
      const outputs = model.run(io.entry, dims, { [io.tokens]: Int32Array.from(tokens) });
      position += tokens.length;
      const all = outputs[io.logits];
      const numbers =
        all instanceof Float32Array ? all : toFloat32(all as Uint16Array, io.logitsType as "f16" | "bf16");
      return io.everyRow ? numbers.subarray((tokens.length - 1) * io.vocab) : numbers;
    },
    get position() {
      return position;
    },
  };
}
