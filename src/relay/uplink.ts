// Opens a connection to the server, once; whoever asks for it decides when the next attempt is.

import { io } from "socket.io-client";
import type { ConnectionReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { Connection } from "./connection.ts";
import { parser } from "./encoder.ts";

const CONNECT_TIMEOUT_MS = 5000;

export interface Target {
  readonly url: string;
  readonly token: string | undefined;
  readonly version: string;
}

/** Connects once. */
export function connect(
  { url, token, version }: Target,
  signal: AbortSignal,
): Promise<Result<Connection, ConnectionReason>> {
  const socket = io(url, {
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_TIMEOUT_MS,
    transports: ["websocket"],
    parser,
    auth: { ...(token ? { token } : {}), client: "mpm-relay", version },
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

/** socket.io-client's errors carry what matters in different places: `description`, `context`, `data`. */
function reasonOf(error: Error & { description?: unknown }, url: string): ConnectionReason {
  const inner = error.description as
    | { message?: string; error?: { code?: string; message?: string } }
    | number
    | undefined;
  if (typeof inner === "object" && inner !== null) {
    const cause = inner.error?.code ?? inner.error?.message ?? inner.message;
    if (cause)
      return cause.includes("ECONNREFUSED") ? { code: "nothing_listens", url } : { code: "unreachable", url, cause };
  }
  if (inner === 401 || inner === 403 || /unauthori[sz]ed|forbidden|token/i.test(error.message))
    return { code: "token_refused", url };
  return { code: "unreachable", url, cause: error.message };
}
