/** LUM1xxx: the text is not a `.lum` file. */
export const syntaxMessages = {
  LUM1001: {
    text: (p: { found: string; expected: string }) => `found ${p.found} where ${p.expected} was expected`,
  },
};
