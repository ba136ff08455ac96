/** Writes grammar/lum.ebnf and grammar/lum.tmLanguage.json from the parser and its tokens. */
import { writeFileSync } from "node:fs";
import { ebnf } from "../grammar/ebnf.ts";
import { LumParser } from "../grammar/lum-parser.ts";
import { textMateGrammar } from "../grammar/textmate.ts";
import { expectation } from "../src/parser/explain.ts";

const folder = new URL("../grammar/", import.meta.url);
writeFileSync(new URL("lum.ebnf", folder), ebnf(new LumParser(expectation, true)));
// Short lists on one line, as the project's formatter has them.
const json = JSON.stringify(textMateGrammar(), null, 2).replace(/\[\s+("[^"]*")\s+\]/g, "[$1]");
writeFileSync(new URL("lum.tmLanguage.json", folder), `${json}\n`);
