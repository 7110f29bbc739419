// States of sessions that a process remembers, on PostgreSQL.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Statements } from "../../../src/store/postgres/connection.ts";
import { openKnownStates, refreshOwned } from "../../../src/store/postgres/sessions.ts";
import { tellAnew } from "../../../src/store/told.ts";
import { Story } from "../../browser/story.ts";

test("a state that others clear while the database is asked is still the one that was asked about", async () => {
  const session = tellAnew(new Story({ session: "s", project: "/p", start: 0 }).begin().events);
  assert.ok(session);
  const states = openKnownStates();
  states.set({ session, owner: "ada" }, "7");
  const none = () => Promise.reject(new Error("not asked"));
  const sql: Statements = {
    lists: none,
    run: none,
    async rows() {
      states.clear(); // another batch has failed meanwhile
      return [{ id: "s", user_id: "ada", version: "7", json: null }];
    },
  };
  const scope = { tenant: "default", user: "" };
  assert.deepEqual(await refreshOwned(sql, scope, ["s"], states), [{ session, owner: "ada" }]);
});
