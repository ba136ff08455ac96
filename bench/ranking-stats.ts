/** How well one list of numbers orders what another one measures. */

/** Kendall's tau-b: 1 where the orders are equal, -1 where one is the other reversed; ties count for neither. */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let [agree, differ, tiedA, tiedB] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const [x, y] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
      if (x === 0 || y === 0) {
        if (x === 0 && y !== 0) tiedA++;
        if (y === 0 && x !== 0) tiedB++;
      } else if (x === y) agree++;
      else differ++;
    }
  const [inA, inB] = [agree + differ + tiedB, agree + differ + tiedA];
  return inA === 0 || inB === 0 ? Number.NaN : (agree - differ) / Math.sqrt(inA * inB);
}

export type Alternative = { readonly analytic: number; readonly measured: number };

/** By how much what `analytic` likes best is slower than the fastest, as a share of the fastest. */
export function lossOfFirst(alternatives: readonly Alternative[]): number {
  const first = alternatives.reduce((best, x) => (x.analytic < best.analytic ? x : best));
  return first.measured / Math.min(...alternatives.map((x) => x.measured)) - 1;
}
