/** LUM3xxx: lowering. */
export const loweringMessages = {
  LUM3001: {
    text: (p: { step: string; problem: string; node: string }) =>
      `the step "${p.step}" made an invalid graph: ${p.problem}\n    ${p.node}`,
    help: () => "this is a defect of lumc, not of the model: please report it with the .lum file",
  },
};
