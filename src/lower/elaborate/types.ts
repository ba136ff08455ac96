/** Written types whose names are all bound: of inputs, weights and states. */
import type * as Ast from "../../ir/ast.ts";
import { isNonNegative } from "../../ir/bounds.ts";
import { type DType, dtypes, isDType } from "../../ir/dtype.ts";
import type { Shape } from "../../ir/hlir.ts";
import { nearest } from "../../nearest.ts";
import { boundsOf, type Context, fail, type Site } from "./context.ts";
import { evaluateInt } from "./expressions.ts";
import { sizeText } from "./tensors.ts";

export function evaluateElement(cx: Context, site: Site, type: Ast.TypeExpr): DType {
  if (type.element === undefined) return cx.elementDefault;
  const bound = site.scope.get(type.element.name)?.value;
  if (bound?.kind === "dtype") return bound.value;
  if (isDType(type.element.name)) return type.element.name;
  const near = nearest(type.element.name, dtypes);
  return fail(
    "LUM2018",
    type.element.span,
    { name: type.element.name },
    near === undefined ? {} : { help: `did you mean \`${near}\`?` },
  );
}

export function evaluateShape(cx: Context, site: Site, type: Ast.TypeExpr): Shape {
  return (type.shape ?? []).map((d) => {
    if (d.kind === "rest") return fail("LUM2093", d.span, {});
    const size = evaluateInt(cx, site, d.value);
    if (!isNonNegative(size, boundsOf(cx))) fail("LUM2094", d.span, { size: sizeText(size) });
    return size;
  });
}
