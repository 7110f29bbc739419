// The store on SQLite: what every store promises, and what can happen to a file.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import type { Store } from "../../../src/store/port.ts";
import { SCHEMA_VERSION } from "../../../src/store/sqlite/migrations.ts";
import { openSqlite } from "../../../src/store/sqlite/store.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { NODE, ROOT, tempDir } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { conformance, PRICING } from "./conformance.ts";

conformance({
  name: "SQLite",
  async open(t, now = Date.now) {
    const home = tempDir(t);
    const again = () => openTestStore(t, home, now, PRICING);
    return { store: again(), again: async () => again() };
  },
});

const fileOf = (home: string) => join(home, "monitor.db");
const batch = (from: number, count: number) => Array.from({ length: count }, (_, index) => envelope(from + index));
const seqs = async (store: Store) => (await store.rows({}, { after: 0, limit: 1000 })).map(({ seq }) => seq);

test("a file of a newer version is left alone, byte for byte, and the reason has a code", (t) => {
  const home = tempDir(t);
  const db = new DatabaseSync(fileOf(home));
  db.exec(`CREATE TABLE future (x); PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  const before = readFileSync(fileOf(home));
  const opened = openSqlite({ file: fileOf(home), now: Date.now });
  assert.deepEqual(opened, {
    ok: false,
    reason: { code: "store_newer", file: fileOf(home), version: SCHEMA_VERSION + 1 },
  });
  assert.deepEqual(readFileSync(fileOf(home)), before);
  assert.deepEqual(readdirSync(home), ["monitor.db"]);
});

test("a file that is no database is set aside as it was, and another begun; retention removes it when it is old", async (t) => {
  const home = tempDir(t);
  writeFileSync(fileOf(home), "not a database, and never was one".repeat(100));
  const damaged = readFileSync(fileOf(home));
  const store = openTestStore(t, home, () => 5000);
  const { setAside = "" } = await store.figures();
  assert.deepEqual(readFileSync(setAside), damaged);
  assert.equal((await store.append(batch(1, 1))).outcomes[0]?.kind, "stored");
  await store.retain({ before: 4000, maxBytes: Number.POSITIVE_INFINITY });
  assert.equal((await store.figures()).setAside, setAside, "younger than the limit");
  await store.retain({ before: 6000, maxBytes: Number.POSITIVE_INFINITY });
  assert.equal((await store.figures()).setAside, undefined);
});

test("a file that becomes damaged while it is open is said to be, and set aside when it is closed", async (t) => {
  const home = tempDir(t);
  const first = openTestStore(t, home);
  await first.append(batch(1, 300));
  await first.close();
  const size = statSync(fileOf(home)).size;
  const noise = Buffer.alloc(size - 16_384, 0x5a);
  const opened = openSqlite({ file: fileOf(home), now: () => 77 });
  assert.ok(opened.ok);
  const handle = await import("node:fs").then((fs) => fs.openSync(fileOf(home), "r+"));
  await import("node:fs").then((fs) => {
    fs.writeSync(handle, noise, 0, noise.length, 16_384);
    fs.closeSync(handle);
  });
  let code: string | undefined;
  for (let seq = 1000; code === undefined && seq < 1100; seq++)
    code = (await opened.value.append(batch(seq, 50))).trouble?.code;
  assert.equal(code, "store_damaged");
  assert.deepEqual(await opened.value.close(), { setAside: `${fileOf(home)}.corrupt-77` });
  assert.ok(!readdirSync(home).includes("monitor.db"));
});

test("while another holds the file the store is busy, nothing of the batch is kept, and later all of it", async (t) => {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, 2));
  const holder = new DatabaseSync(fileOf(home));
  holder.exec("BEGIN IMMEDIATE");
  const refused = await store.append(batch(3, 2));
  assert.deepEqual([refused.outcomes, refused.trouble?.code], [[], "store_busy"]);
  assert.equal((await store.record([{ session: "s", facts: [] }]))?.code, "store_busy");
  holder.exec("ROLLBACK");
  holder.close();
  assert.deepEqual(
    (await store.append(batch(3, 2))).outcomes.map(({ kind }) => kind),
    ["stored", "stored"],
  );
  assert.deepEqual(await seqs(store), [1, 2, 3, 4]);
});

test("a full disk refuses a batch whole, with its code; with room again, all of it is stored once", async (t) => {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, 1));
  limitPages(t, home);
  let refused: Awaited<ReturnType<Store["append"]>> | undefined;
  let seq = 2;
  for (; refused === undefined && seq < 2000; seq += 20) {
    const appended = await store.append(batch(seq, 20));
    if (appended.trouble) refused = appended;
  }
  assert.deepEqual([refused?.outcomes, refused?.trouble?.code], [[], "store_full"]);
  const kept = (await store.figures()).events;
  assert.equal((await seqs(store)).length, kept);
  assert.equal(kept, seq - 21);
});

/** Every connection that is opened from now on may use no more pages than the file has, and a few. */
function limitPages(t: TestContext, home: string): void {
  const before = DatabaseSync.prototype.exec;
  t.after(() => {
    DatabaseSync.prototype.exec = before;
  });
  const pages = statSync(fileOf(home)).size / 8192 + 40;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    if (sql === "BEGIN IMMEDIATE") before.call(this, `PRAGMA max_page_count = ${pages}`);
    return before.call(this, sql);
  };
}

test("killed in the middle of batches, the file holds whole batches, in order, and what was acknowledged", async (t) => {
  const home = tempDir(t);
  const SIZE = 50;
  const program = `
    import { openSqlite } from ${JSON.stringify(join(ROOT, "src/store/sqlite/store.ts"))};
    import { envelope } from ${JSON.stringify(join(ROOT, "test/process/trust/monitor.ts"))};
    const { value: store } = openSqlite({ file: ${JSON.stringify(fileOf(home))}, now: Date.now });
    for (let from = 1; ; from += ${SIZE}) {
      const { outcomes } = await store.append(Array.from({ length: ${SIZE} }, (_, index) => envelope(from + index)));
      process.stdout.write(from + outcomes.length - 1 + "\\n");
    }`;
  for (let round = 0; round < 3; round++) {
    const child = spawn(NODE, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
      if (said.split("\n").length > 3 + round * 4) child.kill("SIGKILL");
    });
    await once(child, "exit");
    const acknowledged = Number(said.trim().split("\n").at(-1));
    const opened = openSqlite({ file: fileOf(home), now: Date.now });
    assert.ok(opened.ok);
    const { events } = await opened.value.figures();
    assert.ok(events >= acknowledged && events % SIZE === 0, `${events} kept, ${acknowledged} acknowledged`);
    assert.equal((await opened.value.session("s"))?.events, events, "the session has seen as many");
    await opened.value.close();
  }
});

test("a copy that was made while it was closed opens like the first", async (t) => {
  const home = tempDir(t);
  const other = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, 3));
  await store.close();
  copyFileSync(fileOf(home), fileOf(other));
  assert.deepEqual(await seqs(openTestStore(t, other)), [1, 2, 3]);
});
