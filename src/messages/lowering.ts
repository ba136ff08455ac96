/** LUM3xxx: lowering. */
export const loweringMessages = {
  LUM3001: {
    text: (p: { step: string; problem: string; node: string }) =>
      `the step "${p.step}" made an invalid graph: ${p.problem}\n    ${p.node}`,
    help: () => "this is a defect of lumc, not of the model: please report it with the .lum file",
  },
  LUM3002: {
    text: (p: { kernel: string; target: string; targets: string }) =>
      `\`kernel ${p.kernel}\` has no text for the target ${p.target}; it has ${p.targets}`,
    help: (p: { kernel: string; target: string; targets: string }) =>
      `add one to it: ${p.target} """ … """, or build for a target that it has`,
  },
};
