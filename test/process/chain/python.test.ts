// A server that is not ours: python-socketio, whose handler returns nothing. Away, restarted, disconnecting, refusing,
// hung: everything arrives in order; a repeat only where an answer was lost, and then with the same id.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FIRST_DELAY_MS, MAX_DELAY_MS } from "../../../src/relay/backoff.ts";
import { testWith } from "../../tools.ts";
import { fill } from "../../unit/relay/fill.ts";
import { dist, freePort, NODE, start, tempDir, tempWorld, until } from "../../world.ts";

const test = testWith("socketio", "aiohttp");

/** Debian's, which has the packages. */
const PYTHON = "/usr/bin/python3";
const SERVER = join(import.meta.dirname, "server.py");
const SESSIONS = 3;
/** Between the designed end of a wait and the attempt on a busy machine. */
const SLACK_MS = 250;

interface Recorded {
  readonly id: string;
  readonly session: string;
  readonly seq: number;
  readonly index: number;
}

interface World {
  readonly mpmHome: string;
  readonly relay: ChildProcess;
  /** Of the server. */
  readonly dir: string;
  up(): Promise<ChildProcess>;
  recorded(): Recorded[];
  pending(): number;
  /** The relay's log. */
  log(): Record<string, unknown>[];
}

/** A relay with so many events in its spool, and a python server that is not up yet. */
async function world(t: TestContext, events: number): Promise<World> {
  const { env, mpmHome } = tempWorld(t);
  const dir = tempDir(t);
  const port = await freePort();
  fill(mpmHome, events, { sessions: SESSIONS });
  const relay = start(t, NODE, [dist("relay.js")], {
    ...env,
    MPM_SERVER_URL: `http://127.0.0.1:${port}`,
    MPM_LOG_LEVEL: "debug",
  });
  const lines = (file: string) =>
    existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line))
      : [];
  return {
    mpmHome,
    relay,
    dir,
    async up() {
      rmSync(join(dir, "ready"), { force: true });
      const server = spawn(PYTHON, [SERVER, String(port), dir], { stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      server.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      t.after(() => server.kill("SIGKILL"));
      await until(() => existsSync(join(dir, "ready")) || server.exitCode !== null, 30_000, "the python server");
      assert.equal(server.exitCode, null, said);
      return server;
    },
    recorded: () => lines(join(dir, "events.jsonl")),
    pending: () => readdirSync(join(mpmHome, "spool")).length,
    log: () => lines(join(mpmHome, "log/relay.log")),
  };
}

async function kill(server: ChildProcess): Promise<void> {
  const closed = once(server, "close");
  server.kill("SIGKILL");
  await closed;
}

/** All arrived, each session in order. @returns how many came more than once */
function checkAll(recorded: readonly Recorded[], events: number): number {
  const first = new Map<string, Recorded>();
  for (const event of recorded) {
    const before = first.get(event.id);
    if (before) assert.deepEqual(event, before, "a repeat is the same");
    else first.set(event.id, event);
  }
  assert.equal(first.size, events);
  for (const [session, of] of Map.groupBy(first.values(), (event) => event.session)) {
    const count = [...new Array(events).keys()].filter((index) => `s-${index % SESSIONS}` === session).length;
    assert.deepEqual(
      of.map(({ seq }) => seq),
      [...new Array(count).keys()].map((index) => index + 1),
    );
    assert.deepEqual(
      of.map(({ index }) => index),
      of.map(({ index }) => index).toSorted((a, b) => a - b),
    );
  }
  return recorded.length - first.size;
}

describe("a python-socketio server", { concurrency: 3 }, () => {
  test("gets everything, in order and once", async (t) => {
    const { up, pending, recorded } = await world(t, 300);
    await up();
    await until(() => pending() === 0, 60_000);
    assert.equal(checkAll(recorded(), 300), 0);
  });

  test("that was away at first gets everything, once", async (t) => {
    const { up, pending, recorded, log } = await world(t, 60);
    await until(() => log().filter(({ attempts }) => attempts !== undefined).length >= 3, 30_000, "three attempts");
    assert.equal(pending(), 60);
    await up();
    await until(() => pending() === 0, 60_000);
    assert.equal(checkAll(recorded(), 60), 0);
  });

  test("that is killed and started again in mid-stream gets everything; at most one event twice for each kill", async (t) => {
    const { up, pending, recorded } = await world(t, 3000);
    const kills = 3;
    for (let killed = 0; killed < kills; killed++) {
      const server = await up();
      const before = recorded().length;
      await until(() => recorded().length >= before + 100, 60_000, "a hundred events");
      await kill(server);
      assert.ok(pending() > 0);
    }
    await up();
    await until(() => pending() === 0, 60_000);
    assert.ok(checkAll(recorded(), 3000) <= kills);
  });

  test("that disconnects in mid-stream before it answers gets those events once more, and no others", async (t) => {
    const { up, pending, recorded, dir } = await world(t, 200);
    const cut = [20, 21, 90, 150];
    writeFileSync(join(dir, "disconnect.json"), JSON.stringify(cut));
    await up();
    await until(() => pending() === 0, 60_000);
    checkAll(recorded(), 200);
    const counts = Map.groupBy(recorded(), ({ index }) => index);
    const twice = [...counts].filter(([, of]) => of.length > 1).map(([index]) => index);
    assert.deepEqual(twice, cut);
  });

  test("that refuses the connection gets nothing until it accepts, and the reason is said", async (t) => {
    const { up, pending, recorded, dir, mpmHome } = await world(t, 30);
    writeFileSync(join(dir, "refuse"), "");
    await up();
    const trouble = () => JSON.parse(readFileSync(join(mpmHome, "relay.json"), "utf8")).trouble as string | undefined;
    await until(() => existsSync(join(mpmHome, "relay.json")) && /refused the token$/.test(trouble() ?? ""), 30_000);
    assert.equal(recorded().length, 0);
    rmSync(join(dir, "refuse"));
    await until(() => pending() === 0, 60_000);
    assert.equal(checkAll(recorded(), 30), 0);
  });

  test("that hangs in mid-stream is given up after 15 s, tried again, and gets everything", async (t) => {
    const { up, pending, recorded, log } = await world(t, 900);
    const server = await up();
    await until(() => recorded().length >= 100, 60_000, "a hundred events");
    server.kill("SIGSTOP");
    const waiting = pending();
    assert.ok(waiting > 0);
    await until(
      () => log().some(({ reason }) => JSON.stringify(reason ?? "").includes('"no_answer"')),
      60_000,
      "its end",
    );
    assert.ok(pending() >= waiting - 1, "nothing leaves the spool without an answer");
    server.kill("SIGCONT");
    await until(() => pending() === 0, 60_000);
    assert.ok(checkAll(recorded(), 900) <= 1);
  });

  test("that stays away is waited for at less than 1 % of a core, the waits doubling up to their limit", async (t) => {
    const { relay, log } = await world(t, 20);
    const attempts = () => log().filter((line) => line["attempts"] !== undefined);
    await until(() => attempts().length >= 5, 60_000, "five attempts");
    const TICK_MS = 10;
    const ticks = () => {
      const fields = readFileSync(`/proc/${relay.pid}/stat`, "utf8").split(" ");
      return Number(fields[13]) + Number(fields[14]);
    };
    const [before, begun] = [ticks(), performance.now()];
    await sleep(10_000); // what is measured is the cost of this time
    const share = ((ticks() - before) * TICK_MS) / (performance.now() - begun);
    const waits = attempts().map(({ waitedMs }) => waitedMs as number);
    t.diagnostic(`${(share * 100).toFixed(2)} % of a core; waits in ms: ${waits.join(", ")}`);
    assert.ok(share < 0.01, `${share * 100} % of a core`);
    assert.equal(waits[0], 0);
    for (const [index, waited] of waits.slice(1).entries()) {
      const most = Math.min(FIRST_DELAY_MS * 2 ** index, MAX_DELAY_MS);
      assert.ok(waited <= most + SLACK_MS, `wait ${index + 1} took ${waited} ms, more than ${most} ms`);
    }
  });
});
