// How a search asks SQLite: its index once, whatever else the filter says.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Filter } from "../../../src/store/port.ts";
import { openFile } from "../../../src/store/sqlite/file.ts";
import { openProjects } from "../../../src/store/sqlite/projects.ts";
import { openSelect } from "../../../src/store/sqlite/select.ts";
import { openSqlite } from "../../../src/store/sqlite/store.ts";
import { readSearch } from "../../../src/store/words.ts";
import { envelope } from "../../process/trust/monitor.ts";
import { tempDir } from "../../world.ts";

test("a search walks through its matches and not through a session, whatever else is asked for", async (t) => {
  const file = join(tempDir(t), "monitor.db");
  const store = openSqlite({ file, now: Date.now });
  assert.ok(store.ok);
  const data = { session: "s", cwd: "/x/project", tool_name: "Bash", agent_id: "a", agent_type: "Explore" };
  await store.value.append([1, 2, 3].map((seq) => ({ ...envelope(seq, data), hook_event_name: "PostToolUse" })));
  await store.value.close();
  const opened = openFile(file, Date.now());
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  const select = openSelect(opened.value, openProjects(opened.value));
  const filters: Filter[] = [
    {},
    { session: "s" },
    { tool: "bash" },
    { event: "posttooluse" },
    { agent: "a" },
    { agent: "explore" },
    { failed: true, session: "s" },
    { since: 0 },
    { session: "s", since: 0, tool: "bash", failed: false },
  ];
  for (const filter of filters) {
    const query = select("e.n", filter, { limit: 10 }, readSearch("bash"));
    assert.ok(query, JSON.stringify(filter));
    const plan = opened.value.prepare(`EXPLAIN QUERY PLAN ${query.sql}`).all(...query.values);
    assert.match(String(plan[0]?.["detail"]), /^SCAN s VIRTUAL TABLE/, JSON.stringify(filter));
  }
});
