// A hostile page in a real browser, in which the user is logged in at the monitor: it reads nothing and writes nothing.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { type AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import { type BrowserContext, chromium } from "playwright-core";
import { openAccess } from "../../../src/monitor/access.ts";
import { LIMIT_MS } from "../../browser/page.ts";
import { CHROMIUM, testWith } from "../../tools.ts";
import { NODE, run, until } from "../../world.ts";
import { attack, type Tried } from "./attack.ts";
import { envelope, type RunningMonitor, runMonitor } from "./monitor.ts";

const test = testWith("chromium");

const CANARY = "canary-of-a-prompt";
const NOBODY = 65_534;

/** A browser that has been let in, and knows names that lead to this machine without being its own. */
async function letIn(t: TestContext, { ask, url }: RunningMonitor): Promise<BrowserContext> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1"],
  });
  t.after(() => browser.close());
  const context = await browser.newContext();
  context.setDefaultTimeout(LIMIT_MS);
  const { code } = (await (await ask("/api/login-code", { method: "POST" })).json()) as { code: string };
  const page = await context.newPage();
  await page.goto(`${url}/login?code=${code}`);
  assert.equal((await context.cookies()).length, 1, "the cookie is set");
  await page.close();
  return context;
}

/** A server of somebody else on another port, and the headers that it is shown. */
async function stranger(t: TestContext): Promise<{ port: number; seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.setHeader("content-type", "text/html").end("<!doctype html><body>Hello");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

async function attackFrom(context: BrowserContext, page: string, url: string, seq: number): Promise<Tried[]> {
  const tab = await context.newPage();
  await tab.goto(page);
  const tried = await tab.evaluate(attack, { url, event: JSON.stringify(envelope(seq, { session: "evil" })) });
  await tab.close();
  return tried;
}

/** What could be read, but for a refusal. */
const readable = (tried: readonly Tried[]) =>
  tried.filter(({ read }) => read !== undefined && !/^\{"error":\{"code":"bad_host"/.test(read));

test("a page of another site, of another port or of a rebound name reads nothing and writes nothing", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(envelope(1, { prompt: CANARY }));
  const context = await letIn(t, monitor);
  const { port } = await stranger(t);

  // Chromium resolves evil.test to this machine: another site. Another port of 127.0.0.1 is the same site to it.
  let seq = 0;
  for (const url of [monitor.url, `http://localhost:${monitor.port}`])
    await Promise.all(
      ["evil.test", "127.0.0.1", "localhost"].map(async (host) => {
        const tried = await attackFrom(context, `http://${host}:${port}/`, url, ++seq);
        assert.ok(tried.length > 60, `${tried.length} tries`);
        assert.deepEqual(readable(tried), [], `from ${host} at ${url}`);
      }),
    );

  // Rebinding: the page came from its own server, then its name led to the monitor. The origin is the same one.
  const rebound = `http://rebound.test:${monitor.port}`;
  await context.route(`${rebound}/page`, (route) => route.fulfill({ contentType: "text/html", body: "<body>" }));
  assert.deepEqual(readable(await attackFrom(context, `${rebound}/page`, rebound, ++seq)), []);

  const { events, clients, counters } = await monitor.health();
  assert.deepEqual({ events, clients }, { events: 1, clients: 0 });
  assert.equal((counters as { stored: number }).stored, 1);
  assert.equal((await monitor.ask("/api/events/evil-1")).status, 404);
});

test("the same tries from the monitor's own page do read and write: they are no empty threats", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(envelope(1, { prompt: CANARY }));
  const context = await letIn(t, monitor);
  const wanted = {
    "fetch cors include /api/events": new RegExp(CANARY),
    XMLHttpRequest: new RegExp(CANARY),
    "WebSocket /live,": /40\/live,\{"sid".*43\/live,1\[\{"n":/,
    "<script> /app.js": /loaded/,
  };
  // A try is given up soon; on a busy machine one that would have read something may be, too.
  await until(
    async () => {
      const tried = await attackFrom(context, `${monitor.url}/`, monitor.url, 1);
      const read = (name: string) => tried.find((one) => one.name === name)?.read ?? "";
      return Object.entries(wanted).every(([name, expected]) => expected.test(read(name)));
    },
    30_000,
    `reading ${Object.keys(wanted).join(", ")}`,
  );
  assert.equal((await monitor.ask("/api/events/evil-1")).status, 200);
});

test("nobody frames the dashboard, and a page that opened it has no hold of it", async (t) => {
  const monitor = await runMonitor(t);
  const context = await letIn(t, monitor);
  const { port } = await stranger(t);
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate((url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    const loaded = new Promise((wake) => frame.addEventListener("load", wake, { once: true }));
    document.body.append(frame);
    return loaded.then(() => undefined);
  }, monitor.url);
  assert.doesNotMatch(page.frames().at(-1)?.url() ?? "", /127\.0\.0\.1/, "the browser shows its own error page");
  const { headers } = await monitor.ask("/");
  assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
  assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
  assert.equal(headers.get("access-control-allow-origin"), null);
});

test("a cookie that another port was shown opens the monitor to no other user of the machine", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(envelope(1, { prompt: CANARY }));
  const context = await letIn(t, monitor);
  const { port, seen } = await stranger(t);
  await (await context.newPage()).goto(`http://127.0.0.1:${port}/`);
  const cookie = seen.find((headers) => headers.cookie)?.cookie ?? "";
  assert.match(cookie, /^mpm_\d+=/, "browsers show a cookie to every port: there is something to steal");

  const steal = `fetch(process.argv[1], { headers: { cookie: process.argv[2] } }).then(async (r) => console.log(r.status, await r.text()))`;
  const args = ["-e", steal, `${monitor.url}/api/events`, cookie];
  const thief = await run("setpriv", [`--reuid=${NOBODY}`, "--clear-groups", NODE, ...args], {
    env: { PATH: "/usr/bin:/bin" },
  });
  assert.match(thief.stdout, /^401 /, thief.stderr);
  const user = await run(NODE, args, { env: {} });
  assert.match(user.stdout, /^200 /);
  assert.match(user.stdout, new RegExp(CANARY));
});

test("a login link works once, and a cookie of another token does not", async (t) => {
  const monitor = await runMonitor(t);
  const { code } = (await (await monitor.ask("/api/login-code", { method: "POST" })).json()) as { code: string };
  const login = () => fetch(`${monitor.url}/login?code=${code}`, { redirect: "manual" });
  const first = await login();
  assert.equal(first.status, 303);
  assert.match(first.headers.get("set-cookie") ?? "", /HttpOnly; SameSite=Strict; Path=\//);
  assert.equal((await login()).status, 403);
  const forged = await fetch(`${monitor.url}/api/events`, { headers: { cookie: `mpm_${monitor.port}=AAAA` } });
  assert.equal(forged.status, 401);
});

test("token and cookie are compared as digests, in a time that tells nothing of them", (t) => {
  const compared: [number, number][] = [];
  const { timingSafeEqual } = crypto;
  t.mock.method(crypto, "timingSafeEqual", (a: Buffer, b: Buffer) => {
    compared.push([a.length, b.length]);
    return timingSafeEqual(a, b);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const token = "a".repeat(43);
  const access = openAccess({
    token: () => token,
    port: () => 1,
    host: "127.0.0.1",
    hostName: "here",
    now: () => 0,
    onRotated: () => {},
  });
  const guesses = [`b${"a".repeat(42)}`, `${"a".repeat(42)}b`, "b", "", "b".repeat(5000)];
  const nobody = { headers: {} } as IncomingMessage;
  const connects = (given: unknown) => access.mayConnect({ handshake: { auth: { token: given } }, request: nobody });
  for (const guess of guesses) assert.equal(connects(guess), false);
  for (const none of [undefined, null, 7, { toString: () => token }]) assert.equal(connects(none), false);
  assert.equal(connects(token), true);
  const cookie = { headers: { cookie: `mpm_1=${"b".repeat(43)}` }, socket: new Socket() } as IncomingMessage;
  assert.equal(access.mayEnter(cookie), false);
  assert.deepEqual(compared, Array(guesses.length + 2).fill([32, 32]));
});
