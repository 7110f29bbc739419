// The whole contract between relay, monitor and dashboard. Relay and monitor meet only here.
// - Relay to monitor: Socket.IO, namespace "/", `claude_event` with an Envelope, acknowledged after the commit.
// - Monitor to dashboard and `mpm tail`: Socket.IO, namespace "/live", rows in the order of `n`, resumable by `n`.
// - Fields that are not named here are kept and passed on.

import * as z from "zod";

/** Socket.IO servers drop a connection at 1 MB; half of it leaves room for framing and for escapes. */
export const MAX_ENVELOPE_BYTES = 512 * 1024;
/** The `service` of GET /health: how a monitor of ours is told from a stranger on the port. */
export const SERVICE = "mpm-monitor";
export const LIVE_NAMESPACE = "/live";

const text = (max: number) => z.string().max(max);
/** An object as it is, and not a copy of it: that would lack a key `__proto__`. */
const payload = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected an object",
);

/** What is emitted as `claude_event`: a superset of claude-mpm's normalised event. */
export const Envelope = z.looseObject({
  /** ULID: time of capture, then a hash of the spool entry; the same for a repeat. */
  id: z.string().regex(/^[0-9A-Za-z_-]{1,64}$/),
  schema: z.literal(1),
  event: z.literal("claude_event"),
  type: text(64),
  subtype: text(64),
  source: text(64),
  hook_event_name: z.string().min(1).max(128),
  /** ISO 8601, UTC, milliseconds: when the hook had stored it. */
  timestamp: z.iso.datetime(),
  session_id: z.string().min(1).max(256),
  cwd: text(8192).optional(),
  project_dir: text(8192).optional(),
  correlation_id: text(256).optional(),
  agent_id: text(256).optional(),
  prompt_id: text(256).optional(),
  host: z.looseObject({ name: text(256), pid: z.number().int().optional(), entrypoint: text(64).optional() }),
  /** Counts up from 1 without gaps within a session, so that a loss after the spool shows. */
  seq: z.number().int().min(1),
  data: payload,
});
export type Envelope = z.infer<typeof Envelope>;

/**
 * The monitor's answer to a `claude_event`. A server that answers anything else, or without arguments, has
 * acknowledged; only `ok: false` says no.
 */
export type Ack =
  | {
      readonly ok: true;
      readonly status: "stored" | "repeated";
      readonly service?: typeof SERVICE;
      readonly window?: number;
    }
  | { readonly ok: false; readonly permanent: boolean; readonly reason: string };

/** What the relay counts since the home was made; `dropped` and `rejected` are losses and are shown as such. */
export const Counters = z.object({
  /** Entries taken from the spool. */
  received: z.number(),
  /** Acknowledged by the server. */
  forwarded: z.number(),
  /** Acknowledged by the server as known already. */
  repeated: z.number(),
  /** Moved to rejected/. */
  rejected: z.number(),
  /** Forwarded with cut strings. */
  cut: z.number(),
  /** Removed by the spool's limit. */
  dropped: z.number(),
  /** Removed by the limit of rejected/; absent in what older relays say. */
  discarded: z.number().optional(),
});
export type Counters = z.infer<typeof Counters>;

/** What a relay says of itself: in relay.json, and to the bundled monitor as `relay_status`. */
export const RelayStatus = z.looseObject({
  pid: z.number().int(),
  version: z.string(),
  host: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  updatedAt: z.number(),
  url: z.string(),
  connected: z.boolean(),
  /** Why not connected, in a sentence; absent while connected. */
  trouble: z.string().optional(),
  /** Milliseconds until the next attempt, while waiting. */
  retryInMs: z.number().optional(),
  counters: Counters,
  spool: z.object({ pending: z.number(), bytes: z.number(), oldestAt: z.number().nullable() }),
});
export type RelayStatus = z.infer<typeof RelayStatus>;

/** monitor.json: where the running monitor of this home listens. */
export const MonitorAddress = z.looseObject({
  url: z.url(),
  pid: z.number().int().positive(),
  /** Random; the same as in GET /health, so that a reused pid or port is noticed. */
  instance: z.string(),
  version: z.string(),
  startedAt: z.number(),
});
export type MonitorAddress = z.infer<typeof MonitorAddress>;

/** GET /health, without a token; more fields with one. */
export const Health = z.looseObject({
  status: z.literal("healthy"),
  service: z.literal(SERVICE),
  version: z.string(),
  pid: z.number().int(),
  instance: z.string(),
});
export type Health = z.infer<typeof Health>;

/** One event as lists and timelines need it: small, flat, from indexed columns. */
export interface EventRow {
  /** The store's cursor: counts up by commit, never reused. */
  readonly n: number;
  readonly id: string;
  /** Milliseconds since 1970, of `timestamp`. */
  readonly t: number;
  readonly session: string;
  readonly seq: number;
  /** hook_event_name. */
  readonly event: string;
  readonly tool?: string;
  /** agent_id: inside a subagent. */
  readonly agent?: string;
  readonly agentType?: string;
  /** tool_use_id. */
  readonly call?: string;
  readonly prompt?: string;
  /** PostToolUseFailure, StopFailure, PermissionDenied, or a tool response that says so. */
  readonly failed?: true;
  /** duration_ms. */
  readonly ms?: number;
  /** The event's kind field (source, reason, notification_type, trigger, ...). */
  readonly kind?: string;
  /** PostToolUse(Agent|Task).tool_response.agentId: the subagent that this call started. */
  readonly child?: string;
  /** run_in_background, or an Agent's `async_launched`: the end of the call is not the end of the work. */
  readonly background?: true;
  /** First characters of what matters: command, file, prompt, message (at most 160). */
  readonly text?: string;
  /** Size of the envelope in bytes. */
  readonly bytes: number;
}

/** Client to /live: start the stream after `n` (absent: from now). The acknowledgement is `{ n }`, the newest. */
export interface Subscribe {
  readonly after?: number;
}

/** /live to client, event `rows`: what was committed, in order; a client that missed some subscribes again after its last `n`. */
export interface LiveRows {
  readonly rows: readonly EventRow[];
}

/** interrupted: the user broke the turn off (Esc, or a no to a question), and has not gone on since. */
export type SessionState = "working" | "waiting" | "idle" | "interrupted" | "ended" | "lost";

/** GET /api/sessions, and /live event `sessions` (only those that changed). */
export interface SessionSummary {
  readonly id: string;
  readonly project: string;
  readonly cwd?: string;
  readonly branch?: string;
  readonly title?: string;
  readonly model?: string;
  readonly host: string;
  readonly pid?: number;
  readonly entrypoint?: string;
  readonly state: SessionState;
  /** Since when it is in that state, ms. */
  readonly since: number;
  /** What it waits for (permission, question, prompt), why it ended, or what was interrupted. */
  readonly detail?: string;
  readonly firstAt: number;
  readonly lastAt: number;
  /** How it began: startup, resume, clear, compact, fork, or joined (its start was not seen). */
  readonly origin: string;
  readonly events: number;
  readonly failures: number;
  readonly turns: number;
  readonly toolCalls: number;
  /** seq numbers that never came: losses. */
  readonly gaps: number;
  readonly prompt?: string;
  /** Open tool calls of the main agent and of subagents. */
  readonly running: readonly {
    readonly call: string;
    readonly tool: string;
    readonly text?: string;
    readonly since: number;
    readonly agent?: string;
  }[];
  readonly subagents: readonly {
    readonly id: string;
    readonly type?: string;
    readonly since: number;
    readonly parent?: string;
  }[];
  readonly tokens?: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead: number;
    readonly cacheWrite: number;
    readonly model?: string;
  };
  /** Events in each of the last 30 minutes, oldest first. */
  readonly pulse: readonly number[];
}

/** GET /api/stats?since&until&project (times ISO 8601): what the Statistics view shows. Durations in ms. */
export interface Statistics {
  readonly since: number;
  readonly until: number;
  readonly events: number;
  readonly sessions: number;
  readonly calls: number;
  readonly failures: number;
  /** Most used first. */
  readonly tools: readonly ToolStatistics[];
  readonly slowest: readonly EventRow[];
  /** Time from a question to its answer, by tool; what still waits is left out. */
  readonly waits: readonly {
    readonly tool: string;
    readonly count: number;
    readonly total: number;
    readonly p50: number;
  }[];
  /** Equal steps of `step` ms from `since`; those without events too. */
  readonly activity: {
    readonly step: number;
    readonly events: readonly number[];
    readonly failures: readonly number[];
  };
  /** Most touched first. */
  readonly files: readonly { readonly file: string; readonly reads: number; readonly edits: number }[];
  readonly tokens: readonly TokenStatistics[];
}

export interface ToolStatistics {
  readonly tool: string;
  readonly calls: number;
  readonly failures: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Calls by duration: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
  readonly histogram: readonly number[];
}

export interface TokenStatistics {
  readonly model: string;
  readonly session: string;
  readonly project: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** US dollars; absent where no price is configured for the model. */
  readonly cost?: number;
}

/** Body of every HTTP error. */
export interface HttpError {
  readonly error: { readonly code: string; readonly message: string };
}
