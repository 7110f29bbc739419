// Monitors behind a balancer on a database that fails over: machines send through all of it, and a page sees each row once.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { LiveRows, Subscribed } from "../../../src/contract/live.ts";
import type { EventRow } from "../../../src/contract/row.ts";
import { connect } from "../../../src/relay/uplink.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { startBalancer, startServer, startStandby } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";
import { mpm, signInBy, startTeam, tokenOf } from "./team.ts";

const test = testWith("postgresql", "haproxy");

const PER_MACHINE = 400;
const AT_A_TIME = 8;

/** Sends one session's events in order, as a relay does: what was not acknowledged goes again over the next connection. */
async function send(
  url: string,
  token: string,
  session: string,
  signal: AbortSignal,
  acked: () => void,
): Promise<void> {
  const events = Array.from({ length: PER_MACHINE }, (_, index) => {
    const json = JSON.stringify({ ...envelope(index + 1, { session }), id: `${session}-${index + 1}` });
    return { json, bytes: json.length };
  });
  for (let next = 0; next < events.length && !signal.aborted; ) {
    const connected = await connect({ url, token, local: false }, signal);
    if (!connected.ok) {
      await sleep(100);
      continue;
    }
    const connection = connected.value;
    while (next < events.length) {
      const batch = events.slice(next, next + AT_A_TIME);
      const done = new Set<number>();
      const all = Promise.withResolvers<boolean>();
      connection.send(batch, (index, { kind }) => {
        if (kind === "retry") return all.resolve(false);
        assert.equal(kind, "delivered");
        done.add(index);
        if (done.size === batch.length) all.resolve(true);
      });
      const isWhole = await Promise.race([all.promise, connection.ended.then(() => false)]);
      let taken = 0;
      while (done.has(taken)) taken++;
      for (let index = 0; index < taken; index++) acked();
      next += taken;
      if (!isWhole) break;
      await sleep(10);
    }
    connection.close();
  }
}

/** A page that watches, and goes on behind the last row that it has after each break. */
function watch(t: TestContext, url: string, cookie: string): readonly EventRow[] {
  const seen: EventRow[] = [];
  let last: number | undefined;
  const socket = io(`${url}/live`, {
    transports: ["websocket"],
    reconnectionDelay: 100,
    reconnectionDelayMax: 300,
    extraHeaders: { cookie },
  });
  socket.on("connect", () =>
    socket.emit("subscribe", last === undefined ? {} : { after: last }, (answer: unknown) => {
      last ??= Subscribed.parse(answer).n;
    }),
  );
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), 100);
  });
  socket.on("rows", (given: unknown) => {
    for (const row of LiveRows.parse(given).rows)
      if (row.n > (last ?? 0)) {
        last = row.n;
        seen.push(row);
      }
  });
  t.after(() => void socket.close());
  return seen;
}

test("a monitor is killed, the balancer is cut, the database fails over: all that was acknowledged is there, once, in order", {
  timeout: 240_000,
}, async (t) => {
  const primary = await startServer();
  const standby = await startStandby(primary);
  const socketOf = (directory: string) => `unix@${directory}/.s.PGSQL.5432`;
  const database = await startBalancer(
    ["mode tcp", "default-server check inter 200 fall 2 rise 1 on-marked-down shutdown-sessions"],
    [socketOf(primary.directory), `${socketOf(standby.directory)} backup`],
  );
  const through = `postgres://mpm@127.0.0.1:${database.port}/postgres`;
  const team = await startTeam(t, ["--content", "metadata"], { server: primary, through });
  const second = await team.another();
  const front = await startBalancer(
    ["mode http", "balance roundrobin", "default-server check inter 200 fall 2 rise 1", "option redispatch"],
    [`127.0.0.1:${team.monitor.port}`, `127.0.0.1:${second.port}`],
  );
  t.after(async () => {
    await front.close();
    await database.close();
    await standby.close();
    await primary.close();
  });
  const url = `http://127.0.0.1:${front.port}`;
  const viewer = await team.join("vi", { role: "viewer" });
  const { link } = JSON.parse((await mpm(viewer.env, "team", "open", "--json")).out);
  const seen = watch(t, url, await signInBy(link, url));
  const machines = await Promise.all(["bo", "cy", "di"].map(async (name) => tokenOf(await team.join(name))));
  const sessions = machines.map(() => randomUUID());
  const stop = new AbortController();
  t.after(() => stop.abort());
  let acknowledged = 0;
  const sending = Promise.all(
    machines.map((token, index) => send(url, token, sessions[index] ?? "", stop.signal, () => void acknowledged++)),
  );
  const all = machines.length * PER_MACHINE;
  await until(() => acknowledged > all * 0.15, 60_000, "some events");
  await second.kill("SIGKILL");
  await until(() => acknowledged > all * 0.3, 60_000, "more events, through one monitor");
  const third = await team.another();
  assert.ok(third.port > 0);
  await front.restart();
  await until(() => acknowledged > all * 0.5, 60_000, "more events, after the cut");
  await primary.stop("SIGQUIT");
  await sleep(500);
  standby.promote();
  await until(() => acknowledged === all, 120_000, "all events, on the standby");
  await sending;
  await until(() => seen.length >= all, 60_000, "all rows on the page");
  assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length, "a row came twice");
  for (const session of sessions) {
    const own = seen.filter((row) => row.session === session).map(({ seq }) => seq);
    assert.deepEqual(
      own,
      Array.from({ length: PER_MACHINE }, (_, index) => index + 1),
      "skipped, or out of order",
    );
    const summary = await (await team.monitor.ask(`/api/sessions/${session}`)).json();
    assert.deepEqual([summary.events, summary.gaps], [PER_MACHINE, 0]);
  }
});
