// Opens a connection to the server, once; whoever asks for it decides when the next attempt is.

import { io } from "socket.io-client";
import type { ConnectionReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { credentials, reasonOf } from "../services/handshake.ts";
import { isLoopback, type Target } from "../services/target.ts";
import { Connection } from "./connection.ts";
import { parser } from "./encoder.ts";
import { UnmaskedWebSocket } from "./transport.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** Connects once: to this home's monitor when it has proven to be that, to a named server with the token for it. */
export function connect(target: Target, signal: AbortSignal): Promise<Result<Connection, ConnectionReason>> {
  const { url } = target;
  const isHere = target.local && isLoopback(new URL(url).hostname);
  const socket = io(url, {
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_TIMEOUT_MS,
    transports: isHere ? [UnmaskedWebSocket] : ["websocket"],
    parser,
    ...credentials(target, "mpm-relay"),
  });
  return new Promise((resolve) => {
    const give = (result: Result<Connection, ConnectionReason>) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.off("connect_error", refused);
      if (!result.ok) socket.close();
      resolve(result);
    };
    // The library's own timeout covers the transport; this one the server that opens it and then says nothing.
    const timer = setTimeout(
      () => give(failed({ code: "no_answer", url, afterMs: CONNECT_TIMEOUT_MS })),
      CONNECT_TIMEOUT_MS,
    );
    const abort = () => give(failed({ code: "stopped" }));
    const refused = (error: Error) => give(failed(reasonOf(error, url)));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => give(done(new Connection(socket, url))));
    socket.on("connect_error", refused);
    if (signal.aborted) abort();
    else socket.connect();
  });
}
