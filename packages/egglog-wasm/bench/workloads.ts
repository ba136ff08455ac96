// Programs to compare speeds on: ours, made to a size.
import { readFileSync } from "node:fs";

export type Workload = { readonly name: string; readonly program: string };

function ours(name: string): string {
  return readFileSync(new URL(`../tests/programs/${name}.egg`, import.meta.url), "utf8");
}

/** Sums and products of many variables: commutativity and associativity multiply the nodes. */
function math(): string {
  const terms = Array.from({ length: 6 }, (_, i) => `(Mul (Var "x${i}") (Add (Var "y${i}") (Num ${i})))`);
  const sum = terms.reduce((left, right) => `(Add ${left} ${right})`);
  return `${ours("math")}(let $sum ${sum})(run algebra 7)(extract $sum)`;
}

/** A chain of layers, each relu(x · wᵀ · s + b), whose products can be regrouped and fused. */
function matmul(): string {
  let x = '(Input "x" 64 128)';
  for (let layer = 0; layer < 8; layer++) {
    x = `(Relu (AddT (MatMul (Scale 0.5 ${x}) (Transpose (Input "w${layer}" 128 128))) (Input "b${layer}" 64 128)))`;
  }
  let chain = '(Input "c0" 32 32)';
  for (let i = 1; i < 14; i++) chain = `(MatMul ${chain} (Transpose (Input "c${i}" 32 32)))`;
  const schedule = "(run-schedule (repeat 9 (saturate shapes) algebra fuse))";
  return `${ours("matmul")}(let $y ${x})(let $chain ${chain})${schedule}(extract $y)(extract $chain)`;
}

/** Unary numbers: every step depends on the last, thousands of iterations of little work. */
const DEEP = `
(datatype N (Z) (S N) (Plus N N))
(rewrite (Plus (S a) b) (Plus a (S b)) :name "shift")
(rewrite (Plus (Z) b) b :name "zero")
(relation count (i64 N))
(count 0 (Z))
(ruleset build)
(rule ((count i n) (< i 2500)) ((count (+ i 1) (S n))) :ruleset build :name "count up")
(run-schedule (saturate build))
(rule ((count 2500 n)) ((Plus n n)) :ruleset build :name "double")
(run-schedule (saturate build) (saturate (run)))`;

/** Reachability in a random graph: few iterations of wide joins. */
function wide(): string {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed >>> 8) % below;
  };
  const edges = Array.from({ length: 900 }, () => `(edge ${random(450)} ${random(450)})`);
  return `
(relation edge (i64 i64))
(relation path (i64 i64))
(rule ((edge a b)) ((path a b)) :name "edge")
(rule ((path a b) (edge b c)) ((path a c)) :name "longer")
${edges.join("\n")}
(run-schedule (saturate (run)))`;
}

export const WORKLOADS: readonly Workload[] = [
  { name: "math", program: math() },
  { name: "matmul", program: matmul() },
  { name: "deep", program: DEEP },
  { name: "wide", program: wide() },
];

/** At least `nodes` e-nodes, in classes of one to three, for serialization. */
export function large(nodes: number): string {
  const count = Math.ceil(nodes / 5);
  return `
(datatype E (Leaf i64) (F E E) (G E) (H E i64))
(relation at (i64))
(ruleset count)
(rule ((at i) (< (* 2 i) ${count})) ((at (* 2 i)) (at (+ 1 (* 2 i)))) :ruleset count)
(ruleset build)
(rule ((at i)) ((union (F (Leaf i) (Leaf (/ i 2))) (G (Leaf i))) (H (Leaf i) i)) :ruleset build)
(at 1)
(run-schedule (saturate count) build)`;
}
