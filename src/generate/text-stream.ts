/** Tokens → text as they come: a character whose bytes are not complete yet is held back. */

export type TextStream = {
  /** Text that the token adds. */
  push(token: number): string;
  /** Text that was still held back. */
  end(): string;
  /** All text so far. */
  text(): string;
};

/** U+FFFD, which stands for bytes that are no character. */
const incomplete = "\ufffd";

export function createTextStream(decode: (tokens: number[]) => string): TextStream {
  const tokens: number[] = [];
  let shown = "";
  const rest = (whole: string): string => {
    const added = whole.slice(shown.length);
    shown = whole;
    return added;
  };
  return {
    push(token) {
      tokens.push(token);
      const whole = decode(tokens);
      return whole.endsWith(incomplete) ? "" : rest(whole);
    },
    end: () => (tokens.length === 0 ? "" : rest(decode(tokens))),
    text: () => (tokens.length === 0 ? "" : decode(tokens)),
  };
}
