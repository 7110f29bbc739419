// One connection to the server, over Socket.IO.
// - Emits only while connected: socket.io-client would keep what is emitted before in memory, and send it twice.
// - Its own reconnection is off; whoever holds the uplink decides when the next attempt is.
// - "delivered" needs an answer. A server that answers nothing in particular (python-socketio) has acknowledged.
// - No answer is not a no: an event that was not answered goes back to its holder when the connection ends.

import { io, type Socket } from "socket.io-client";
import * as z from "zod";
import { SERVICE } from "../contract/ack.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { parser, Serialised } from "./wire.ts";

/** The reason `connect` gives when the port is closed. */
export const NOBODY_THERE = "nothing listens there";
const CONNECT_TIMEOUT_MS = 5000;
/** Longer than a busy server needs; then the connection counts as dead, since repeats are worse than waiting. */
const ANSWER_TIMEOUT_MS = 15_000;

/** What became of one event. */
export type Outcome =
  | { readonly kind: "delivered"; readonly repeated: boolean }
  | { readonly kind: "retry"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string };

export interface Uplink {
  /** How many events the server lets be in flight; 1 until it says more. */
  readonly window: number;
  /** True once the server has said that it is the bundled monitor. */
  readonly ours: boolean;
  readonly connected: boolean;
  /** Sends one envelope, given as JSON. `answer` is called at most once, and not at all once the connection has ended. */
  send(json: string, answer: (outcome: Outcome) => void): void;
  /** To the bundled monitor only. */
  report(status: RelayStatus): void;
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<string>;
  close(): void;
}

export interface Target {
  readonly url: string;
  readonly token: string | undefined;
  readonly version: string;
}

/** What a newer server says beside `ok` may be of another kind: it must not turn its no into a yes. */
const Refusal = z.looseObject({
  ok: z.literal(false),
  permanent: z.boolean().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
});
const Acceptance = z.looseObject({
  ok: z.literal(true),
  status: z.string().optional().catch(undefined),
  service: z.string().optional().catch(undefined),
  window: z.number().int().min(1).max(4096).optional().catch(undefined),
});

/** What an acknowledgement's arguments mean. */
export function outcomeOf(args: readonly unknown[]): { outcome: Outcome; window?: number; ours: boolean } {
  const [first] = args;
  const refusal = Refusal.safeParse(first);
  if (refusal.success) {
    const reason = refusal.data.reason ?? "the server gave no reason";
    return { outcome: { kind: refusal.data.permanent ? "rejected" : "retry", reason }, ours: false };
  }
  const acceptance = Acceptance.safeParse(first);
  if (!acceptance.success) return { outcome: { kind: "delivered", repeated: false }, ours: false };
  const { status, service, window } = acceptance.data;
  return {
    outcome: { kind: "delivered", repeated: status === "repeated" },
    ours: service === SERVICE,
    ...(window === undefined ? {} : { window }),
  };
}

/**
 * Connects once.
 * @returns the uplink, or the reason why there is none, in words for a person
 */
export function connect(target: Target, signal: AbortSignal): Promise<Uplink | string> {
  const socket = io(target.url, {
    autoConnect: false,
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_TIMEOUT_MS,
    transports: ["websocket"],
    parser,
    auth: { ...(target.token ? { token: target.token } : {}), client: "mpm-relay", version: target.version },
  });
  return new Promise((resolve) => {
    const give = (result: Uplink | string) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.off("connect_error", refused);
      if (typeof result === "string") socket.close();
      resolve(result);
    };
    // The library's own timeout covers the transport; this one the server that opens it and then says nothing.
    const timer = setTimeout(() => give(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`), CONNECT_TIMEOUT_MS);
    const abort = () => give("stopped");
    const refused = (error: Error) => give(explain(error));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => give(uplinkOver(socket)));
    socket.on("connect_error", refused);
    if (signal.aborted) abort();
    else socket.connect();
  });
}

function uplinkOver(socket: Socket): Uplink {
  const waiting = new Set<number>();
  let serial = 0;
  let window = 1;
  let ours = false;
  let reason = "";
  const ended = new Promise<string>((resolve) => {
    socket.once("disconnect", (why) => {
      clearInterval(watch);
      resolve(reason || why);
    });
  });
  const end = (why: string) => {
    reason ||= why;
    socket.close();
  };
  // One timer for all that is in flight: the oldest answer that is missing ends the connection.
  const sentAt = new Map<number, number>();
  let watch: NodeJS.Timeout | undefined;
  const look = () => {
    const [oldest] = sentAt.values();
    if (oldest === undefined) {
      clearInterval(watch);
      watch = undefined;
    }
    if (oldest !== undefined && performance.now() - oldest > ANSWER_TIMEOUT_MS)
      end(`the server did not answer within ${ANSWER_TIMEOUT_MS / 1000} s`);
  };

  return {
    get window() {
      return window;
    },
    get ours() {
      return ours;
    },
    get connected() {
      return socket.connected;
    },
    ended,
    send(json, answer) {
      const number = ++serial;
      waiting.add(number);
      sentAt.set(number, performance.now());
      watch ??= setInterval(look, 1000).unref();
      socket.emit("claude_event", new Serialised(json), (...args: unknown[]) => {
        sentAt.delete(number);
        if (!waiting.delete(number) || reason) return;
        const heard = outcomeOf(args);
        if (heard.ours) ours = true;
        if (heard.window !== undefined) window = heard.window;
        answer(heard.outcome);
      });
    },
    report(status) {
      if (ours && socket.connected) socket.emit("relay_status", status);
    },
    close: () => end("closed"),
  };
}

/** socket.io-client's errors carry what matters in different places: `description`, `context`, `data`. */
function explain(error: Error & { description?: unknown; context?: unknown; data?: unknown }): string {
  const inner = error.description as
    | { message?: string; error?: { code?: string; message?: string } }
    | number
    | undefined;
  if (typeof inner === "object" && inner !== null) {
    const cause = inner.error?.code ?? inner.error?.message ?? inner.message;
    if (cause) return String(cause).includes("ECONNREFUSED") ? NOBODY_THERE : String(cause);
  }
  if (inner === 401 || inner === 403 || /unauthori[sz]ed|forbidden|token/i.test(error.message))
    return "the server refused the token";
  return error.message;
}
