import { expect, test } from "vitest";
import type { EgglogError } from "../dist/index.js";
import { DEEP, open, outputs, unwrap } from "./open.ts";

function failure(text: string, before = ""): EgglogError {
  const g = open();
  if (before !== "") outputs(g.run(before));
  const result = g.run(text);
  // Whatever came in, the e-graph still works.
  outputs(g.run("(datatype Afterwards (Alive)) (check (= 1 1))"));
  g.dispose();
  if (result.ok) throw new Error("the program should have failed");
  return result.error;
}

test("malformed programs", () => {
  expect(failure("(datatype E (A)")).toMatchObject({ kind: "parse", line: 1 });
  expect(failure("\n )")).toMatchObject({ kind: "parse", line: 2, column: 2 });
  expect(failure('(datatype E (A String)) (A "never closed)')).toMatchObject({ kind: "parse", line: 1 });
  expect(failure("(run)")).toMatchObject({ kind: "parse", line: 1, column: 1 });
  expect(failure("(datatype 5 (A))")).toMatchObject({ kind: "parse", line: 1 });
});

test("unknown sort", () => {
  const error = failure("(datatype E (A))\n(constructor F (Nothing) E)");
  expect(error).toMatchObject({ kind: "type", line: 2, message: "Undefined sort Nothing" });
});

test("wrong number and wrong sort of arguments", () => {
  const before = "(datatype E (A i64))";
  expect(failure("(A 1 2)", before)).toMatchObject({ kind: "type", line: 1, column: 1 });
  expect(failure('(A "x")', before)).toMatchObject({ kind: "type", line: 1 });
  expect(failure("(B 1)", before)).toMatchObject({ kind: "type", message: "Unbound function B" });
});

test("duplicate names", () => {
  const rule = '(rule ((= x (A))) ((B)) :name "twice")';
  expect(failure(`${rule}\n${rule}`, "(datatype E (A) (B))")).toMatchObject({ kind: "declaration", line: 2 });
  expect(failure("(datatype E (A))\n(datatype E (B))")).toMatchObject({ kind: "type", line: 2 });
  expect(failure("(ruleset r)\n(ruleset r)")).toMatchObject({ kind: "type", line: 2 });
});

test("unknown ruleset", () => {
  expect(failure("(run nowhere 1)")).toMatchObject({ kind: "declaration", line: 1, column: 1 });
});

test("cyclic let", () => {
  expect(failure("(let $a (F $a))", "(datatype E (F E))")).toMatchObject({ kind: "type", line: 1 });
  expect(failure("(let $a (F $b)) (let $b (F $a))", "(datatype E (F E))")).toMatchObject({
    kind: "type",
    line: 1,
  });
});

test("a class without a finite term has nothing to extract", () => {
  const g = open();
  outputs(g.run("(datatype E (A) (F E)) (let $a (A)) (union (F $a) $a) (delete (A))"));
  const error = g.extract("$a");
  expect(error.ok ? undefined : error.error.kind).toBe("extract");
});

test("ten megabytes of garbage, of several kinds", () => {
  const mega = 10 << 20;
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 16;
  };
  const noise = Array.from({ length: mega / 16 }, () =>
    String.fromCharCode(33 + (random() % 94)).repeat(16),
  ).join("");
  const kinds = [
    noise,
    "(".repeat(mega),
    ")".repeat(mega),
    "a".repeat(mega),
    '"'.repeat(mega),
    "\0".repeat(mega),
    "(a ".repeat(mega / 3),
  ];
  for (const text of kinds) {
    const error = failure(text);
    expect(error.kind).toBe("parse");
    expect(error.message.length).toBeLessThan(5000);
    expect(error.line).toBeGreaterThan(0);
  }
});

test("text that is not Unicode", () => {
  expect(failure("(datatype E (\ud800))(").kind).toBe("parse");
});

test("columns count UTF-16 units", () => {
  expect(failure('(datatype E (A String)) (A "𝛼é") (Z)')).toMatchObject({
    line: 1,
    column: 35,
    offset: 34,
    length: 3,
  });
});

test("deeply nested terms", () => {
  const nest = (depth: number): string => `${"(S ".repeat(depth)}(Z)${")".repeat(depth)}`;
  const error = failure(nest(100_000), "(datatype N (Z) (S N))");
  expect(error).toMatchObject({ kind: "parse", line: 1 });
  expect(error.message).toContain("nested deeper");
  // Within the limit it works, on this thread's ordinary stack.
  const g = open();
  outputs(g.run("(datatype N (Z) (S N))"));
  outputs(g.run(nest(900)));
  expect(unwrap(g.extract(nest(900))).cost).toBe(901);
});

test("a term too deep for the stack to extract is an error, and the e-graph can be read", () => {
  const g = open();
  outputs(g.run(DEEP));
  const error = g.extract("(top)");
  expect(error.ok ? undefined : error.error).toMatchObject({ kind: "stack", rolledBack: true, line: 1 });
  expect(unwrap(g.arrays()).arrays.classId.length).toBeGreaterThan(20000);
  expect(unwrap(g.check("(= (top) (top))")).holds).toBe(true);
});

test("failing primitives and merges", () => {
  expect(failure("(let $x (/ 1 0))").kind).toBe("run");
  expect(failure("(set (f) 2)", "(function f () i64 :no-merge) (set (f) 1)").kind).toBe("run");
  expect(failure('(panic "stop here")').message).toContain("stop here");
});

test("a panic of the engine is an error, undone, and other e-graphs live on", () => {
  const other = open();
  outputs(other.run("(datatype E (A))"));
  const g = open();
  outputs(g.run("(datatype E (A)) (A)"));
  const before = unwrap(g.serialize()).json;
  // The engine does not look whether the parts of a combined ruleset exist.
  const result = g.run("(unstable-combined-ruleset all nowhere)\n(run all 1)");
  expect(result.ok ? undefined : result.error).toMatchObject({ kind: "panic", line: 2, rolledBack: true });
  expect(unwrap(g.serialize()).json).toBe(before);
  outputs(other.run("(A)"));
});

test("file commands say that there are no files", () => {
  expect(failure('(input r "facts.csv")', "(relation r (i64))").kind).toBe("file");
  expect(failure('(output "out.txt" 1)').kind).toBe("file");
});
