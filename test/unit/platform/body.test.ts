// Answers without an end: what is read of them is bounded, and the connection is ended.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { readUpTo } from "../../../src/platform/body.ts";
import { openPoster } from "../../../src/platform/post.ts";
import { openHealth } from "../../../src/services/client.ts";

const MIB = 1024 * 1024;

/** A server whose answer never ends; `ended` resolves when its reader has gone. */
async function endless(t: TestContext) {
  const ended = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/json" });
    const piece = Buffer.alloc(64 * 1024, " ");
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more).on("close", () => ended.resolve());
    more();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ended: ended.promise };
}

test("of a body as much is read as may be, and it is said whether that is all", async () => {
  const read = async (max: number) => {
    const { bytes, isWhole } = await readUpTo(Readable.from([Buffer.from("moor"), Buffer.from("ing")]), max);
    return [bytes.toString(), isWhole];
  };
  assert.deepEqual(await read(7), ["mooring", true]);
  assert.deepEqual(await read(6), ["moorin", false]);
  assert.deepEqual(await read(4), ["moor", false]);
});

test("an answer to a POST that never ends counts by its status, and its connection is ended", async (t) => {
  const { url, ended } = await endless(t);
  const poster = openPoster({ url, shown: url, timeoutMs: 30_000, now: () => 0 });
  t.after(() => poster.close());
  const posted = await poster.post(Buffer.from("{}"), {}, new AbortController().signal);
  assert.ok(posted.kind === "answered" && posted.status === 200 && posted.answer.length === MIB, posted.kind);
  await ended;
});

test("a stranger whose answer never ends is no monitor, and its connection is ended", async (t) => {
  const { url, ended } = await endless(t);
  const answer = await openHealth(url);
  assert.ok(!answer.ok && answer.reason.code === "not_a_monitor", JSON.stringify(answer));
  await ended;
});
