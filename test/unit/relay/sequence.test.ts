// The relay's memory: numbers that outlive it, and a relay.db of an earlier version.

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { openSequence, type Sequence } from "../../../src/relay/sequence.ts";
import { tempDir } from "../../world.ts";

const event = (id: string, session = "s") => ({ name: `name-${id}`, id, session });

function opened(t: TestContext, file: string, stillThere = (_name: string): boolean => true): Sequence {
  const result = openSequence({ file, stillThere, now: () => 1 });
  assert.equal(result.kind, "opened");
  if (result.kind !== "opened") throw new Error("held");
  t.after(() => {
    try {
      result.sequence.close();
    } catch {
      // the test has closed it
    }
  });
  return result.sequence;
}

test("an event keeps its number over a restart; one that is forgotten is not remembered", (t) => {
  const file = join(tempDir(t), "relay.db");
  const first = opened(t, file);
  assert.deepEqual(first.assign([event("a"), event("b", "other"), event("c")]), [1, 1, 2]);
  first.forget(event("a"));
  first.close();
  const second = opened(t, file);
  assert.deepEqual(second.assign([event("c"), event("d"), event("b", "other")]), [2, 3, 1]);
  assert.equal(second.counters.received, 4);
});

test("what is given in one go is numbered in order, and twice the same is once", (t) => {
  const sequence = opened(t, join(tempDir(t), "relay.db"));
  assert.deepEqual(sequence.assign([event("a"), event("a"), event("b"), event("c", "x"), event("d")]), [1, 1, 2, 1, 3]);
});

test("an event that was forgotten and comes again, as by replay, gets a number of its own", (t) => {
  const sequence = opened(t, join(tempDir(t), "relay.db"));
  assert.deepEqual(sequence.assign([event("a")]), [1]);
  sequence.forget(event("a"));
  assert.deepEqual(sequence.assign([event("a"), event("b")]), [2, 3]);
});

test("of what was given in one go, each is remembered over a restart until it is forgotten", (t) => {
  const file = join(tempDir(t), "relay.db");
  const first = opened(t, file);
  first.assign([event("a"), event("b"), event("c")]);
  first.forget(event("b"));
  first.assign([event("b"), event("d")]); // replayed
  first.close();
  const second = opened(t, file, (name) => name !== "name-c");
  assert.deepEqual(second.assign([event("a"), event("b"), event("d")]), [1, 4, 5]);
  for (const id of ["a", "b", "d"]) second.forget(event(id));
  second.close();
  const db = new DatabaseSync(file, { readOnly: true });
  assert.equal(db.prepare("SELECT count(*) AS count FROM batch").get()?.["count"], 0);
  db.close();
});

test("a relay.db of the version before is taken over as it is", (t) => {
  const file = join(tempDir(t), "relay.db");
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE session (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE given (id TEXT PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO session VALUES ('s', 41, 0);
    INSERT INTO given VALUES ('a', 'name-a', 41), ('gone', 'name-gone', 40);
    INSERT INTO counter VALUES ('received', 41), ('forwarded', 39)`);
  db.close();
  const sequence = opened(t, file, (name) => name !== "name-gone");
  assert.deepEqual(sequence.assign([event("a"), event("b")]), [41, 42]);
  assert.deepEqual([sequence.counters.received, sequence.counters.forwarded, sequence.counters.discarded], [42, 39, 0]);
});

test("it is held by one; a damaged one is set aside, and the next begins at 1", (t) => {
  const dir = tempDir(t);
  const file = join(dir, "relay.db");
  const first = opened(t, file);
  assert.equal(openSequence({ file, stillThere: () => true, now: () => 2 }).kind, "held");
  first.close();
  writeFileSync(file, "this is no database, and it is long enough to be looked at as if it were one".repeat(40));
  const again = openSequence({ file, stillThere: () => true, now: () => 7 });
  assert.ok(again.kind === "opened" && again.setAside === `${file}.corrupt-7`);
  assert.deepEqual(again.sequence.assign([event("a")]), [1]);
  again.sequence.close();
  assert.ok(readdirSync(dir).includes("relay.db.corrupt-7"));
});
