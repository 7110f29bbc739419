// The token can be changed at any time without losing an event, and other machines are let in only by the user's word.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { io } from "socket.io-client";
import { dist, HOOK, mpm, NODE, run, tempWorld, until } from "../../world.ts";
import { runMonitor } from "./monitor.ts";

const COUNT = 30;

test("changing the token ends what came in by the old one and loses no event", async (t) => {
  const monitor = await runMonitor(t);
  const { home, env, url } = monitor;
  const old = monitor.token();
  const page = io(`${url}/live`, { auth: { token: old }, reconnection: false, transports: ["websocket"] });
  t.after(() => page.close());
  await until(() => page.connected, 10_000, "the connection by the old token");
  const cookie = await cookieOf(url, old);

  for (let n = 1; n <= COUNT; n++) {
    await run(HOOK, ["Stop"], { env, input: JSON.stringify({ hook_event_name: "Stop", session_id: "s", n }) });
    if (n % 10 === 5) assert.equal((await mpm(["monitor", "token", "--rotate"], { env })).status, 0);
  }
  await until(async () => (await monitor.health()).events === COUNT, 60_000, "all events");
  const stored = (await (await monitor.ask(`/api/events?after=0&limit=${COUNT}`)).json()) as {
    events: { seq: number; data: { n: number } }[];
  };
  const expected = Array.from({ length: COUNT }, (_, index) => [index + 1, index + 1]);
  assert.deepEqual(
    stored.events.map(({ seq, data }) => [seq, data.n]),
    expected,
  );

  assert.notEqual(monitor.token(), old);
  await until(() => page.disconnected, 5000, "the end of the old connection");
  for (const headers of [{ authorization: `Bearer ${old}` }, { cookie }])
    assert.equal((await fetch(`${url}/api/events`, { headers })).status, 401);
  assert.doesNotMatch(readFileSync(join(home, "log/monitor.log"), "utf8"), new RegExp(`${old}|${monitor.token()}`));
});

async function cookieOf(url: string, token: string): Promise<string> {
  const asked = await fetch(`${url}/api/login-code`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  const { code } = (await asked.json()) as { code: string };
  const login = await fetch(`${url}/login?code=${code}`, { redirect: "manual" });
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  assert.equal((await fetch(`${url}/api/events`, { headers: { cookie } })).status, 200);
  return cookie;
}

test("twenty that make the token at once agree on one", async (t) => {
  const world = tempWorld(t);
  const module = join(import.meta.dirname, "../../../src/services/token.ts");
  const config = join(import.meta.dirname, "../../../src/config/config.ts");
  const script = `import { readOrMakeToken } from ${JSON.stringify(module)}; import { pathsOf } from ${JSON.stringify(config)};
    console.log(readOrMakeToken(pathsOf(process.argv[1])).value)`;
  const made = await Promise.all(
    Array.from({ length: 20 }, () => run(NODE, ["--input-type=module-typescript", "-e", script, world.mpmHome])),
  );
  assert.equal(new Set(made.map(({ stdout }) => stdout)).size, 1, made.map(({ stderr }) => stderr).join(""));
  assert.match(made[0]?.stdout ?? "", /^[\w-]{43}\n$/);
});

test("a token of the environment is not changed by us, and we say so", async (t) => {
  const world = tempWorld(t, { MPM_TOKEN: "given-by-the-environment" });
  const { status, stdout } = await mpm(["monitor", "token", "--rotate"], { env: world.env });
  assert.equal(status, 1);
  assert.match(stdout, /MPM_TOKEN/);
  assert.doesNotMatch(stdout, /given-by/);
});

test("an address that other machines reach needs the user's word, whichever way the monitor is started", async (t) => {
  const world = tempWorld(t);
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.0.0.1.example.org"]) {
    const { status, stderr } = await mpm(["monitor", "--port", "0", "--host", host], { env: world.env });
    assert.equal(status, 2, host);
    assert.match(stderr, /other machines.*--allow-remote/);
  }
});

test("a setting alone opens the monitor to no other machine: in the background it does not start either", async (t) => {
  const world = tempWorld(t);
  await assert.rejects(runMonitor(t, { world, config: { monitor: { host: "0.0.0.0" } } }), /allow-remote/);
  const started = await mpm(["monitor", "start", "--port", "0"], { env: world.env });
  assert.equal(started.status, 1);
  assert.match(started.stderr, /allow-remote/);
  assert.equal((await run(NODE, [dist("monitor.js"), "--port=0"], { env: world.env })).status, 1);
  assert.match(readFileSync(join(world.mpmHome, "log/monitor.log"), "utf8"), /lets other machines connect/);
});

test("by the user's word it listens for all, is reached by any of its addresses, and asks for the token all the same", async (t) => {
  const monitor = await runMonitor(t, { config: { monitor: { host: "0.0.0.0", allowRemote: true } } });
  assert.equal((await monitor.ask("/api/events")).status, 200);
  assert.equal((await fetch(`${monitor.url}/api/events`)).status, 401);
  const byHost = async (host: string) => {
    // fetch sets Host by itself; curl says what it is told
    const { stdout } = await run(
      "curl",
      ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", `Host: ${host}`, `${monitor.url}/health`],
      {
        env: { PATH: "/usr/bin:/bin" },
      },
    );
    return stdout;
  };
  assert.equal(await byHost(`192.0.2.7:${monitor.port}`), "200");
  assert.equal(await byHost("[2001:db8::1]"), "200");
  assert.equal(await byHost(`evil.test:${monitor.port}`), "421");
  assert.equal(await byHost("127.0.0.1.evil.test"), "421");
});
