export { literalNumber, literalText, NO_LITERAL, SUBSUMED, UNEXTRACTABLE } from "./arrays.js";
export { EGraph } from "./egraph.js";
export { Engine, loadEngine } from "./engine.js";
export { formatOutput } from "./format.js";
export { printTerm } from "./term.js";
export { EGraphWorker } from "./worker-client.js";
