// Large entries: a relay that is killed while it reads one leaves word of it for the next.

import assert from "node:assert/strict";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LARGE_BYTES, MAX_TRIES, openLargeEntries } from "../../../src/spool/large.ts";
import { readEntry } from "../../../src/spool/read.ts";
import { tempDir } from "../../world.ts";

test("an entry is read as often as relays may be killed by it, then no more; another begins anew, and one that was understood, too", (t) => {
  const dir = tempDir(t);
  mkdirSync(join(dir, "spool"));
  const large = (name: string) => {
    writeFileSync(join(dir, "spool", name), "mpm1\0");
    truncateSync(join(dir, "spool", name), LARGE_BYTES + 1);
    return name;
  };
  const [first, second] = [large("1.00-1"), large("2.00-2")];
  writeFileSync(join(dir, "spool/3.00-3"), "mpm1\0Stop\0\0\0\0\0\0{}\0mpm1 whole\n");
  /** What a relay sees that has just begun. */
  const seen = (name: string, entries = openLargeEntries(join(dir, "relay.large"))) =>
    readEntry(join(dir, "spool", name), name, entries).kind;
  for (let tried = 0; tried < MAX_TRIES; tried++) assert.equal(seen(first), "partial");
  assert.equal(seen("3.00-3"), "whole", "a small one is no matter");
  const entries = openLargeEntries(join(dir, "relay.large"));
  assert.equal(seen(first, entries), "no-entry");
  entries.end();
  for (let tried = 0; tried < 2 * MAX_TRIES; tried++) {
    assert.equal(seen(second, entries), "partial");
    entries.end();
  }
});
