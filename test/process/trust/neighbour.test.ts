// Another user of the machine who listens where our monitor listened, or would: is given neither token nor event,
// whatever he answers, and nothing is deleted on his word.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { freePort, HOOK, mpm, NODE, run, tempDir, tempWorld, until } from "../../world.ts";
import { runMonitor } from "./monitor.ts";

const NOBODY = 65_534;
const CANARY = "canary-of-a-prompt";
const EVENT = JSON.stringify({ hook_event_name: "UserPromptSubmit", session_id: "s-1", prompt: CANARY });

type World = ReturnType<typeof tempWorld>;

/**
 * Listens as nobody and writes down what comes. `mind` is a script: what it does with a request's head (`head`), its
 * connection (`socket`), and the port of the real monitor (`real`).
 */
async function neighbour(t: TestContext, port: number, mind: string, real = 0): Promise<{ heard(): string }> {
  const dir = tempDir(t);
  chmodSync(dir, 0o777);
  const log = join(dir, "heard");
  const script = `
    const { appendFileSync } = require("node:fs");
    const { connect, createServer } = require("node:net");
    const { createHash, createHmac } = require("node:crypto");
    const real = ${real};
    createServer((socket) => {
      socket.on("error", () => {});
      const passed = (upstream) => { socket.pipe(upstream).pipe(socket); upstream.on("error", () => socket.destroy()); };
      let head = "";
      socket.on("data", (chunk) => {
        appendFileSync(${JSON.stringify(log)}, chunk);
        head += chunk.toString("latin1");
        if (head.includes("\\r\\n\\r\\n")) { ${mind}; head = ""; }
      });
    }).listen(${port}, "127.0.0.1", () => console.log("up"));`;
  const child = spawn(NODE, ["-e", script], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return { heard: () => (existsSync(log) ? readFileSync(log, "latin1") : "") };
}

const reply = (status: string, body: string, headers = "") =>
  `socket.end("HTTP/1.1 ${status}\\r\\ncontent-length: ${body.length}\\r\\n${headers}\\r\\n" + ${JSON.stringify(body)})`;
const HEALTH = '{"status":"healthy","service":"mpm-monitor","version":"0.0.9","pid":1,"instance":"x"}';
/** A Socket.IO server that lets everybody in and says yes to all. */
const TAKES_ALL = `
  const key = /sec-websocket-key: (.*)\\r/i.exec(head)?.[1];
  if (!key) { ${reply("200 OK", HEALTH)}; return; }
  const accept = createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  const say = (text) => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
  socket.write("HTTP/1.1 101 X\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  say('0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
  say('40{"sid":"t"}');
  setInterval(() => say('430[{"ok":true}]'), 50)`;
/** Gives a proof of the right form. */
const INVENTS_A_PROOF = `socket.write("HTTP/1.1 101 X\\r\\nConnection: Upgrade\\r\\nUpgrade: mpm-proof\\r\\nmpm-nonce: " +
  "n".repeat(32) + "\\r\\nmpm-proof: " + createHmac("sha256", "guess").update("x").digest("base64url") + "\\r\\n\\r\\n")`;
const MIRRORS = "socket.write(head)";

const MINDS: Record<string, string> = {
  "says yes to everything": TAKES_ALL,
  "invents a proof": INVENTS_A_PROOF,
  "sends back what it hears": MIRRORS,
  "answers as an older monitor does": reply("401 X", '{"error":{"code":"token","message":"a token is needed"}}'),
  "redirects elsewhere": reply("302 X", "", "location: http://127.0.0.1:1/\\r\\n"),
};

/** A home that has a token because its monitor has run, and has ended. */
async function worldWithToken(t: TestContext): Promise<{ world: World; port: number; token: string }> {
  const port = await freePort();
  const world = tempWorld(t, { MPM_MONITOR_PORT: String(port) });
  const at = join(world.mpmHome, "token");
  assert.equal((await mpm(["monitor", "token"], { env: world.env })).status, 0);
  return { world, port, token: readFileSync(at, "utf8").trim() };
}

const spooled = ({ mpmHome }: World) => readdirSync(join(mpmHome, "spool")).length;
const troubleOf = ({ mpmHome }: World) => {
  const file = join(mpmHome, "relay.json");
  return existsSync(file) ? String(JSON.parse(readFileSync(file, "utf8")).trouble ?? "") : "";
};

for (const [what, mind] of Object.entries(MINDS))
  test(`a neighbour on the port who ${what} is given no token and no event, by relay or terminal`, async (t) => {
    const { world, port, token } = await worldWithToken(t);
    const { heard } = await neighbour(t, port, mind);
    await run(HOOK, ["UserPromptSubmit"], { env: world.env, input: EVENT });
    await until(() => troubleOf(world) !== "", 20_000, "the relay's word");
    for (const args of [["status"], ["events"], ["monitor", "status"]]) {
      const { stdout, stderr } = await mpm(args, { env: world.env });
      assert.doesNotMatch(stdout + stderr, /events? stored/);
    }
    assert.match(troubleOf(world), /could not prove|other than mpm's monitor|cannot prove who it is/);
    assert.equal(spooled(world), 1, "the event is in the spool");
    assert.notEqual(heard(), "", "the neighbour was asked");
    for (const secret of [token, CANARY, "claude_event", "authorization"])
      assert.ok(!heard().toLowerCase().includes(secret.toLowerCase()), `heard ${secret}`);
  });

test("a neighbour who passes everything on to the real monitor, which listens elsewhere, is given nothing", async (t) => {
  const { world, port, token } = await worldWithToken(t);
  const real = await runMonitor(t, { world: { ...world, env: world.env } });
  const { heard } = await neighbour(
    t,
    port,
    "const first = head; const upstream = connect(real, '127.0.0.1'); upstream.write(first); passed(upstream)",
    real.port,
  );
  // What would tell where the monitor is has been lost; it is asked at its usual address.
  writeFileSync(join(world.mpmHome, "monitor.json"), "{}");
  const { stderr } = await mpm(["events"], { env: world.env });
  assert.match(stderr, /could not prove that it is this home's monitor/);
  assert.match(heard(), /mpm-nonce/);
  assert.ok(!heard().includes(token));
});

test("what is given to the real monitor is neither token nor event of a proxy, whatever the environment says", async (t) => {
  const asked: string[] = [];
  const proxy = createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => void asked.push(chunk.toString()));
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => void proxy.close());
  const address = proxy.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const port = await freePort();
  const world = tempWorld(t, {
    MPM_MONITOR_PORT: String(port),
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    ALL_PROXY: url,
    NO_PROXY: "",
  });
  await run(HOOK, ["UserPromptSubmit"], { env: world.env, input: EVENT });
  await until(() => existsSync(join(world.mpmHome, "monitor.json")), 20_000, "the monitor");
  await until(
    async () => (await mpm(["events", "--json"], { env: world.env })).stdout.includes(CANARY),
    20_000,
    "the event",
  );
  for (const args of [["status"], ["monitor", "status"], ["monitor", "open"], ["doctor"], ["monitor", "stop"]])
    await mpm(args, { env: world.env });
  assert.deepEqual(asked, []);
});

test("a monitor of an older version is refused in words that help, and is not sent the token", async (t) => {
  const { world, port, token } = await worldWithToken(t);
  const { heard } = await neighbour(
    t,
    port,
    `if (head.startsWith("GET /health")) ${reply("200 OK", HEALTH)}; else socket.destroy()`,
  );
  const { status, stderr } = await mpm(["events"], { env: world.env });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /older version \(0\.0\.9\) that cannot prove who it is\. `mpm monitor stop`, then `mpm monitor start`/,
  );
  assert.ok(!heard().includes(token));
});

test("over a connection that was proven the API answers without a token, and no other connection profits", async (t) => {
  const monitor = await runMonitor(t);
  const { ask } = await import("../../../src/services/client.ts");
  const target = { url: monitor.url, token: monitor.token(), local: true };
  await until(async () => (await ask(target, "GET", "/api/stats")).ok, 10_000, "the answer without a token");
  assert.equal((await fetch(`${monitor.url}/api/stats`)).status, 401);
  const wrong = await ask({ ...target, token: "x".repeat(43) }, "GET", "/api/stats");
  assert.deepEqual(wrong, { ok: false, reason: { code: "other_monitor", url: monitor.url } });
});

test("a proof is good for its connection alone: one that is sent again, or cut, opens nothing", async (t) => {
  const monitor = await runMonitor(t);
  const talk = (lines: readonly string[]) =>
    new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(monitor.port, "127.0.0.1");
      socket.on("data", (chunk) => {
        said += chunk;
        const line = lines[said.split("101 Switching").length - 1];
        if (line !== undefined && said.endsWith("\r\n\r\n")) socket.end(line);
      });
      socket.on("error", () => {}).on("close", () => resolve(said));
      socket.write(lines[0] ?? "");
    });
  const nonce = "n".repeat(32);
  const asks = `GET /proof HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\nUpgrade: mpm-proof\r\nmpm-nonce: ${nonce}\r\n\r\n`;
  const wants = "GET /api/stats HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  const first = await talk([asks, `${"A".repeat(43)}\n${wants}`]);
  assert.match(first, /101 Switching/);
  assert.doesNotMatch(first, /200 OK/);
  const given = /mpm-proof: (\S{43})/.exec(first)?.[1] ?? "";
  for (const line of [`${given}\n${wants}`, `\n${wants}`, `${given.slice(0, 20)}`])
    assert.doesNotMatch(await talk([asks, line]), /200 OK/);
  const [again = ""] = [(await talk([asks])).match(/mpm-nonce: \S+/)?.[0]];
  assert.notEqual(again, first.match(/mpm-nonce: \S+/)?.[0], "the monitor's nonce is another each time");
});
