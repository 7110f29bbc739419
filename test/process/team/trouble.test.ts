// A database in trouble: one that does not answer.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { startServer } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";

const test = testWith("postgresql");

/** Processes that PostgreSQL runs for its clients. */
function backendsOf(directory: string): number[] {
  const [postmaster = ""] = readFileSync(join(directory, "data/postmaster.pid"), "utf8").split("\n");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/stat`))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
        return parent === postmaster && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres: mpm postgres");
      } catch {
        return false;
      }
    })
    .map(Number);
}

test("a backend that stands still is given up, the next attempt stores the event once", {
  timeout: 60_000,
}, async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const opened = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  const store = opened.value;
  await store.append([envelope(1)]);
  const stopped = backendsOf(server.directory);
  assert.ok(stopped.length > 0);
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  try {
    const { trouble, outcomes } = await store.append([envelope(2)]);
    assert.deepEqual([trouble?.code, outcomes], ["store_unavailable", []]);
    assert.equal((await store.append([envelope(2)])).outcomes.length, 1, "on another connection");
  } finally {
    for (const pid of stopped) process.kill(pid, "SIGCONT");
  }
  const rows = await store.rows({}, { after: 0, limit: 10 });
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    [1, 2],
  );
});
