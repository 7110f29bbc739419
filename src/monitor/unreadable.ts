// What is answered where a request cannot be read: it is none, or its header is too large.
// - Cookies of other programs on this address can make it so. The page that is answered then clears them, so that a
//   browser is not locked out until a person finds out how to do that.

import { STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { CROWDED_PAGE, PLAIN_HEADERS } from "./page.ts";

const STATUSES = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/** A listener for `clientError` of an HTTP server. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // What was answered on it before is not followed by another answer: a browser asks again, on a new connection.
  const isFresh = socket instanceof Socket && socket.bytesWritten === 0;
  if (error.code === "ECONNRESET" || !socket.writable || !isFresh) {
    socket.destroy();
    return;
  }
  const status = STATUSES.get(error.code ?? "") ?? 400;
  const body = status === 431 ? CROWDED_PAGE : "";
  const headers = {
    ...PLAIN_HEADERS,
    connection: "close",
    "cache-control": "no-store",
    "content-length": String(Buffer.byteLength(body)),
    ...(status === 431 ? { "clear-site-data": '"cookies"', "content-type": "text/html; charset=utf-8" } : {}),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}
