// The store on SQLite: what every store promises, and what can happen to a file.

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import type { Store } from "../../../src/store/port.ts";
import { SCHEMA_VERSION } from "../../../src/store/sqlite/migrations.ts";
import { openSqlite } from "../../../src/store/sqlite/store.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { ROOT, tempDir } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { conformance, type Faults, PRICING } from "./conformance.ts";

const PAGE_BYTES = 8192;
const MOST_PAGES = 4_294_967_294;
const fileOf = (home: string) => join(home, "monitor.db");

conformance({
  name: "SQLite",
  async open(t, now = Date.now) {
    const home = tempDir(t);
    const again = () => openTestStore(t, home, now, PRICING);
    return { store: again(), again: async () => again(), faults: faultsOf(t, home) };
  },
});

function faultsOf(t: TestContext, home: string): Faults {
  return {
    async hold() {
      const holder = new DatabaseSync(fileOf(home));
      holder.exec("BEGIN IMMEDIATE");
      return async () => holder.close();
    },
    async fill() {
      const { exec } = DatabaseSync.prototype;
      t.after(() => {
        DatabaseSync.prototype.exec = exec;
      });
      // Every connection may use no more pages than the file has, and a few.
      let pages = statSync(fileOf(home)).size / PAGE_BYTES + 40;
      DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
        if (sql === "BEGIN IMMEDIATE") exec.call(this, `PRAGMA max_page_count = ${pages}`);
        return exec.call(this, sql);
      };
      return async () => {
        pages = MOST_PAGES;
      };
    },
    program: `
      import { openSqlite } from ${JSON.stringify(join(ROOT, "src/store/sqlite/store.ts"))};
      const { value: store } = openSqlite({ file: ${JSON.stringify(fileOf(home))}, now: Date.now });`,
  };
}

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

test("a copy that was made while it was closed opens like the first", async (t) => {
  const home = tempDir(t);
  const other = tempDir(t);
  const store = openTestStore(t, home);
  await store.append(batch(1, 3));
  await store.close();
  copyFileSync(fileOf(home), fileOf(other));
  assert.deepEqual(await seqs(openTestStore(t, other)), [1, 2, 3]);
});
