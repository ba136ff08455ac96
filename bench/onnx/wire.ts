/** Protocol buffers' wire format, as far as ONNX files need it: a field is its number, a wire type and a payload. */

export type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement. */
function varintBytes(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}

const key = (field: number, wireType: number): number[] => varintBytes((field << 3) | wireType);

export const integer = (field: number, value: number | bigint): Field =>
  Uint8Array.from([...key(field, VARINT), ...varintBytes(value)]);

export function float(field: number, value: number): Field {
  const payload = new Uint8Array(Float32Array.of(value).buffer);
  return Uint8Array.from([...key(field, FIXED32), ...payload]);
}

export const bytes = (field: number, payload: Uint8Array): Field =>
  Buffer.concat([
    Uint8Array.from([...key(field, LENGTH_DELIMITED), ...varintBytes(payload.length)]),
    payload,
  ]);

export const text = (field: number, value: string): Field => bytes(field, Buffer.from(value, "utf8"));

export const message = (field: number, parts: readonly Field[]): Field => bytes(field, Buffer.concat(parts));
