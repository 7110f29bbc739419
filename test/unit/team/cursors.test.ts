// How far a machine has sent: kept for the membership it was sent by, and for no other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cursorsOf, dropOthers } from "../../../src/team/cursors.ts";
import { membershipOf } from "../../../src/team/membership.ts";
import { tempDir } from "../../world.ts";
import { openTestStore } from "../store/open.ts";

const memberOf = (device: string) =>
  membershipOf(
    "https://mpm.example",
    {
      token: "mpmd_x",
      device: { id: device, person: "p", host: "h", createdAt: 1 },
      person: { id: "p", name: "Bo", role: "member", createdAt: 1 },
      team: { name: "Crew", content: "content" },
    },
    1,
  );

test("a team that was joined anew, or another one, is sent to from where it was joined, and others keep their places", async (t) => {
  const store = openTestStore(t, tempDir(t));
  const [before, now] = [memberOf("one"), memberOf("two")];
  for (const name of [...Object.values(cursorsOf(before)), cursorsOf(now).events, "otlp", "teamwork"])
    await store.advance(name, 7);
  await dropOthers(store, now);
  const left = async () => (await store.consumers()).map(({ name }) => name);
  assert.deepEqual(await left(), ["otlp", "team two", "teamwork"]);
  await dropOthers(store, undefined);
  assert.deepEqual(await left(), ["otlp", "teamwork"]);
});
