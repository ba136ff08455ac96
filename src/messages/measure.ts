/** LUM45xx and LUM53xx: measuring kernels, and what is kept between builds. */
type Entry<P> = {
  readonly severity?: "warning";
  readonly text: (p: P) => string;
  readonly help?: (p: P) => string;
};

const entry = <P>(text: (p: P) => string, help?: (p: P) => string): Entry<P> =>
  help === undefined ? { text } : { text, help };

const warning = <P>(text: (p: P) => string, help: (p: P) => string): Entry<P> => ({
  severity: "warning",
  text,
  help,
});

export const measureMessages = {
  LUM4501: warning(
    (p: { path: string; reason: string; aside: string }) =>
      `the timing database ${p.path} is damaged (${p.reason}): moved to ${p.aside}`,
    () => "nothing of it is used; timings are taken again as they are needed",
  ),
  LUM4502: warning(
    (p: { path: string; reason: string }) => `the timing database ${p.path} cannot be used: ${p.reason}`,
    () => "timings of this run are not kept",
  ),
  LUM4503: entry(
    (p: { program: string; reason: string }) => `measuring kernels failed: ${p.program} ${p.reason}`,
    () => "search without --measure, and report the model: a candidate kernel should run on any data",
  ),
  LUM4504: warning(
    (p: { path: string; reason: string }) => `the machine file ${p.path} cannot be used: ${p.reason}`,
    () => "`lumc doctor --calibrate` writes a new one",
  ),
  LUM5301: entry(
    (p: { a: string; b: string }) => `cannot compare ${p.a} with ${p.b}: one is a file, the other a folder`,
  ),
};
