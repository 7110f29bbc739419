// mpm status asks the monitor by a socket in the home: the same answer as by the port, and nothing that somebody else says.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { killThoseOf, mpm, tempWorld, until } from "../../world.ts";

async function withMonitor(t: TestContext, name = ".claude-mpm") {
  const world = tempWorld(t);
  const mpmHome = join(world.home, name);
  const env = { ...world.env, MPM_HOME: mpmHome };
  mkdirSync(mpmHome, { recursive: true, mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
  const begin = async () => assert.equal((await mpm(["monitor", "start"], { env })).status, 0);
  await begin();
  return { env, mpmHome, begin, socket: join(mpmHome, "monitor.sock") };
}

/** A program of this user's that listens there and says what a monitor could, of another instance or the same. */
async function impostor(t: TestContext, socket: string, said: object): Promise<{ asked: () => number }> {
  let asked = 0;
  const server = createServer((client) => {
    asked++;
    client.on("error", () => {});
    client.end(`${JSON.stringify(said)}\n`);
  });
  server.listen(socket);
  await once(server, "listening");
  t.after(() => void server.close());
  return { asked: () => asked };
}

const counters = { stored: 0, repeated: 0, refused: 0, postponed: 0, commits: 0 };
const claim = { instance: "x", version: "9.9.9", events: 4711, removed: 0, gaps: 0, counters };

test("the socket is its user's alone, and status says the same by it as by the port", async (t) => {
  const { env, socket } = await withMonitor(t);
  assert.equal(lstatSync(socket).mode & 0o777, 0o600);
  const status = async () => (await mpm(["status", "--json"], { env })).stdout;
  const near = await status();
  renameSync(socket, `${socket}.aside`);
  assert.equal(await status(), near);
  assert.equal(JSON.parse(near).monitor.running, true);
});

test("a socket that others can write, or whose monitor is not the one that monitor.json names, is not believed", async (t) => {
  const { env, mpmHome, socket } = await withMonitor(t);
  rmSync(socket);
  const other = await impostor(t, socket, claim);
  const events = async () => JSON.parse((await mpm(["status", "--json"], { env })).stdout).monitor.events;
  chmodSync(socket, 0o600);
  assert.equal(await events(), 0);
  assert.equal(other.asked(), 1);

  rmSync(socket);
  const { instance } = JSON.parse(readFileSync(join(mpmHome, "monitor.json"), "utf8"));
  const same = await impostor(t, socket, { ...claim, instance });
  chmodSync(socket, 0o666);
  assert.equal(await events(), 0);
  chmodSync(socket, 0o600);
  chmodSync(mpmHome, 0o777);
  assert.equal(await events(), 0);
  assert.equal(same.asked(), 0);
  chmodSync(mpmHome, 0o700);
  assert.equal(await events(), 4711); // who may write here is this user
});

test("a socket that a killed monitor left is no monitor, and the next one answers there", async (t) => {
  const { env, mpmHome, begin, socket } = await withMonitor(t);
  await killThoseOf(mpmHome);
  assert.equal(existsSync(socket), true);
  assert.match((await mpm(["status"], { env })).stdout, /monitor +○ not running/);
  await begin();
  assert.match((await mpm(["status"], { env })).stdout, /monitor +● http/);
  assert.equal((await mpm(["monitor", "stop"], { env })).status, 0);
  await until(() => !existsSync(socket), 10_000, "the socket to go");
});

test("in a home whose path is too long for a socket, status asks the port", async (t) => {
  const { env, socket } = await withMonitor(t, "d".repeat(100));
  assert.equal(existsSync(socket), false);
  assert.match((await mpm(["status"], { env })).stdout, /monitor +● http/);
});
