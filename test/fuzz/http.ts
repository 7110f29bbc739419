// Fuzzed over the network: every HTTP route of a real monitor, and its port.

import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import fc from "fast-check";
import { bytesOf, damaged, deep, envelope, json, latin, object, payload, stdin, text } from "./arbitrary.ts";
import { monitor, within } from "./monitor.ts";
import { target } from "./target.ts";

const query = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom(
        "limit",
        "after",
        "before",
        "session",
        "event",
        "tool",
        "agent",
        "q",
        "since",
        "until",
        "view",
        "failed",
        "project",
      ),
      text,
    ),
    fc.oneof(text, fc.integer().map(String), fc.double().map(String)),
  ),
  { maxLength: 4 },
);
const path = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "/api/events",
      "/api/sessions",
      "/api/stats",
      "/api/sessions/s-1",
      "/api/events/F1",
      "/metrics",
      "/health",
      "/",
      "/login",
      "/api/login-code",
      "/socket.io/",
    ),
  },
  { weight: 2, arbitrary: text.map((part) => `/api/sessions/${encodeURIComponent(part.toWellFormed())}`) },
  { weight: 1, arbitrary: text.map((part) => `/api/${latin(part)}`) },
  { weight: 1, arbitrary: text.map((part) => `/${latin(part)}`) },
);
const body = fc.oneof(
  { weight: 5, arbitrary: envelope.map((one) => latin(JSON.stringify(one))) },
  {
    weight: 3,
    arbitrary: fc.array(fc.oneof(envelope, payload, json), { maxLength: 4 }).map((all) => latin(JSON.stringify(all))),
  },
  { weight: 3, arbitrary: payload.map((one) => latin(JSON.stringify(one))) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        namespace: text,
        event: text,
        data: fc.oneof(
          object,
          fc.record({ subtype: text, session_id: text, cwd: json, data: fc.oneof(payload, json) }),
        ),
      })
      .map((one) => latin(JSON.stringify(one))),
  },
  { weight: 2, arbitrary: damaged(envelope.map((one) => latin(JSON.stringify(one)))) },
  { weight: 1, arbitrary: deep.map((nested) => `{"hook_event_name":"Stop","session_id":"s","x":${nested}}`) },
  {
    weight: 1,
    arbitrary: deep.map((nested) => JSON.stringify({ ...SOUND, data: {} }).replace("{}", `{"x":${nested}}`)),
  },
  { weight: 1, arbitrary: stdin },
);
const SOUND = {
  id: "D1",
  schema: 1,
  event: "claude_event",
  type: "hook",
  subtype: "x",
  source: "x",
  hook_event_name: "Stop",
  timestamp: "2026-01-01T00:00:00.000Z",
  session_id: "s",
  host: { name: "h" },
  seq: 1,
};
const STATUS = new Set([200, 204, 303, 304, 400, 401, 403, 404, 405, 411, 413, 415, 421, 429, 431]);

export const HTTP = [
  target(
    "HTTP routes",
    25_000,
    fc.record({
      method: fc.constantFrom("GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"),
      path,
      query,
      body,
      type: fc.oneof(
        { weight: 8, arbitrary: fc.constant("application/json") },
        { weight: 1, arbitrary: text.map(latin) },
      ),
      known: fc.integer({ min: 0, max: 9 }),
      header: text.map(latin),
    }),
    async () => {
      const { port, token, close } = await monitor();
      return {
        check: ({ method, path: to, query: params, body: sent, type, known, header }) =>
          within(
            new Promise((resolve, reject) => {
              const search = new URLSearchParams(
                params.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
              );
              const headers = {
                "content-type": clean(type),
                "x-any": clean(header),
                ...(known > 0
                  ? { authorization: `Bearer ${token}` }
                  : { cookie: clean(header), authorization: `Bearer ${clean(header)}` }),
                ...(known === 1
                  ? { origin: clean(header), "if-none-match": clean(header), "accept-encoding": clean(header) }
                  : {}),
              };
              const url = `${to.replace(/[^\x21-\x7e]/g, encodeURIComponent)}?${search}`;
              const asked = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false }, (answer) => {
                const chunks: Buffer[] = [];
                answer.on("data", (chunk: Buffer) => chunks.push(chunk));
                answer.on("end", () => {
                  try {
                    const whole = Buffer.concat(chunks).toString();
                    assert.ok(STATUS.has(answer.statusCode ?? 0), `${answer.statusCode}: ${whole.slice(0, 300)}`);
                    if (answer.headers["content-type"]?.startsWith("application/json") && method !== "HEAD")
                      JSON.parse(whole);
                    resolve();
                  } catch (error) {
                    reject(error);
                  }
                });
              });
              asked.on("error", (error: NodeJS.ErrnoException) => {
                // A body that nobody wanted to read to its end.
                if (error.code === "EPIPE" || error.code === "ECONNRESET") resolve();
                else reject(error);
              });
              asked.end(method === "GET" || method === "HEAD" ? undefined : bytesOf(sent));
            }),
            `${method} ${to}`,
          ),
        close,
      };
    },
  ),

  target(
    "raw bytes on the port",
    4000,
    fc.oneof(
      damaged(
        body.map(
          (sent) => `POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${sent.length}\r\n\r\n${sent}`,
        ),
      ),
      stdin,
    ),
    async () => {
      const { port, url, close } = await monitor();
      let count = 0;
      return {
        async check(bytes) {
          await within(
            new Promise<void>((resolve) => {
              const socket = connect(port, "127.0.0.1", () => socket.end(bytesOf(bytes)));
              socket.on("error", () => {});
              socket.on("close", () => resolve());
              socket.resume();
            }),
            "the end of the connection",
          );
          if (++count % 50 === 0) assert.equal((await fetch(`${url}/health`)).status, 200);
        },
        close,
      };
    },
  ),
];

/** What may stand in a header. */
const clean = (value: string) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, "").trim();
