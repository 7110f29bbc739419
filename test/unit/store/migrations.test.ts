// Files of earlier versions: each opens, is led to this version, and keeps everything; or nothing has happened.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrate, SCHEMA_VERSION, schemaVersion } from "../../../src/store/sqlite/migrations.ts";
import { EVENT_COLUMNS } from "../../../src/store/sqlite/values.ts";
import { Story } from "../../browser/story.ts";
import { tempDir, until } from "../../world.ts";
import { openOldStore } from "./old.ts";
import { openTestStore } from "./open.ts";

const schemaFile = (version: number) => join(import.meta.dirname, `schema/${version}.sql`);
const START = Date.UTC(2026, 0, 5, 8);

/** The schema as SQLite writes it, one statement a paragraph. */
function dump(db: DatabaseSync): string {
  const statements = db
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .all()
    .map(({ sql }) => String(sql).replace(/\s+/g, " ").trim());
  return `${statements.join(";\n\n")};\n`;
}

test("a row's fields are columns of the newest schema, each by its type: a field needs a migration", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  const columns = Object.fromEntries(
    db
      .prepare("SELECT name, type FROM pragma_table_info('event')")
      .all()
      .map(({ name, type }) => [name, type]),
  );
  assert.deepEqual(columns, EVENT_COLUMNS);
});

test("every released version leads to the same schema, which is written down", () => {
  const fresh = new DatabaseSync(":memory:");
  migrate(fresh);
  const written = schemaFile(SCHEMA_VERSION);
  if (!existsSync(written)) {
    writeFileSync(written, dump(fresh));
    assert.fail(`${written} was missing and has been written: look at it and commit it`);
  }
  assert.equal(dump(fresh), readFileSync(written, "utf8"), "a step that was released has changed, or one is missing");
  const old = new DatabaseSync(":memory:");
  old.exec(`${readFileSync(schemaFile(1), "utf8")}; PRAGMA user_version = 1`);
  migrate(old);
  assert.equal(dump(old), dump(fresh), "from version 1");
  assert.equal(schemaVersion(old), SCHEMA_VERSION);
});

/** Leads a store back to version 5. */
const NOT_IN_5 = "DROP TABLE hour; DROP INDEX session_signals; ALTER TABLE session DROP COLUMN signals";

/** A store of version 1 with two sessions. */
function makeOld(file: string) {
  const first = new Story({ session: "11111111-a", project: "/home/dana/code/tidepool", start: START });
  first.begin().wait(1000).prompt("Mend the gauge").wait(500).bash("npm test", "9 passed").stop("Mended.");
  first.wait(5000).prompt("And the reef").read("reef.ts", "coral").stop("Done.").end();
  const second = new Story({ session: "22222222-b", project: "/home/dana/code/reef", start: START + 60_000 });
  second.begin().prompt("Find pearls").lose(2).stop("None.");
  const old = openOldStore(file);
  old.add(first.events);
  old.add(second.events);
  old.addUsage("11111111-a", "claude-opus-5", 100, 50);
  old.addBookmark("/home/dana/.claude/projects/p/11111111-a.jsonl");
  old.close();
  return { first, second };
}

test("a store of version 1 keeps its events, sessions and tokens, and gets what they had not", async (t) => {
  const home = tempDir(t);
  const { first, second } = makeOld(join(home, "monitor.db"));
  const store = openTestStore(t, home);
  const { events, newest, migrating } = await store.figures();
  const count = first.events.length + second.events.length;
  assert.deepEqual([events, newest, migrating], [count, count, true]);
  const kept = await store.envelopes({}, { after: 0, limit: 1000 });
  assert.deepEqual(
    kept.map(({ n: _n, ...envelope }) => envelope),
    [...first.events, ...second.events],
  );
  const [latest, earlier] = (await store.sessions({ limit: 10 })).sessions;
  assert.deepEqual([latest?.id, latest?.project], ["22222222-b", "/home/dana/code/reef"]);
  assert.deepEqual([earlier?.id, earlier?.events], ["11111111-a", first.events.length]);
  assert.equal((await store.rows({ q: "pearls", project: "reef" }, { limit: 10 })).length, 1);
  assert.deepEqual(
    (await store.statistics({ since: 0, until: START + 3_600_000 })).tokens.map(({ session, output }) => [
      session,
      output,
    ]),
    [["11111111-a", 50]],
  );

  const next = { ...(second.events.at(-1) ?? assert.fail()), id: "next", seq: 6 };
  assert.equal((await store.append([next])).outcomes[0]?.kind, "stored", "the first event does not wait");
  const turns = await store.turns("11111111-a");
  assert.deepEqual(
    turns.map(({ prompt, answer, calls }) => [prompt, answer, calls]),
    [
      ["Mend the gauge", "Mended.", 1],
      ["And the reef", "Done.", 1],
    ],
    "told as soon as they are asked for",
  );
  await until(async () => !(await store.figures()).migrating, 10_000, "the end of the migration");
  const session = await store.session("22222222-b");
  assert.deepEqual(
    [session?.firstPrompt, session?.events, session?.turns],
    ["Find pearls", second.events.length + 1, 1],
  );
  assert.equal((await store.sessions({ limit: 10, q: "mend the" })).total, 1);
});

test("the sums of version 1 stand until the session's answers are read, which then count alone", async (t) => {
  const home = tempDir(t);
  makeOld(join(home, "monitor.db"));
  const store = openTestStore(t, home);
  assert.equal(
    await store.bookmark("/home/dana/.claude/projects/p/11111111-a.jsonl"),
    undefined,
    "read from its beginning",
  );
  const tokens = { input: 100, output: 60, cacheRead: 0, cacheWrite: 0 };
  const answers = [{ id: "a", t: START, model: "claude-opus-5", tokens }];
  await store.record([{ session: "11111111-a", facts: [{ kind: "answers", answers }] }]);
  const sums = (await store.statistics({ since: 0, until: START + 3_600_000 })).tokens;
  assert.deepEqual(
    sums.map(({ output }) => output),
    [60],
  );
});

test("a store of version 2 stays as it is, and is told how long people were waited for", async (t) => {
  const home = tempDir(t);
  const file = join(home, "monitor.db");
  const asked = new Story({ session: "33333333-c", project: "/home/dana/code/reef", start: START });
  const call = { tool_name: "Bash", tool_use_id: "a", tool_input: { command: "make" } };
  asked.begin().prompt("Build it").emit("PreToolUse", call).emit("PermissionRequest", { tool_name: "Bash" });
  asked
    .wait(9000)
    .emit("PostToolUse", { ...call, duration_ms: 0 })
    .stop("Built.");
  const before = openTestStore(t, home);
  await before.append(asked.events);
  await before.record([{ session: "33333333-c", facts: [{ kind: "branch", t: START, branch: "tide" }] }]);
  await before.close();
  const db = new DatabaseSync(file);
  db.exec(
    `${NOT_IN_5}; DROP TABLE wait; ALTER TABLE rebuild DROP COLUMN part; ALTER TABLE session DROP COLUMN cost; PRAGMA user_version = 2`,
  );
  db.close();
  const store = openTestStore(t, home);
  await until(async () => !(await store.figures()).migrating, 10_000, "the end of the migration");
  const { waits } = await store.statistics({ since: 0, until: START + 3_600_000 });
  assert.deepEqual(
    waits.map(({ kind, total }) => [kind, total]),
    [["permission", 9000]],
  );
  const session = await store.session("33333333-c");
  assert.deepEqual([session?.branch, session?.events], ["tide", asked.events.length]);
  assert.equal((await store.turns("33333333-c")).length, 1);
});

test("a store of version 4 stays as it is, and is told the signals of its sessions, by the turns as they were counted", async (t) => {
  const home = tempDir(t);
  const file = join(home, "monitor.db");
  const loops = new Story({ session: "44444444-d", project: "/home/dana/code/reef", start: START });
  loops.begin().prompt("Find pearls").stop("None.").prompt("Build it");
  for (let index = 0; index < 3; index++) loops.wait(1000).bash("make", "", { error: "Exit code 2\nno rule" });
  const quiet = new Story({ session: "55555555-e", project: "/home/dana/code/reef", start: START });
  quiet.begin().prompt("Look").bash("ls", "reef.ts").stop("Looked.");
  const before = openTestStore(t, home);
  await before.append([...loops.events, ...quiet.events]);
  await before.close();
  const db = new DatabaseSync(file);
  // As retention leaves a session of which the first turn is too old.
  db.exec(`UPDATE session_state SET state = json_remove(state, '$.signals', '$.watch');
    DELETE FROM event WHERE session = '44444444-d' AND seq <= 3; ${NOT_IN_5}; PRAGMA user_version = 4`);
  db.close();
  const store = openTestStore(t, home);
  await until(async () => !(await store.figures()).migrating, 10_000, "the end of the migration");
  const session = await store.session("44444444-d");
  assert.deepEqual(
    session?.signals?.map(({ code, count, turn }) => [code, count, turn]),
    [["repeated_failure", 3, 2]],
  );
  assert.deepEqual([session?.events, session?.turns], [loops.events.length, 2]);
  assert.equal((await store.session("55555555-e"))?.signals, undefined);
  loops.events.length = 0;
  await store.append(loops.wait(1000).bash("make", "", { error: "Exit code 2\nno rule" }).events);
  assert.deepEqual(
    (await store.session("44444444-d"))?.signals?.map(({ count }) => count),
    [4],
    "it goes on",
  );
});

test("of a store of version 5, sessions with signals are found by them", async (t) => {
  const home = tempDir(t);
  const loops = new Story({ session: "66666666-f", project: "/home/dana/code/reef", start: START });
  loops.begin().prompt("Build it");
  for (let index = 0; index < 3; index++) loops.wait(1000).bash("make", "", { error: "Exit code 2\nno rule" });
  const quiet = new Story({ session: "77777777-g", project: "/home/dana/code/reef", start: START });
  quiet.begin().prompt('Say "signals":[{').stop("Said.");
  const before = openTestStore(t, home);
  await before.append([...loops.events, ...quiet.events]);
  await before.close();
  const db = new DatabaseSync(join(home, "monitor.db"));
  db.exec(`${NOT_IN_5}; PRAGMA user_version = 5`);
  db.close();
  const store = openTestStore(t, home);
  const found = async (signals: boolean) => (await store.sessions({ limit: 9, signals })).sessions.map(({ id }) => id);
  assert.deepEqual([await found(true), await found(false)], [["66666666-f"], ["77777777-g"]]);
});

test("a migration that is interrupted has not happened, and happens the next time", async (t) => {
  const home = tempDir(t);
  const file = join(home, "monitor.db");
  makeOld(file);
  copyFileSync(file, `${file}.before`);
  const db = new DatabaseSync(file);
  const before = dump(db);
  // Like a full disk amid the step: its last table cannot be made.
  db.exec("CREATE TABLE consumer (x)");
  assert.throws(() => migrate(db), /consumer/);
  db.exec("DROP TABLE consumer");
  assert.deepEqual([dump(db), schemaVersion(db)], [before, 1]);
  db.close();
  const store = openTestStore(t, home);
  assert.equal((await store.sessions({ limit: 10 })).total, 2);
});
