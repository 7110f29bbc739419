// What is fuzzed: something that takes input from outside, the input, and what must hold for any of it.

import type fc from "fast-check";

export interface Opened<T> {
  /** Throws, by assertion, if something does not hold. */
  check(input: T): Promise<void> | void;
  close?(): Promise<void> | void;
}

export interface Target<T = never> {
  readonly name: string;
  /** Its weight: how many cases of a hundred thousand are its. */
  readonly share: number;
  readonly input: fc.Arbitrary<T>;
  /** Makes ready what the checks need. */
  open(): Promise<Opened<T>> | Opened<T>;
}

export function target<T>(name: string, share: number, input: fc.Arbitrary<T>, open: Target<T>["open"]): Target {
  return { name, share, input, open } as unknown as Target;
}
