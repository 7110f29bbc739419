// How frames leave the relay.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { UnmaskedWebSocket } from "../../../src/relay/transport.ts";
import { connect } from "../../../src/relay/uplink.ts";

const TEXT_FRAME = 0x81;
const MASKED = 0x80;

/** A server, and the masks of the frames that came to it: those at the beginning of what was read at once. */
async function masks(t: TestContext) {
  const http = createServer();
  const server = new Server(http);
  const seen: string[] = [];
  http.on("upgrade", (_request, socket) =>
    socket.on("data", (data: Buffer) => {
      const [first, second = 0] = data;
      if (first === TEXT_FRAME && second >= MASKED && second < MASKED + 126) seen.push(data.toString("hex", 2, 6));
    }),
  );
  server.on("connection", (socket) => socket.on("claude_event", (_given, answer) => answer()));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, seen };
}

test("frames to this home's monitor are not masked anew, and come as they were sent", async (t) => {
  const { url, seen } = await masks(t);
  const socket = io(url, { transports: [UnmaskedWebSocket], reconnection: false });
  t.after(() => socket.close());
  await once(socket as unknown as NodeJS.EventEmitter, "connect");
  await socket.emitWithAck("claude_event", { text: "Grüße" });
  assert.deepEqual(new Set(seen), new Set(["00000000"]));
});

test("frames to a server that the user named are masked as RFC 6455 has it", async (t) => {
  const { url, seen } = await masks(t);
  const connected = await connect({ url, token: undefined, local: false }, new AbortController().signal);
  assert.ok(connected.ok);
  await connected.value.ask("claude_event", { text: "Grüße" });
  connected.value.close();
  assert.ok(seen.length > 0 && !seen.includes("00000000"), String(seen));
});
