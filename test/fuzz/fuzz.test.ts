// Whatever comes in from outside: no crash, no hang, no lie. Some cases of what `npm run fuzz` does in full,
// other ones every time, and everything that was ever found.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { ALL_SHARES, TARGETS } from "./targets.ts";

const CASES = 3000;
const CORPUS = join(import.meta.dirname, "corpus");

/** A kept finding: what was wrong, and the input that showed it. */
interface Finding {
  readonly target: string;
  readonly found: string;
  readonly input: never;
}

const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));
after(() => assert.deepEqual(unhandled, []));

for (const { name, share, input, open } of TARGETS)
  test(`${name}: what must hold does, for any input`, async () => {
    const opened = await open();
    try {
      const numRuns = Math.ceil((CASES * share) / ALL_SHARES);
      await fc.assert(
        fc.asyncProperty(input, async (value) => opened.check(value)),
        { numRuns, endOnFailure: false },
      );
    } finally {
      await opened.close?.();
    }
  });

for (const file of readdirSync(CORPUS)) {
  const { target, found, input } = JSON.parse(readFileSync(join(CORPUS, file), "utf8")) as Finding;
  test(`found once, mended since: ${found}`, async () => {
    const opened = await TARGETS.find(({ name }) => name === target)?.open();
    assert.ok(opened, `there is no target ${target}`);
    try {
      await opened.check(input);
    } finally {
      await opened.close?.();
    }
  });
}
