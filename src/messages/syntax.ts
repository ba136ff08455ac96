/** LUM1xxx: the text is not a `.lum` file. */
export const syntaxMessages = {
  LUM1001: {
    text: (p: { found: string; expected: string }) => `found ${p.found} where ${p.expected} was expected`,
  },
  LUM1002: {
    text: (p: { bracket: string }) => `this \`${p.bracket}\` is never closed`,
  },
  LUM1003: {
    text: (p: { bracket: string }) => `nothing opens this \`${p.bracket}\``,
    help: () => "remove it, or open a bracket before it",
  },
  LUM1004: {
    text: (p: { found: string; opener: string; expected: string }) =>
      `\`${p.found}\` cannot close \`${p.opener}\`; \`${p.expected}\` was expected`,
  },
  LUM1005: {
    text: (p: { text: string }) => `\`${p.text}\` has no meaning here`,
    help: (p: { text: string }) =>
      /^\p{L}/u.test(p.text) ? "names are spelt with the letters A to Z, digits and `_`" : "remove it",
  },
  LUM1006: {
    text: (p: { quote: string }) => `this string has no closing \`${p.quote}\``,
    help: (p: { quote: string }) =>
      p.quote === '"'
        ? 'a string ends on its own line; for several lines use `"""`'
        : `end it with \`${p.quote}\``,
  },
  LUM1007: {
    text: (p: { opener: string }) => `\`${p.opener}\` does not begin a comment`,
    help: () => "write `//`, which lasts to the end of the line",
  },
  LUM1008: {
    text: (_: Record<string, never>) => "statements do not end in `;`",
    help: () => "remove it: a statement ends with its line",
  },
  LUM1009: {
    text: (p: { operator: string; instead: string }) => `\`${p.operator}\` is not an operator`,
    help: (p: { operator: string; instead: string }) => `write ${p.instead}`,
  },
  LUM1010: {
    text: (p: { word: string; place: string; nearest: string | undefined }) =>
      `\`${p.word}\` does not begin ${p.place}`,
    help: (p: { word: string; place: string; nearest: string | undefined }) =>
      p.nearest === undefined ? undefined : `did you mean \`${p.nearest}\`?`,
  },
  LUM1011: {
    text: (p: { word: string }) => `\`${p.word}\` is a reserved word and cannot be a name`,
    help: (p: { word: string }) => `choose another name, for example \`${p.word}_\``,
  },
  LUM1012: {
    text: (p: { target: string; found: string }) => `\`${p.target}\` lacks its \`=\`: found ${p.found}`,
    help: (p: { target: string; found: string }) => `a definition is written \`${p.target} = …\``,
  },
  LUM1013: {
    text: (_: Record<string, never>) => "`==` compares, but a definition is expected here",
    help: () => "write `=`",
  },
  LUM1014: {
    text: (_: Record<string, never>) => "`=` defines, but a value is expected here",
    help: () => "write `==` to compare",
  },
  LUM1015: {
    text: (p: { place: string }) => `\`:=\` writes state in place and cannot stand in ${p.place}`,
    help: () => "write `=`",
  },
  LUM1016: {
    text: (p: { name: string; found: string }) => `\`${p.name}\` lacks its range: found ${p.found}`,
    help: (p: { name: string; found: string }) => `write \`${p.name} in 0..8\`, with its own two ends`,
  },
  LUM1017: {
    text: (_: Record<string, never>) => "comparisons do not chain",
    help: () => "join two of them: `a < b and b < c`",
  },
  LUM1018: {
    text: (p: { sign: string }) => `a line cannot begin with \`${p.sign}\``,
    help: (p: { sign: string }) =>
      p.sign === "-"
        ? "to continue the line above, end that one with `-`"
        : "a line end closes the statement: to continue it, put the bracket on the line above",
  },
  LUM1019: {
    text: (p: { before: string; after: string }) =>
      `an operator is missing between ${p.before} and ${p.after}`,
  },
  LUM1020: {
    text: (p: { after: string }) => `there is no value after ${p.after}`,
  },
  LUM1021: {
    text: (p: { limit: number | undefined }) =>
      p.limit === undefined
        ? "this text is nested too deeply"
        : `brackets are nested more than ${p.limit} deep`,
    help: () => "give a part of it a name of its own",
  },
  LUM1022: {
    text: (_: Record<string, never>) => "strings are written in double quotes",
    help: () => '`\'` after a value swaps its last two axes; write `"…"` for a string',
  },
  LUM1023: {
    text: (p: { escape: string }) => `\`${p.escape}\` is not an escape`,
    help: () => 'the escapes are `\\n`, `\\t`, `\\r`, `\\"` and `\\\\`',
  },
  LUM1024: {
    text: (p: { reduction: string; found: string }) =>
      `\`${p.reduction}(…)\` has nothing to reduce: found ${p.found}`,
    help: (p: { reduction: string; found: string }) =>
      `a reduction is followed by a product, \`${p.reduction}(i) x[i]\`; put anything else in parentheses`,
  },
  LUM1025: {
    text: (p: { word: string }) => `\`${p.word}\` belongs in a model or layer`,
  },
  LUM1026: {
    text: (_: Record<string, never>) => "this whole number is too large",
    help: () => "whole numbers go up to 9007199254740991",
  },
  LUM1027: {
    text: (_: Record<string, never>) => "`if … then … else …` is a value, and a statement is expected here",
    help: () => "write `if … { … } else { … }`, or `name = if … then … else …`",
  },
  LUM1028: {
    text: (p: { found: string }) => `this \`if\` lacks its \`else\`: found ${p.found}`,
    help: () => "a value needs both: `if c then a else b`",
  },
  LUM1029: {
    text: (p: { name: string; found: string }) => `\`${p.name}\` lacks its type: found ${p.found}`,
    help: (p: { name: string; found: string }) => `write \`${p.name}: f32[…]\``,
  },
  LUM1030: {
    text: (p: { target: string }) => `the value of \`${p.target}\` is not used`,
    help: () => "give it a name: `y = …`",
  },
  LUM1031: {
    text: (p: { keyword: string; found: string }) => `\`${p.keyword}\` lacks its name: found ${p.found}`,
  },
  LUM1032: {
    text: (p: { limit: number }) => `more than ${p.limit} mistakes; those after this place are not shown`,
  },
};
