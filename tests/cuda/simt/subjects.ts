/** What a test program prints (families/report.h): a line of JSON per subject. All of them must have had cases, none a failure. */
import { expect } from "vitest";

type Subject = {
  readonly subject: string;
  readonly cases: number;
  readonly failures: number;
  /** Greatest error found, relative to what went into the value. */
  readonly worst: number;
  readonly first: string;
};

export function expectSubjects(output: string): void {
  const lines = output.trim().split("\n");
  const subjects = lines.map((line): Subject => JSON.parse(line));
  expect(subjects.length).toBeGreaterThan(1);
  for (const subject of subjects) {
    expect(subject.cases, subject.subject).toBeGreaterThan(0);
    expect(subject, subject.first).toMatchObject({ failures: 0 });
  }
}
