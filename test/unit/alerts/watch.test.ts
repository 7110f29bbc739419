// The rules that follow events one by one, over a store.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openWatch } from "../../../src/alerts/watch.ts";
import { Story } from "../../browser/story.ts";
import { tempDir } from "../../world.ts";
import { openTestStore } from "../store/open.ts";

test("failures that were counted count once, though they are read again", async (t) => {
  const store = openTestStore(t, tempDir(t));
  const story = new Story({ session: "s", project: "/home/dana/code/tidepool", start: Date.now() - 10_000 });
  const fail = (command: string) => story.wait(1000).bash(command, "", { error: "Exit code 2" });
  story.begin().prompt("Mend it");
  fail("make a");
  fail("make b");
  const { length } = story.events;
  await store.append(story.events);
  const watch = openWatch(store, [{ when: "failures", count: 3, over: 60_000, to: ["x"] }]);
  const { newest } = await store.figures();
  await watch.prime(newest, Date.now());
  await watch.prime(newest, Date.now()); // the store was away, or another monitor looked meanwhile

  fail("make c");
  await store.append(story.events.slice(length));
  const session = await store.session("s");
  assert.ok(session);
  const rows = await store.rows({}, { after: newest, limit: 100 });
  const found = await Promise.all(rows.map((row) => watch.take(row, session)));
  assert.deepEqual(
    found.flat().map(({ alert }) => alert.when),
    ["failures"],
  );
});
