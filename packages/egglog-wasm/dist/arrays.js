// The e-graph as flat arrays: what a search reads to extract for itself.
export const SUBSUMED = 1;
export const UNEXTRACTABLE = 2;
export const NO_LITERAL = 0xffff_ffff;
const decoder = new TextDecoder();
/** Text of a class's literal (strings without quotes), or undefined. */
export function literalText(arrays, classIndex) {
    const literal = arrays.classLiteral[classIndex];
    if (literal === NO_LITERAL)
        return undefined;
    return decoder.decode(arrays.literalText.subarray(arrays.literalStart[literal], arrays.literalStart[literal + 1]));
}
/** The number of a class's i64, f64 or bool literal, or undefined. */
export function literalNumber(arrays, classIndex) {
    const literal = arrays.classLiteral[classIndex];
    return literal === NO_LITERAL ? undefined : arrays.literalNumber[literal];
}
/** Copies the arrays out of a module's memory; `table` is where `eg_arrays` says. */
export function readArrays(memory, table) {
    const entries = new Uint32Array(memory, table, 28);
    let next = 0;
    const take = () => [entries[next++], entries[next++]];
    const u32 = () => new Uint32Array(memory, ...take()).slice();
    const f64 = () => new Float64Array(memory, ...take()).slice();
    const u8 = () => new Uint8Array(memory, ...take()).slice();
    const arrays = {
        nodeOp: u32(),
        nodeClass: u32(),
        nodeCost: f64(),
        nodeFlags: u8(),
        childStart: u32(),
        children: u32(),
        classSort: u32(),
        classId: u32(),
        classStart: u32(),
        classLiteral: u32(),
        literalStart: u32(),
        literalText: u8(),
        literalNumber: f64(),
    };
    const names = JSON.parse(decoder.decode(u8()));
    return { ...arrays, sorts: names.sorts, ops: names.ops, lets: new Map(names.lets) };
}
/** The buffers of `arrays`, to be moved rather than copied by postMessage. */
export function buffersOf(arrays) {
    return Object.values(arrays).flatMap((part) => ArrayBuffer.isView(part) ? [part.buffer] : []);
}
