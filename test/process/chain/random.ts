// Random numbers that come again with the same seed, so that a failure can be repeated: MPM_TEST_SEED.

import type { TestContext } from "node:test";

export interface Random {
  /** 0 <= x < 1 */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
}

/** A generator whose seed the test's report names. */
export function seeded(t: TestContext): Random {
  const seed = Number(process.env["MPM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`MPM_TEST_SEED=${seed}`);
  return random(seed);
}

/** mulberry32 */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return { next, between, pick: (list) => list[between(0, list.length - 1)] as (typeof list)[number] };
}
