// Who is let in: by token, by cookie, under which Host and from which Origin; what everybody may see.

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { pino } from "pino";
import { io } from "socket.io-client";
import { loadConfig } from "../../../src/config/config.ts";
import { openAccess } from "../../../src/monitor/access.ts";
import { startMonitor } from "../../../src/monitor/server.ts";
import { tempDir } from "../../world.ts";
import { envelope, type RunningMonitor, runMonitor, tokenIn } from "../trust/monitor.ts";

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** A request with exactly these headers: fetch does not let a caller set Host, Origin and the like. */
function ask(
  { port }: RunningMonitor,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const statusesOf = async (cases: readonly (readonly [what: string, answer: Promise<Answer>])[]) =>
  Object.fromEntries(await Promise.all(cases.map(async ([what, answer]) => [what, (await answer).status] as const)));

test("everything but /health asks for the token, as Authorization, and for the whole of it", async (t) => {
  const monitor = await runMonitor(t);
  const token = monitor.token();
  const paths = ["/", "/api/events", "/api/events/x", "/api/sessions", "/api/sessions/x", "/api/stats", "/metrics"];
  for (const path of [...paths, "/nothing", "/index.html", "/api"]) {
    const { status, body, headers } = await ask(monitor, path);
    assert.equal(status, 401, path);
    if (path !== "/") assert.match(JSON.parse(body).error.message, /Authorization: Bearer/);
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
  assert.deepEqual(
    await statusesOf([
      ["right", ask(monitor, "/api/events", { authorization: `Bearer ${token}` })],
      ["none", ask(monitor, "/api/events")],
      ["wrong", ask(monitor, "/api/events", { authorization: `Bearer ${token.slice(0, -1)}x` })],
      ["its beginning", ask(monitor, "/api/events", { authorization: `Bearer ${token.slice(0, 10)}` })],
      ["more than it", ask(monitor, "/api/events", { authorization: `Bearer ${token}x` })],
      ["empty", ask(monitor, "/api/events", { authorization: "Bearer " })],
      ["basic", ask(monitor, "/api/events", { authorization: `Basic ${btoa(`x:${token}`)}` })],
      ["in the address", ask(monitor, `/api/events?token=${token}`)],
      ["as a cookie", ask(monitor, "/api/events", { cookie: `mpm_${monitor.port}=${token}` })],
      ["to post", ask(monitor, "/api/events", { "content-type": "application/json" }, "POST", "{}")],
      ["to get a code", ask(monitor, "/api/login-code", {}, "POST")],
    ]),
    {
      right: 200,
      none: 401,
      wrong: 401,
      "its beginning": 401,
      "more than it": 401,
      empty: 401,
      basic: 401,
      "in the address": 401,
      "as a cookie": 401,
      "to post": 401,
      "to get a code": 401,
    },
  );
});

test("/health tells everybody that it is the monitor and how it is; how many events only with the token", async (t) => {
  const monitor = await runMonitor(t);
  const open = JSON.parse((await ask(monitor, "/health")).body);
  assert.deepEqual(Object.keys(open).sort(), ["instance", "pid", "service", "status", "version"]);
  assert.deepEqual([open.status, open.service, open.pid], ["healthy", "mpm-monitor", monitor.pid]);
  const full = await monitor.health();
  for (const key of ["events", "counters", "gaps", "bytes", "relays", "clients"]) assert.ok(key in full, key);
});

test("only its own names are answered, and no page of another origin", async (t) => {
  const monitor = await runMonitor(t);
  const { port } = monitor;
  const authorization = `Bearer ${monitor.token()}`;
  const get = (headers: Record<string, string>) => ask(monitor, "/api/events", { authorization, ...headers });
  assert.deepEqual(
    await statusesOf([
      ["127.0.0.1", get({ host: `127.0.0.1:${port}` })],
      ["localhost", get({ host: `localhost:${port}` })],
      ["LOCALHOST without a port", get({ host: "LOCALHOST" })],
      ["[::1]", get({ host: `[::1]:${port}` })],
      ["evil.test", get({ host: `evil.test:${port}` })],
      ["127.0.0.1.evil.test", get({ host: `127.0.0.1.evil.test:${port}` })],
      ["localhost.", get({ host: "localhost." })],
      ["another address", get({ host: "192.168.0.1" })],
      ["evil.test, /health", ask(monitor, "/health", { host: "evil.test" })],
      ["own origin", get({ host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}` })],
      ["other origin", get({ origin: "http://evil.test" })],
      ["other port", get({ host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port + 1}` })],
      ["origin null", get({ origin: "null" })],
      ["same site, not same origin", get({ "sec-fetch-site": "same-site" })],
      ["cross site", get({ "sec-fetch-site": "cross-site" })],
      ["typed in", get({ "sec-fetch-site": "none" })],
      [
        "preflight",
        ask(monitor, "/api/events", { origin: "http://evil.test", "access-control-request-method": "POST" }, "OPTIONS"),
      ],
    ]),
    {
      "127.0.0.1": 200,
      localhost: 200,
      "LOCALHOST without a port": 200,
      "[::1]": 200,
      "evil.test": 421,
      "127.0.0.1.evil.test": 421,
      "localhost.": 421,
      "another address": 421,
      "evil.test, /health": 421,
      "own origin": 200,
      "other origin": 403,
      "other port": 403,
      "origin null": 403,
      "same site, not same origin": 403,
      "cross site": 403,
      "typed in": 200,
      preflight: 403,
    },
  );
});

test("a form of another page cannot post: what a browser sends without asking is no event", async (t) => {
  const monitor = await runMonitor(t);
  const authorization = `Bearer ${monitor.token()}`;
  const body = JSON.stringify(envelope(1));
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]) {
    const headers = { authorization, ...(type ? { "content-type": type } : {}) };
    const answer = await ask(monitor, "/api/events", headers, "POST", body);
    assert.deepEqual([type, answer.status], [type, 415]);
    assert.match(JSON.parse(answer.body).error.message, /expected content-type: application\/json/);
  }
  assert.equal((await monitor.health()).events, 0);
});

test("a login code opens once, for the cookie alone; the cookie opens the API and is no token", async (t) => {
  const monitor = await runMonitor(t);
  const newCode = async () =>
    ((await (await monitor.ask("/api/login-code", { method: "POST" })).json()) as { code: string }).code;
  const code = await newCode();
  const first = await ask(monitor, `/login?code=${code}`);
  assert.equal(first.status, 303);
  assert.equal(first.headers["location"], "/");
  const [cookie = ""] = first.headers["set-cookie"] as string[];
  assert.match(cookie, /^mpm_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/);
  const pair = cookie.split(";")[0] as string;
  assert.ok(!pair.includes(monitor.token()));
  assert.deepEqual(
    await statusesOf([
      ["the code again", ask(monitor, `/login?code=${code}`)],
      ["no code", ask(monitor, "/login")],
      ["a guess", ask(monitor, "/login?code=AAAAAAAAAAAAAAAAAAAAAAAA")],
      ["cookie", ask(monitor, "/api/events", { cookie: `other=1; ${pair}` })],
      ["cookie, page", ask(monitor, "/", { cookie: pair })],
      ["cookie as token", ask(monitor, "/api/events", { authorization: `Bearer ${pair.split("=")[1]}` })],
      ["cookie of another port", ask(monitor, "/api/events", { cookie: pair.replace(/\d+/, "1") })],
      ["cookie from another site", ask(monitor, "/api/events", { cookie: pair, "sec-fetch-site": "cross-site" })],
    ]),
    {
      "the code again": 403,
      "no code": 403,
      "a guess": 403,
      cookie: 200,
      "cookie, page": 200,
      "cookie as token": 401,
      "cookie of another port": 401,
      "cookie from another site": 403,
    },
  );
});

const accessWith = (token: () => string, now: () => number) =>
  openAccess({ token, port: () => 1, host: "127.0.0.1", hostName: "h", now, onRotated() {} });

test("a login code is good no more once the token is another one, though nobody has asked since", () => {
  let token = "t".repeat(43);
  const access = accessWith(
    () => token,
    () => 0,
  );
  const code = access.newCode();
  token = "u".repeat(43);
  assert.equal(access.redeem(code), undefined);
});

test("a login code lasts a minute, and only the latest twenty are good", () => {
  let now = 1_000_000;
  const access = accessWith(
    () => "t".repeat(43),
    () => now,
  );
  const late = access.newCode();
  now += 60_001;
  assert.equal(access.redeem(late), undefined);
  const codes = Array.from({ length: 21 }, () => access.newCode());
  assert.equal(access.redeem(codes[0] as string), undefined);
  assert.notEqual(access.redeem(codes[1] as string), undefined);
});

test("Socket.IO asks for the same: token or cookie, Host and Origin, on both namespaces", async (t) => {
  const monitor = await runMonitor(t);
  const connect = (namespace: string, auth: Record<string, string>, headers: Record<string, string> = {}) =>
    new Promise<string>((resolve) => {
      const socket = io(monitor.url + namespace, {
        auth,
        extraHeaders: headers,
        transports: ["websocket"],
        reconnection: false,
        forceNew: true,
      });
      const end = (said: string) => {
        socket.close();
        resolve(said);
      };
      socket.on("connect", () => end("in"));
      socket.on("connect_error", (error) => end(error.message.startsWith("unauthorized") ? "unauthorized" : "refused"));
    });
  for (const namespace of ["/", "/live"]) {
    assert.equal(await connect(namespace, { token: monitor.token() }), "in");
    assert.equal(await connect(namespace, {}), "unauthorized");
    assert.equal(await connect(namespace, { token: "x".repeat(43) }), "unauthorized");
    assert.equal(await connect(namespace, {}, { authorization: `Bearer ${monitor.token()}` }), "in");
    assert.equal(await connect(namespace, { token: monitor.token() }, { origin: "http://evil.test" }), "refused");
    assert.equal(await connect(namespace, { token: monitor.token() }, { host: "evil.test" }), "refused");
  }
});

test("no answer may be framed, sniffed, cached by others or run foreign script", async (t) => {
  const monitor = await runMonitor(t);
  const authorization = `Bearer ${monitor.token()}`;
  for (const path of ["/", "/api/events", "/health", "/nothing"]) {
    const { headers } = await ask(monitor, path, { authorization });
    assert.match(
      String(headers["content-security-policy"]),
      /default-src 'none'; script-src 'self'.*frame-ancestors 'none'/,
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(String(headers["cache-control"]), /no-store|no-cache/);
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
});

test("strangers that ask a thousand times are told to wait, and do not use up what the user may ask", async (t) => {
  const stopped = Date.now(); // no time passes: nothing is granted anew
  const config = loadConfig({ MPM_HOME: tempDir(t) }, "");
  const started = await startMonitor({
    config,
    log: pino({ level: "silent" }),
    host: "127.0.0.1",
    port: 0,
    allowRemote: false,
    autostarted: false,
    env: {},
    now: () => stopped,
  });
  assert.ok(started.ok);
  const monitor = started.value;
  t.after(() => monitor.close());
  const health = async (headers = {}) => {
    const answer = await fetch(`${monitor.url}/health`, { headers });
    await answer.arrayBuffer();
    return answer;
  };
  const answers: Response[] = [];
  for (let asked = 0; asked < 1010; asked += 101)
    answers.push(...(await Promise.all(Array.from({ length: 101 }, () => health()))));
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, 10);
  assert.equal(refused[0]?.headers.get("retry-after"), "1");
  assert.equal((await health({ authorization: `Bearer ${tokenIn(config.paths)}` })).status, 200);
});

test("a browser with the cookies of many other programs is let in, and one with too many gets a page that clears them", async (t) => {
  const monitor = await runMonitor(t);
  const authorization = `Bearer ${monitor.token()}`;
  const cookies = (bytes: number) => `other=${"x".repeat(bytes)}`;
  const many = await ask(monitor, "/api/sessions", { authorization, cookie: cookies(60_000) });
  assert.equal(many.status, 200);
  const tooMany = await ask(monitor, "/", { cookie: cookies(140_000) });
  assert.equal(tooMany.status, 431);
  assert.equal(tooMany.headers["clear-site-data"], '"cookies"');
  assert.match(tooMany.body, /mpm monitor open/);
});
