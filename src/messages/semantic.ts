/** LUM2xxx: names, types and shapes. */
export const semanticMessages = {
  LUM2001: {
    text: (p: { name: string }) => `\`${p.name}\` is not defined`,
  },
};
