// What a machine tells its team beside events: told again ever later where the team cannot take it now, dropped and counted
// where it never will, and no more of it than a machine has to say.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { io } from "socket.io-client";
import { FACTS_EVENT, type FactsAnswer } from "../../../src/contract/team.ts";
import { DEVICE_FACTS_BURST } from "../../../src/monitor/relays.ts";
import { openFacts } from "../../../src/team/facts.ts";
import { membershipOf } from "../../../src/team/membership.ts";
import { testWith } from "../../tools.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { tempDir } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { startTeam } from "./team.ts";

const SESSION = "s1";
const HOUR_MS = 3_600_000;

const membership = membershipOf(
  "https://mpm.example",
  {
    token: "mpmd_x",
    device: { id: "d", person: "p", host: "h", createdAt: 1 },
    person: { id: "p", name: "Bo", role: "member", createdAt: 1 },
    team: { name: "Crew", content: "content" },
  },
  1,
);

/** A machine with one session that has been broken off, and a team that answers as it is told to. */
async function open(t: TestContext, answerTo: (asked: number) => FactsAnswer | undefined) {
  const store = openTestStore(t, tempDir(t));
  let time = 0;
  const asked: number[] = [];
  const refused: string[] = [];
  const connection = {
    async ask() {
      asked.push(time);
      return answerTo(asked.length);
    },
  };
  const facts = openFacts(
    {
      store,
      membership,
      now: Date.now,
      isSent: async () => true,
      onRefused: (session, reason) => void refused.push(`${session}: ${reason}`),
      clock: () => time,
    },
    () => "content",
  );
  t.after(() => facts.close());
  await facts.send(connection, 0);
  await store.append([envelope(1, { session: SESSION })]);
  const tokens = { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 };
  const answers = [{ id: "msg_1", t: Date.now(), model: "claude-opus-4-1", tokens }];
  await store.record([{ session: SESSION, facts: [{ kind: "answers", answers }] }]);
  /** Sends whatever is due, whenever it is, for so long. */
  const pass = async (ms: number) => {
    const end = time + ms;
    for (;;) {
      while (await facts.send(connection, 1));
      const due = facts.dueInMs;
      if (due === undefined || time + due > end) break;
      time += due;
    }
    time = end;
  };
  return { facts, asked, refused, pass };
}

test("what the team cannot take now is told ever later, at most every five minutes, and once it has been taken no more", async (t) => {
  let isAway = true;
  const { facts, asked, pass } = await open(t, () => (isAway ? { ok: false, permanent: false } : { ok: true }));
  await pass(HOUR_MS);
  const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
  assert.deepEqual(pauses.slice(0, 9), [2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000]);
  assert.ok(pauses.slice(8).every((pause) => pause === 300_000));
  isAway = false;
  const before = asked.length;
  await pass(HOUR_MS);
  assert.deepEqual([asked.length - before, facts.dueInMs], [1, undefined]);
});

test("what changes while the team cannot be reached is told over the next connection, and after a restart", async (t) => {
  const store = openTestStore(t, tempDir(t));
  let time = 0;
  const options = {
    store,
    membership,
    now: Date.now,
    isSent: async () => true,
    onRefused: assert.fail,
    clock: () => time,
  };
  const told: unknown[] = [];
  const connection = () => ({
    async ask(_: string, message: readonly unknown[]) {
      told.push(...message);
      return { ok: true };
    },
  });
  const pass = async (facts: ReturnType<typeof openFacts>, to: ReturnType<typeof connection>) => {
    time += HOUR_MS;
    while (await facts.send(to, 1));
  };
  const facts = openFacts(options, () => "content");
  await store.append([envelope(1, { session: SESSION })]);
  await pass(facts, connection());
  assert.deepEqual(told, []);
  const gone = { kind: "gone", t: Date.now() } as const;
  await store.record([{ session: SESSION, facts: [gone] }]); // no connection is there
  await pass(facts, connection());
  assert.deepEqual(told, [{ session: SESSION, facts: [gone] }]);
  facts.close();
  const again = openFacts(options, () => "content");
  t.after(() => again.close());
  await pass(again, connection());
  assert.equal(told.length, 2, "whoever was killed before it could tell");
});

test("a team that does not answer is asked later, too", async (t) => {
  const { asked, refused, pass } = await open(t, () => undefined);
  await pass(10_000);
  assert.deepEqual([asked.length, refused], [3, []]);
});

test("what the team never takes is told once, and counted", async (t) => {
  const { facts, asked, refused, pass } = await open(t, () => ({ ok: false, permanent: true, reason: "no" }));
  await pass(HOUR_MS);
  assert.deepEqual([asked.length, refused, facts.dueInMs], [1, ["s1: no"], undefined]);
});

testWith("postgresql")(
  "a machine that tells without an end is told to wait, over all of its connections",
  async (t) => {
    const team = await startTeam(t);
    const bo = await team.join("bo");
    const { token } = JSON.parse(readFileSync(join(bo.mpmHome, "team.json"), "utf8"));
    const open = () => {
      const socket = io(team.monitor.url, { transports: ["websocket"], forceNew: true, auth: { token } });
      t.after(() => socket.close());
      return socket.timeout(30_000);
    };
    const [one, two] = [open(), open()];
    const facts = [{ session: randomUUID(), facts: [{ kind: "gone", t: 1 }] }];
    const told = await Promise.all(
      Array.from({ length: DEVICE_FACTS_BURST + 200 }, (_, index) =>
        (index % 2 ? one : two).emitWithAck(FACTS_EVENT, facts),
      ),
    );
    // Under load the store may be busy, too, which is another reason.
    const refused = told.filter(({ why }) => why?.code === "too_many");
    assert.ok(refused.length > 0 && told.length - refused.length >= DEVICE_FACTS_BURST, `${refused.length} refused`);
    assert.ok(refused.every(({ permanent }) => permanent === false));
  },
);
