// What is emitted as `claude_event`: a superset of claude-mpm's normalised event, in that format's snake case.
// - Fields that are not named here are kept and passed on.

import * as z from "zod/mini";

/** Socket.IO servers drop a connection at 1 MB; half of it leaves room for framing and for escapes. Bytes. */
export const MAX_ENVELOPE_BYTES = 512 * 1024;

const text = (max: number) => z.string().check(z.maxLength(max));
const someText = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
/** An object as it is, and not a copy of it: a copy would lack a key `__proto__`. */
const payload = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "an object",
);

/** Where an event was heard: from a hook, or from a line of Claude Code's transcript. */
export const SOURCE_HOOK = "mpm_hook";
export const SOURCE_TRANSCRIPT = "transcript";

export const Envelope = z.looseObject({
  /** ULID: time of capture, then a hash of the spool entry or of the transcript's line; the same for a repeat. */
  id: z.string().check(z.regex(/^[0-9A-Za-z_-]{1,64}$/)),
  schema: z.literal(1),
  event: z.literal("claude_event"),
  type: text(64),
  subtype: text(64),
  source: text(64),
  hook_event_name: someText(128),
  /** ISO 8601, UTC, milliseconds: when the hook had stored it. */
  timestamp: z.iso.datetime(),
  session_id: someText(256),
  cwd: z.optional(text(8192)),
  project_dir: z.optional(text(8192)),
  /** tool_use_id */
  correlation_id: z.optional(text(256)),
  agent_id: z.optional(text(256)),
  prompt_id: z.optional(text(256)),
  /** `name` is what the machine is called, `machine` what it is; `pidns` is the namespace that `pid` counts in. */
  host: z.looseObject({
    name: text(256),
    machine: z.optional(text(64)),
    pid: z.optional(z.int()),
    pidns: z.optional(text(64)),
    entrypoint: z.optional(text(64)),
  }),
  /** Counts up from 1 without gaps within a session, so that a loss after the spool shows. */
  seq: z.int().check(z.minimum(1)),
  data: payload,
});
export type Envelope = z.infer<typeof Envelope>;

/** An envelope as the API gives it: with the store's cursor. */
export const StoredEnvelope = z.extend(Envelope, { n: z.int() });
export type StoredEnvelope = z.infer<typeof StoredEnvelope>;
