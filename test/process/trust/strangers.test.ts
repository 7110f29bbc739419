// Who has shown neither token, cookie nor proof: has limits at the port, cannot fill the monitor's memory, and cannot keep
// its user out.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { io } from "socket.io-client";
import { MAX_STRANGER_BYTES, MAX_STRANGERS } from "../../../src/monitor/entrance.ts";
import { ask as askProven } from "../../../src/services/client.ts";
import { until } from "../../world.ts";
import { type RunningMonitor, runMonitor } from "./monitor.ts";

const MIB = 1024 * 1024;

/** MiB that a process holds. */
function memoryOf(pid: number): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1024;
}

/** Whether the user is let in, as the terminal is and as a script is. */
async function userIsServed(monitor: RunningMonitor): Promise<void> {
  const proven = await askProven({ url: monitor.url, token: monitor.token(), local: true }, "GET", "/api/stats");
  assert.ok(proven.ok, JSON.stringify(proven));
  assert.equal((await monitor.ask("/api/stats")).status, 200);
}

/** The status of one request; 0 where the connection was ended. */
function statusOf(
  { port }: RunningMonitor,
  path: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
  agent: Agent | false = false,
): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent }, (response) => {
      response
        .resume()
        .on("end", () => resolve(response.statusCode ?? 0))
        .on("error", () => resolve(0));
    });
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

/** Raw connections to the port that are ended with the test. */
async function connections(t: TestContext, { port }: RunningMonitor, count: number): Promise<Socket[]> {
  const made = Array.from({ length: count }, () =>
    connect(port, "127.0.0.1")
      .on("error", () => {})
      .resume(),
  );
  t.after(() => made.forEach((socket) => void socket.destroy()));
  await Promise.all(made.map((socket) => Promise.race([once(socket, "connect"), once(socket, "close")])));
  return made;
}

test("sessions of strangers over polling are few, whatever their number, and the user is served meanwhile", async (t) => {
  const monitor = await runMonitor(t);
  const before = memoryOf(monitor.pid);
  const path = "/socket.io/?EIO=4&transport=polling";
  const sessions: string[] = [];
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, async () => (await fetch(monitor.url + path)).text()));
    sessions.push(...answers.flatMap((answer) => /"sid":"([^"]+)"/.exec(answer)?.[1] ?? []));
  }
  await userIsServed(monitor);
  assert.ok(sessions.length > MAX_STRANGERS);
  const [oldest, newest] = [sessions[0], sessions.at(-1)];
  assert.equal(await statusOf(monitor, `${path}&sid=${oldest}`), 400, "the oldest has gone");
  assert.equal(await statusOf(monitor, `${path}&sid=${newest}`), 200, "the newest may say who it is");
  assert.ok(memoryOf(monitor.pid) - before < 60, `${before} to ${memoryOf(monitor.pid)} MiB`);
});

test("a stranger's large body is refused before it is read, over polling as elsewhere", async (t) => {
  const monitor = await runMonitor(t);
  const opened = await fetch(`${monitor.url}/socket.io/?EIO=4&transport=polling`);
  const sid = /"sid":"([^"]+)"/.exec(await opened.text())?.[1] ?? "";
  assert.notEqual(sid, "");
  const before = memoryOf(monitor.pid);
  const body = Buffer.alloc(1.8 * MIB, 0x34);
  const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  const type = { "content-type": "text/plain" };
  const statuses = await Promise.all(
    Array.from({ length: 60 }, () => statusOf(monitor, path, { method: "POST", headers: type, body })),
  );
  for (const status of statuses) assert.ok([413, 0].includes(status), String(status));
  const chunked = { ...type, "transfer-encoding": "chunked" };
  assert.ok([411, 0].includes(await statusOf(monitor, path, { method: "POST", headers: chunked, body })));
  assert.ok(memoryOf(monitor.pid) - before < 60, `${before} to ${memoryOf(monitor.pid)} MiB`);
  await userIsServed(monitor);
});

test("who has the token may poll, with the token in the handshake or as a header, and send what is large", async (t) => {
  const monitor = await runMonitor(t);
  for (const options of [
    { auth: { token: monitor.token() } },
    { extraHeaders: { authorization: `Bearer ${monitor.token()}` } },
  ]) {
    const socket = io(monitor.url, { ...options, transports: ["polling"], forceNew: true, reconnection: false });
    t.after(() => void socket.close());
    await new Promise((resolve) => void socket.on("connect", () => resolve(undefined)));
    const large = { not: "an event", text: "x".repeat(MIB) };
    const [ack] = await new Promise<[{ ok: boolean }]>((resolve) => {
      socket.emit("claude_event", large, (answer: { ok: boolean }) => resolve([answer]));
    });
    assert.equal(ack.ok, false, "it was read, and refused as no event");
  }
});

test("a WebSocket that says much before it is let in is ended, and so is one that says nothing", async (t) => {
  const monitor = await runMonitor(t);
  const open = async () => {
    const socket = new WebSocket(`${monitor.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    socket.onerror = () => {};
    t.after(() => socket.close());
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    return socket;
  };
  const [loud, silent] = [await open(), await open()];
  const closed = (socket: WebSocket) => socket.readyState === WebSocket.CLOSED;
  for (let sent = 0; sent < 4 * MAX_STRANGER_BYTES; sent += 1024) loud.send("x".repeat(1024));
  await until(() => closed(loud), 4000, "the end of the loud one");
  await until(() => closed(silent), 20_000, "the end of the silent one");
});

test("a WebSocket that stops in the middle of a frame is ended with the rest of the strangers", async (t) => {
  const monitor = await runMonitor(t);
  const [half] = await connections(t, monitor, 1);
  assert.ok(half);
  half.write(
    [
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
      `Host: 127.0.0.1:${monitor.port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n",
    ].join("\r\n"),
  );
  await until(() => half.bytesRead > 0, 5000, "the answer");
  half.write(Buffer.from([0x81, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 5])); // 4096 bytes are announced, one comes
  await until(() => half.destroyed || half.readableEnded, 8000, "its end"); // 24 s at most: less than the 35 that ws would wait
});

test("a request that names two hosts is refused, whichever is ours", async (t) => {
  const monitor = await runMonitor(t);
  const own = `127.0.0.1:${monitor.port}`;
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  for (const [path, more] of [
    ["/health", ""],
    ["/socket.io/?EIO=4&transport=polling", ""],
    ["/socket.io/?EIO=4&transport=websocket", upgrade],
  ] as const)
    for (const [first, second] of [
      [own, "evil.example"],
      ["evil.example", own],
      [own, own],
    ]) {
      const socket = connect(monitor.port, "127.0.0.1").on("error", () => {});
      t.after(() => void socket.destroy());
      let said = "";
      socket.on("data", (chunk) => {
        said += chunk;
      });
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${first}\r\nHost: ${second}\r\n${more}\r\n`);
      await until(() => said.includes("\r\n\r\n"), 5000, "the answer");
      assert.match(said, /^HTTP\/1\.1 400 /, `${path} ${first} ${second}`);
    }
});

test("connections that say nothing, or a letter at a time, do not keep the user out, and end", async (t) => {
  const monitor = await runMonitor(t);
  const slow = await connections(t, monitor, MAX_STRANGERS + 50);
  const drip = setInterval(() => {
    for (const [index, socket] of slow.entries()) if (index % 2 === 0 && !socket.destroyed) socket.write("G");
  }, 500);
  t.after(() => clearInterval(drip));
  await userIsServed(monitor);
  await until(() => slow.every((socket) => socket.destroyed || socket.readableEnded), 40_000, "the end of all");
  await userIsServed(monitor);
});

test("a look at a login link in advance does not use it up", async (t) => {
  const monitor = await runMonitor(t);
  const answer = await monitor.ask("/api/login-code", { method: "POST" });
  const { code } = (await answer.json()) as { code: string };
  const path = `/login?code=${code}`;
  assert.equal(await statusOf(monitor, path, { method: "HEAD" }), 405);
  assert.equal(await statusOf(monitor, path, { method: "OPTIONS" }), 405);
  assert.equal(await statusOf(monitor, path, { headers: { "sec-purpose": "prefetch;prerender" } }), 403);
  assert.equal(await statusOf(monitor, path), 303);
  assert.equal(await statusOf(monitor, path), 403);
});

test("cookies of our name that a page of another port has set do not lock the browser out", async (t) => {
  const monitor = await runMonitor(t);
  const answer = await monitor.ask("/api/login-code", { method: "POST" });
  const { code } = (await answer.json()) as { code: string };
  const login = await fetch(`${monitor.url}/login?code=${code}`, { redirect: "manual" });
  const right = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  const wrong = `${right.split("=")[0]}=${"A".repeat(43)}`;
  for (const cookie of [`${wrong}; ${right}`, `${right}; ${wrong}`, `${wrong}; ${wrong}; ${right}; other=1`])
    assert.equal(await statusOf(monitor, "/api/stats", { headers: { cookie } }), 200, cookie);
  assert.equal(await statusOf(monitor, "/api/stats", { headers: { cookie: `${wrong}; ${wrong}` } }), 401);
});
