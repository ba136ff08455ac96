import { expect, test } from "vitest";
import { formatOutput, printTerm } from "../dist/index.js";
import { ofKind, open, outputs, program, unwrap } from "./open.ts";

test("commands of one program, and of later ones, work on the same e-graph", () => {
  const g = open();
  outputs(g.run(program("math")));
  outputs(g.run("(run-schedule (saturate algebra))"));
  expect(unwrap(g.check('(= $e (Add (Mul (Num 2) (Var "x")) (Num 6)))')).holds).toBe(true);
  expect(unwrap(g.check("(= $e (Num 6))")).holds).toBe(false);
});

test("extract gives cost and term", () => {
  const g = open();
  outputs(g.run(program("math")));
  outputs(g.run("(let $f (Mul (Num 1) (Add (Num 4) (Num 5)))) (run algebra 3)"));
  const { cost, term } = unwrap(g.extract("$f"));
  expect(cost).toBe(2);
  expect(term).toEqual({ kind: "app", op: "Num", args: [{ kind: "literal", sort: "i64", value: 9n }] });
});

test("variants are different, cheapest first, with their costs", () => {
  const g = open();
  outputs(g.run(program("math")));
  outputs(g.run("(run algebra 3)"));
  const { variants } = unwrap(g.extractVariants("$e", 4));
  const texts = variants.map(({ term }) => printTerm(term));
  expect(new Set(texts).size).toBe(4);
  const costs = variants.map(({ cost }) => cost ?? Number.NaN);
  expect(costs).toEqual([...costs].sort((a, b) => a - b));
  expect(costs[0]).toBe(unwrap(g.extract("$e")).cost);
});

test("costs of constructors count", () => {
  const g = open();
  outputs(g.run("(datatype E (A :cost 10) (B E :cost 3) (C E E))"));
  expect(unwrap(g.extract("(C (B (A)) (A))")).cost).toBe(1 + 3 + 10 + 10);
});

test("a run reports rules, rulesets and steps", () => {
  const g = open();
  outputs(g.run(program("math")));
  const [report] = ofKind(outputs(g.run("(run algebra 2)")), "run");
  expect(report.iterations).toBe(2);
  expect(report.updated).toBe(true);
  expect(report.steps.map(({ ruleset }) => ruleset)).toEqual(["algebra", "algebra"]);
  expect(report.steps[1].tuples).toBe(g.tuples);
  expect(report.rules.map(({ name }) => name)).toContain("distribute");
  expect(report.rules.find(({ name }) => name === "distribute")?.matches).toBeGreaterThan(0);
  expect(report.rulesets.map(({ name }) => name)).toEqual(["algebra"]);
  expect(report.stopped).toBeUndefined();
});

test("schedules keep the engine's meaning", () => {
  const g = open();
  outputs(g.run("(relation edge (i64 i64)) (relation path (i64 i64)) (edge 1 2) (edge 2 3) (edge 3 4)"));
  outputs(g.run("(rule ((edge a b)) ((path a b))) (rule ((path a b) (edge b c)) ((path a c)))"));
  const [seq] = ofKind(outputs(g.run("(run-schedule (seq (run) (repeat 1 (run))))")), "run");
  expect(seq.iterations).toBe(2);
  const [rest] = ofKind(outputs(g.run("(run-schedule (saturate (run)))")), "run");
  expect(rest.updated).toBe(true);
  expect(rest.steps.at(-1)?.updated).toBe(false);
  const [until] = ofKind(outputs(g.run("(run 10 :until (path 1 4))")), "run");
  expect(until.iterations).toBe(0);
});

test("print-function and print-size are rows and numbers", () => {
  const g = open();
  outputs(
    g.run(
      '(datatype E (A) (B E)) (function f (E) i64 :merge (max old new)) (set (f (B (A))) 3) (relation r (String f64)) (r "q\\"" 1.5)',
    ),
  );
  const all = outputs(g.run("(print-function f 10) (print-function r 10) (print-size f) (print-size)"));
  const [f, r] = ofKind(all, "print-function");
  expect(f.rows.map(({ row, output }) => [printTerm(row), printTerm(output)])).toEqual([
    ["(f (B (A)))", "3"],
  ]);
  expect(r.rows.map(({ row }) => printTerm(row))).toEqual(['(r "q\\"" 1.5)']);
  const [one, every] = ofKind(all, "print-size");
  expect(one).toEqual({ kind: "print-size", of: "f", sizes: [{ name: "f", size: 1 }] });
  expect(every.sizes).toEqual([
    { name: "A", size: 1 },
    { name: "B", size: 1 },
    { name: "f", size: 1 },
    { name: "r", size: 1 },
  ]);
});

test("text is as the command line prints it", () => {
  const g = open();
  outputs(g.run("(datatype E (A) (B E)) (function f (E) i64 :no-merge) (set (f (A)) 3)"));
  const text = outputs(
    g.run(
      "(extract (B (A))) (extract (B (A)) 1) (print-function f 5) (print-size f) (print-size) (check (A))",
    ),
  ).map(formatOutput);
  expect(text).toEqual([
    "(B (A))\n",
    "(\n   (B (A))\n)\n",
    "(\n   (f (A)) -> 3\n)\n",
    "1\n",
    "((A 1)\n (B 1)\n (f 1))\n",
    "",
  ]);
});

test("literals of every sort come back as values", () => {
  const g = open();
  outputs(g.run("(datatype L (I i64) (F f64) (S String) (B bool) (U Unit))"));
  const value = (text: string): unknown => {
    const { term } = unwrap(g.extract(text));
    return term.kind === "app" && term.args[0].kind === "literal" ? term.args[0].value : undefined;
  };
  expect(value("(I -9223372036854775808)")).toBe(-9223372036854775808n);
  expect(value("(F 2.5)")).toBe(2.5);
  expect(value("(F inf)")).toBe(Number.POSITIVE_INFINITY);
  expect(value('(S "näh\\n")')).toBe("näh\n");
  expect(value("(B false)")).toBe(false);
  expect(value("(U ())")).toBe(null);
});

test("eval says which class or literal an expression is", () => {
  const g = open();
  outputs(g.run("(datatype E (A) (B)) (union (A) (B))"));
  expect(unwrap(g.eval("(A)")).value).toEqual(unwrap(g.eval("(B)")).value);
  expect(unwrap(g.eval("(+ 1 2)")).value).toEqual({ kind: "literal", sort: "i64", text: "3" });
});

test("a global without $ is a warning, or an error in strict mode", () => {
  expect(open().run("(let x 1)").warnings).toHaveLength(1);
  expect(open().run("(let $x 1)").warnings).toEqual([]);
  const strict = open({ strict: true }).run("(let x 1)");
  expect(strict.ok ? undefined : strict.error.kind).toBe("type");
});

test("include reads the files that were given, and nothing else", () => {
  const g = open({ files: { "lib.egg": "(datatype E (A))" } });
  outputs(g.run('(include "lib.egg") (A)'));
  const missing = g.run('(include "/etc/hostname")');
  expect(missing.ok ? undefined : missing.error.kind).toBe("file");
});

test("proofs can be asked for", () => {
  const g = open({ mode: "proofs" });
  const [proof] = ofKind(
    outputs(g.run("(datatype E (A) (B)) (rewrite (A) (B)) (A) (run 1) (prove (= (A) (B)))")),
    "proof",
  );
  expect(proof.text).toContain("(A)");
});

test("a term whose text would be endless is a small object", () => {
  const g = open();
  outputs(g.run("(datatype E (A) (P E E)) (let $e0 (A))"));
  const doubling = Array.from({ length: 60 }, (_, i) => `(let $e${i + 1} (P $e${i} $e${i}))`);
  outputs(g.run(doubling.join("\n")));
  const { cost, term } = unwrap(g.extract("$e60"));
  expect(cost).toBeGreaterThan(2 ** 60);
  expect(term.kind === "app" && term.args[0] === term.args[1]).toBe(true);
  expect(() => printTerm(term)).toThrow(RangeError);
});
