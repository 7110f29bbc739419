// What one machine may send to its team: measured over all of its connections and requests, and each machine by itself.

import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { BATCH_EVENT } from "../../../src/contract/ack.ts";
import { MAX_ITEMS } from "../../../src/monitor/body.ts";
import { MAX_BATCH } from "../../../src/monitor/ingest.ts";
import { DEVICE_BURST } from "../../../src/monitor/relays.ts";
import { testWith } from "../../tools.ts";
import { startTeam, tokenOf } from "./team.ts";

const test = testWith("postgresql");

/** Refused each by itself, which costs the store nothing. */
const noEvents = (count: number) => Array.from({ length: count }, () => ({}));

test("a machine's limit of events counts all of its connections and what it posts, and no other machine", async (t) => {
  const team = await startTeam(t);
  const [bo, cy] = [tokenOf(await team.join("bo")), tokenOf(await team.join("cy"))];
  const sockets = [1, 2].map(() =>
    io(team.monitor.url, { transports: ["websocket"], reconnection: false, forceNew: true, auth: { token: bo } }),
  );
  t.after(() => sockets.forEach((socket) => void socket.close()));
  const taken = sockets.map(() => 0);
  let why: unknown;
  for (let at = 0; why === undefined; at = 1 - at) {
    const answer = await sockets[at]?.timeout(10_000).emitWithAck(BATCH_EVENT, noEvents(MAX_BATCH));
    const limited = answer.outcomes.filter((one: { permanent: boolean }) => !one.permanent);
    taken[at] = (taken[at] ?? 0) + MAX_BATCH - limited.length;
    why = limited[0]?.why.code;
  }
  assert.equal(why, "too_many");
  const most = Math.max(...taken);
  assert.ok(most < DEVICE_BURST, `one connection alone had sent ${most}`);
  assert.ok(taken.reduce((sum, count) => sum + count) >= DEVICE_BURST, `refused after ${taken}`);

  const post = (token: string) =>
    fetch(`${team.monitor.url}/api/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(noEvents(MAX_ITEMS)),
    });
  const refused = await post(bo);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assert.equal((await refused.json()).error.code, "too_many");
  assert.equal((await post(cy)).status, 200);
});
