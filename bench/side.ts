/** One of the two that are compared, loaded and ready to be called. */
import type { Arrays } from "./case.ts";

export type Side = {
  /** A call with the inputs of that number, modulo how many there are. */
  readonly call: (number: number) => void;
  /** What the last call left, by output; the next call writes over it. */
  readonly outputs: Arrays;
  readonly close: () => void;
};
