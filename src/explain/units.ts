/** Numbers as people read them. */

export function scaled(x: number, unit: string): string {
  const power = x < 1000 ? 0 : Math.min(5, Math.floor(Math.log10(x) / 3));
  const digits = x === 0 ? "0" : (x / 1000 ** power).toPrecision(3);
  return `${digits} ${["", "k", "M", "G", "T", "P"][power]}${unit}`;
}

export function duration(seconds: number): string {
  if (seconds >= 100) return `${seconds.toFixed(0)} s`;
  const [factor, unit] = seconds >= 1 ? [1, "s"] : seconds >= 1e-3 ? [1e3, "ms"] : [1e6, "µs"];
  return `${(seconds * factor).toPrecision(3)} ${unit}`;
}

/** `1 kernel`, `3 kernels`. */
export const counted = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;

export const percentText = (share: number): string => {
  if (share > 0 && share < 0.0005) return "<0.1 %";
  return share >= 0.0995 ? `${(100 * share).toFixed(0)} %` : `${(100 * share).toFixed(1)} %`;
};

/** `+3.2 %` for a time that is 1.032 of another. */
export function lossText(share: number | undefined): string {
  if (share === undefined) return "impossible";
  const more = 100 * (share - 1);
  if (Math.abs(more) < 0.005) return "same";
  return `${more > 0 ? "+" : "−"}${Math.abs(more).toFixed(Math.abs(more) < 1 ? 2 : 1)} %`;
}
