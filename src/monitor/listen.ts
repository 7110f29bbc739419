// The port of the monitor: opened, named, closed.

import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { StartReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { errorMessage } from "../platform/error.ts";
import type { Entrance } from "./entrance.ts";
import { refuseUnreadable } from "./unreadable.ts";

const REQUEST_MS = 30_000;
const HEADERS_MS = 10_000;
/** Every program on a port of 127.0.0.1 adds to the cookies that a browser sends to all of them. */
const MAX_HEADER_BYTES = 128 * 1024;
/** How often connections are looked at that are too slow. */
const SLOW_LOOK_MS = 5000;

/** A server that bears slow, wordy and unreadable clients; it does not listen yet. */
export function createHttp(): HttpServer {
  const http = createServer({
    requestTimeout: REQUEST_MS,
    headersTimeout: HEADERS_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: SLOW_LOOK_MS,
  });
  http.on("clientError", refuseUnreadable);
  return http;
}

/** The port that it listens on. */
export async function listen(
  http: HttpServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Result<number, StartReason>> {
  http.listen(port, host);
  try {
    await once(http, "listening");
    return done(portOf(http));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") return failed({ code: "port_taken", port });
    if (code === "EACCES") return failed({ code: "port_forbidden", port });
    return failed({ code: "listen_failed", cause: errorMessage(error) });
  }
}

/** 0 while it does not listen. */
export function portOf(http: HttpServer): number {
  const address = http.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

export async function closeServers(entrance: Entrance, http: HttpServer): Promise<void> {
  const { io } = entrance;
  io.disconnectSockets(true);
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeAllConnections();
  entrance.close();
  await io.close();
  await closed;
}
