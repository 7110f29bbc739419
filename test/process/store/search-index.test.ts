// The index of words on SQLite: written later than the events, and complete whenever somebody searches.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Store } from "../../../src/store/port.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { NODE, ROOT, tempDir } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";

const BLOCK = 2048;
const word = (seq: number) => `pearl${seq}`;
const batch = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    envelope(from + index, { message: `a ${word(from + index)} in the reef` }),
  );
const found = async (store: Store, q: string) =>
  (await store.rows({ q }, { after: 0, limit: 5000 })).map(({ seq }) => seq);

/** How many events are indexed. */
function indexed(home: string): number {
  const db = new DatabaseSync(join(home, "monitor.db"), { readOnly: true });
  const { count } = db.prepare("SELECT count(*) AS count FROM search_docsize").get() ?? {};
  db.close();
  return Number(count);
}

test("an event is found as soon as it is stored, though its words are not indexed with it", async (t) => {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, 3));
  assert.equal(indexed(home), 0);
  assert.deepEqual(await found(store, word(2)), [2]);
  assert.equal(indexed(home), 3);
  await store.append(batch(4, 1));
  assert.deepEqual(await found(store, "reef"), [1, 2, 3, 4]);
  assert.deepEqual(await found(store, word(4)), [4]);
});

test("what a process has stored that was killed is found by the next one", async (t) => {
  const home = tempDir(t);
  const program = `
    import { openSqlite } from ${JSON.stringify(join(ROOT, "src/store/sqlite/store.ts"))};
    const { value: store } = openSqlite({ file: ${JSON.stringify(join(home, "monitor.db"))}, now: Date.now });
    await store.append(${JSON.stringify(batch(1, 5))});
    process.kill(process.pid, "SIGKILL");`;
  const [, signal] = await once(spawn(NODE, ["--input-type=module", "-e", program], { stdio: "inherit" }), "exit");
  assert.equal(signal, "SIGKILL");
  const store = openTestStore(t, home);
  await store.append(batch(6, 2));
  assert.deepEqual(await found(store, "reef"), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(indexed(home), 7);
});

test("what two processes store by turns is indexed once, and found by both", async (t) => {
  const home = tempDir(t);
  const [one, other] = [openTestStore(t, home), openTestStore(t, home)];
  await one.append(batch(1, 2));
  await other.append(batch(3, 2));
  await one.append(batch(5, 1));
  assert.deepEqual(await found(other, "reef"), [1, 2, 3, 4, 5]);
  assert.deepEqual(await found(one, word(3)), [3]);
  assert.equal(indexed(home), 5);
});

test("many events are indexed though nobody searches; who stores without a pause has them indexed, too", async (t) => {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, BLOCK));
  await turn();
  assert.equal(indexed(home), BLOCK);
  for (let from = BLOCK + 1; from <= 5 * BLOCK; from += BLOCK / 2) await store.append(batch(from, BLOCK / 2));
  assert.ok(indexed(home) >= 3 * BLOCK, String(indexed(home)));
  await store.close();
  assert.equal(indexed(home), 5 * BLOCK);
});

test("where the index cannot be written, what is indexed is found, and it is said how much is not", async (t) => {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, 2));
  assert.deepEqual(await found(store, "reef"), [1, 2]);
  const db = new DatabaseSync(join(home, "monitor.db"));
  t.after(() => db.close());
  db.exec("CREATE TRIGGER full BEFORE INSERT ON bookmark BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
  await store.append(batch(3, 3));
  assert.deepEqual(await found(store, "reef"), [1, 2]);
  assert.equal((await store.figures()).unindexed, 3);
  db.exec("DROP TRIGGER full");
  assert.deepEqual(await found(store, "reef"), [1, 2, 3, 4, 5]);
  assert.equal((await store.figures()).unindexed, undefined);
});

test("what is removed before its words were indexed is not found", async (t) => {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  await store.append([...batch(1, 2), envelope(1, { session: "other", message: "a pearl in the reef" })]);
  await store.forget({ session: "s" });
  assert.deepEqual(await found(store, "reef"), [1]);
  await store.append(batch(3, 1));
  assert.deepEqual(await found(store, "reef"), [1, 3]);
});
