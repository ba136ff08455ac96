/** LUM4xxx: the search and what it has left behind. */
type Entry<P> = {
  readonly text: (p: P) => string;
  readonly help: (p: P) => string;
  readonly severity?: "warning";
};

const entry = <P>(text: (p: P) => string, help: (p: P) => string): Entry<P> => ({ text, help });

export const searchMessages = {
  LUM4001: entry(
    (p: { lock: string; reason: string; aside: string }) =>
      `${p.lock} is damaged: ${p.reason}; it is now ${p.aside}`,
    () => "build once without --locked to write a new one, or take the file from version control again",
  ),
  LUM4002: entry(
    (p: { lock: string }) => `--locked needs ${p.lock}, and there is none`,
    () => "build once without --locked to write it",
  ),
  LUM4003: entry(
    (p: { lock: string; missing: string }) =>
      `${p.lock} asks for a choice that is no longer there: ${p.missing}`,
    () => "build once without --locked: it searches again and writes a new one",
  ),
  LUM4004: {
    ...entry(
      (p: { megabytes: string }) =>
        `the search's rules have filled their ${p.megabytes} MB and stopped before they were done`,
      () => "the plan is the best of what they had found; with a larger --search-memory they may find more",
    ),
    severity: "warning",
  },
};
