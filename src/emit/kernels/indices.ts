/** Index arithmetic in C++: variables first, in loop order, then what they are multiplied by. */
import { type Bounds, isNonNegative, isPositive } from "../../ir/bounds.ts";
import type { Variable } from "../../ir/kernel.ts";
import type { Atom, Poly, Term } from "../../ir/poly.ts";
import { call, infix } from "../../ops/spelling.ts";

export type Indexing = {
  readonly variables: readonly Variable[];
  readonly bounds: Bounds;
};

export function indexText(p: Poly, ix: Indexing): string {
  const terms = [...p.terms].sort((a, b) => rank(a) - rank(b) || Math.abs(b.coef) - Math.abs(a.coef));
  const positive = terms.findIndex((t) => t.coef > 0);
  if (positive > 0) terms.unshift(...terms.splice(positive, 1));
  let text = "";
  for (const t of terms) {
    const size = Math.abs(t.coef);
    const factors = [...t.atoms].sort((a, b) => order(a) - order(b)).map((a) => atomText(a, ix));
    if (size !== 1) factors.push(String(size));
    const product = factors.reduce((a, b) => infix(a, "*", b));
    if (text === "") text = t.coef < 0 ? `-${factors.length > 1 ? `(${product})` : product}` : product;
    else text = infix(text, t.coef < 0 ? "-" : "+", product);
  }
  if (text === "") return String(p.constant);
  if (p.constant === 0) return text;
  return p.constant > 0 ? `${text} + ${p.constant}` : `${text} - ${-p.constant}`;
}

const order = (a: Atom): number =>
  a.kind === "axis" ? a.axis : a.kind === "loop" ? 2e6 : a.kind === "dim" ? 3e6 : 1e6;
const rank = (t: Term): number => Math.min(...t.atoms.map(order));

function atomText(a: Atom, ix: Indexing): string {
  switch (a.kind) {
    case "axis":
      return ix.variables[a.axis].name;
    case "dim":
    case "loop":
      return a.name;
    case "min":
    case "max":
      return call(`lum::${a.kind}<i64>`, indexText(a.left, ix), indexText(a.right, ix));
    case "div":
    case "mod": {
      const [left, right] = [indexText(a.left, ix), indexText(a.right, ix)];
      const plain = isNonNegative(a.left, ix.bounds) && isPositive(a.right, ix.bounds);
      if (plain) return infix(left, a.kind === "div" ? "/" : "%", right);
      return call(a.kind === "div" ? "lum::floor_div<i64>" : "lum::floor_mod<i64>", left, right);
    }
  }
}
