// Who listens where a monitor should, and is none.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { MAX_HEALTH_BYTES } from "../../../src/contract/health.ts";
import { ask } from "../../../src/services/client.ts";

test("a stranger who answers without an end is not listened to for long", async (t) => {
  let sent = 0;
  const server = createServer((request, response) => {
    if (request.url !== "/health") return void response.writeHead(404).end();
    const more = () => {
      while (!response.destroyed) {
        sent += 65_536;
        if (!response.write(Buffer.alloc(65_536, " "))) return;
      }
    };
    response.on("drain", more);
    more();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const asked = await ask({ url: `http://127.0.0.1:${address.port}`, token: "t", local: true }, "GET", "/api/events");
  assert.equal(asked.ok ? "" : asked.reason.code, "not_a_monitor");
  // What the kernel holds for a reader is a few MiB.
  assert.ok(sent < 32 * MAX_HEALTH_BYTES, `${sent} bytes were taken`);
});
