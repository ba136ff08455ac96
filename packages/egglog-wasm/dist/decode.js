import { decodeTerms } from "./term.js";
export function decodeRun({ error, outputs, ...ran }) {
    const decoded = { outputs: decodeOutputs(outputs), ...ran };
    return error === null ? { ok: true, ...decoded } : { ok: false, error, ...decoded };
}
function decodeOutputs(json) {
    const raw = JSON.parse(`[${json}]`);
    return raw.map(decodeOutput);
}
function decodeOutput(raw) {
    switch (raw.kind) {
        case "extract":
            return { kind: "extract", cost: raw.cost, term: decodeTerms(raw.terms)[raw.root] };
        case "extract-variants": {
            const terms = decodeTerms(raw.terms);
            const variants = raw.variants.map(({ cost, root }) => ({ cost, term: terms[root] }));
            return { kind: "extract-variants", variants };
        }
        case "print-function": {
            const terms = decodeTerms(raw.terms);
            const rows = raw.rows.map(([row, output]) => ({ row: terms[row], output: terms[output] }));
            return { kind: "print-function", name: raw.name, output: raw.output, rows };
        }
        default:
            return raw;
    }
}
