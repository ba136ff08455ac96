// The line break keeps a comment at the end of the text from hiding the parenthesis.
export const checkProgram = (facts) => `(check ${facts}\n)`;
export const extractProgram = (expression) => `(extract ${expression}\n)`;
export const variantsProgram = (expression, count) => `(extract ${expression}\n${count})`;
export function readCheck(result) {
    if (result.ok)
        return { ok: true, holds: true };
    return result.error.kind === "check" ? { ok: true, holds: false } : { ok: false, error: result.error };
}
export function readExtract(result) {
    if (!result.ok)
        return { ok: false, error: result.error };
    const found = result.outputs.find((output) => output.kind === "extract");
    return found === undefined ? noAnswer("extract") : { ok: true, cost: found.cost, term: found.term };
}
export function readVariants(result) {
    if (!result.ok)
        return { ok: false, error: result.error };
    const found = result.outputs.find((output) => output.kind === "extract-variants");
    return found === undefined ? noAnswer("extract") : { ok: true, variants: found.variants };
}
export function noAnswer(what) {
    return { ok: false, error: { kind: "panic", message: `the engine gave no answer to ${what}` } };
}
