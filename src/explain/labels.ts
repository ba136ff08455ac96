/** Words that the text and the page share. */
import type { LockedSearch } from "../search/lock.ts";
import type { PlanReport, Report } from "./report.ts";
import { percentText } from "./units.ts";

export const bucketLabel = (bucket: string): string => (bucket === "any" ? "any sizes" : `for ${bucket}`);

/** What was searched, and what it brought. */
export function searchText(search: LockedSearch, plans: readonly PlanReport[]): string {
  if (search.by === "direct") return "the direct plan: fixed rules, nothing searched";
  const evaluated = plans.reduce((n, p) => n + p.evaluated, 0);
  const gains = plans.map((p) => {
    const where = p.bucket === "any" ? "" : ` ${bucketLabel(p.bucket)}`;
    const gain = p.share < 0.9995 ? `${percentText(1 - p.share)} less time than` : "nothing better than";
    return `${gain} the direct plan${where}`;
  });
  return `searched ${evaluated} plans with seed ${search.seed}: ${gains.join(", ")}`;
}

/** What a machine's rate of products is of. */
export const productsText = ({ contractionOf }: Report["machine"]): string =>
  contractionOf === undefined ? "products" : `products of ${contractionOf}`;
