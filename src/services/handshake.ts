// How a Socket.IO client shows who it is, and what its errors mean: for the relay and `mpm tail`.

import type { ConnectionReason } from "../contract/reasons.ts";
import { VERSION } from "../platform/version.ts";
import { ConnectionFailure, ProvenAgent } from "./proof.ts";
import type { Target } from "./target.ts";

/** Options for socket.io-client: a proven connection to this home's monitor, the token for a named server. */
export function credentials({ url, token, local }: Target, client: string) {
  const auth = { client, version: VERSION };
  if (!local) return { auth: { ...auth, ...(token === undefined ? {} : { token }) } };
  // engine.io-client declares `agent` as a text, and hands it on to ws, which takes an agent.
  const agent: object = { agent: new ProvenAgent(url, token) };
  return { auth, ...agent };
}

/** Why a connection did not come about, of an error of socket.io-client. */
export function reasonOf(error: Error, url: string): ConnectionReason {
  const cause = causeOf(error);
  if (cause instanceof ConnectionFailure) return cause.reason;
  if (cause instanceof Error) {
    const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
    return code === "ECONNREFUSED"
      ? { code: "nothing_listens", url }
      : { code: "unreachable", url, cause: code ?? cause.message };
  }
  // Only what the server itself answered to the handshake has `data`, whatever that is.
  return "data" in error ? { code: "token_refused", url } : { code: "unreachable", url, cause: error.message };
}

/** The error of the socket below: engine.io-client has it in the event of ws that it gives as `description`. */
function causeOf(error: Error): unknown {
  const event = "description" in error ? error.description : undefined;
  return typeof event === "object" && event !== null && "error" in event ? event.error : undefined;
}
