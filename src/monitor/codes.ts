// Codes of login links: each good once, and for a minute.

import { randomBytes } from "node:crypto";

const LIFE_MS = 60_000;
const MAX_CODES = 20;
const CODE_BYTES = 18;

export interface Codes {
  make(): string;
  /** Uses a code up. Returns whether it was good. */
  take(code: string): boolean;
  /** None of those that were made is good any more. */
  clear(): void;
}

/** `now` in ms since 1970. */
export function openCodes(now: () => number): Codes {
  const goodUntil = new Map<string, number>();
  return {
    make() {
      const code = randomBytes(CODE_BYTES).toString("base64url");
      goodUntil.set(code, now() + LIFE_MS);
      for (const old of [...goodUntil.keys()].slice(0, Math.max(0, goodUntil.size - MAX_CODES))) goodUntil.delete(old);
      return code;
    },
    take(code) {
      const until = goodUntil.get(code);
      goodUntil.delete(code);
      return until !== undefined && until >= now();
    },
    clear: () => goodUntil.clear(),
  };
}
