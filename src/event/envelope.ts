// A payload becomes the envelope that goes to the monitor.
// - `data` is the payload, redacted, and nothing of it is missing unless it had to be cut; what we add stands in `data.mpm`.
// - Redaction comes first and sees everything that leaves; only then is cut, so that no half of a secret is left.
// - The serialised envelope is at most `limit` bytes of UTF-8.
// - A field of the wrong type or size stays in `data` and is left out of the head.

import { createHash } from "node:crypto";
import { subtypeOf } from "../contract/catalog.ts";
import { type Envelope, MAX_ENVELOPE_BYTES, SOURCE_HOOK, type SOURCE_TRANSCRIPT } from "../contract/envelope.ts";
import { type Cut, cutToFit, jsonBytes } from "./cut.ts";
import { type Derived, derive } from "./derive.ts";
import type { Note, Payload } from "./payload.ts";
import type { Counts, Redactor } from "./redact.ts";

/** What the hook and the relay know besides the payload. */
export interface EnvelopeOrigin {
  readonly hostName: string;
  /** What the machine is. */
  readonly machine?: string;
  /** Of Claude Code. */
  readonly pid?: number;
  /** Where that pid counts; absent where it is not known. */
  readonly pidns?: string;
  readonly entrypoint?: string;
  readonly projectDir?: string;
  /** Claude Code runs in the cloud. */
  readonly remote?: boolean;
  /** The event that the hook was registered for. */
  readonly event?: string;
}

export interface EnvelopeParts {
  /** ULID. */
  readonly id: string;
  /** From 1, without gaps within the session. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly capturedAt: number;
  readonly payload: Payload;
  readonly notes?: readonly Note[];
  readonly origin: EnvelopeOrigin;
  readonly redactor: Redactor;
  /** Where it was heard; absent: from a hook. */
  readonly source?: typeof SOURCE_HOOK | typeof SOURCE_TRANSCRIPT;
  /** Bytes of UTF-8; at least MIN_LIMIT. */
  readonly limit?: number;
}

export interface Built {
  readonly envelope: Envelope;
  /** The envelope serialised: what `limit` is about. */
  readonly json: string;
  /** Of `json`, in UTF-8. */
  readonly bytes: number;
  /** How many strings, lists and objects were cut. */
  readonly cut: number;
  /** Redactions by kind. */
  readonly redacted: Counts;
}

/** What stands in `data.mpm`. */
export interface Added extends Derived {
  /** How often each kind was redacted. */
  readonly redactions?: Counts;
  /** What was cut where; at most MAX_REPORTED of them. */
  readonly cuts?: readonly Cut[];
  readonly notes?: readonly Note[];
  /** The registered event, where the payload names another. */
  readonly registered?: string;
}

/** The head can take this much, so a smaller limit cannot be kept. */
export const MIN_LIMIT = 192 * 1024;
const MAX_REPORTED = 50;
/** `cuts` as JSON: MAX_REPORTED paths, each at most PATH_BYTES of cut.ts, with what is around them. */
const REPORT_BYTES = 24 * 1024;
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Builds the envelope of one event. Never throws; never changes the payload it is given. */
export function buildEnvelope(parts: EnvelopeParts): Built {
  const { payload, origin, redactor } = parts;
  const limit = Math.max(parts.limit ?? MAX_ENVELOPE_BYTES, MIN_LIMIT);
  const redaction = redactor.redact(payload);
  const whole = redaction.value;
  const notes: Note[] = [...(parts.notes ?? []), ...(redaction.cut > 0 ? (["too-long"] as const) : [])];
  const added: Added = {
    ...derive(whole),
    ...(Object.keys(redaction.counts).length > 0 ? { redactions: redaction.counts } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    ...(origin.event && origin.event !== payload.hook_event_name
      ? { registered: redactor.redact(origin.event).value.slice(0, 128) }
      : {}),
  };
  const head = headOf(parts, whole);
  const envelope: Envelope = { ...head, data: withAdded(whole, added) };
  const json = JSON.stringify(envelope);
  const bytes = Buffer.byteLength(json);
  if (bytes <= limit) return { envelope, json, bytes, cut: redaction.cut, redacted: redaction.counts };

  const rest = jsonBytes({ ...head, data: { mpm: added } }) + REPORT_BYTES;
  const fitted = cutToFit(whole, limit - rest, MAX_REPORTED);
  const small: Envelope = { ...head, data: withAdded(fitted.value as Payload, { ...added, cuts: fitted.cuts }) };
  const text = JSON.stringify(small);
  return {
    envelope: small,
    json: text,
    bytes: Buffer.byteLength(text),
    cut: redaction.cut + fitted.count,
    redacted: redaction.counts,
  };
}

function headOf(
  { id, seq, capturedAt, payload, origin, redactor, source = SOURCE_HOOK }: EnvelopeParts,
  data: Payload,
) {
  const name = redacted(payload.hook_event_name, redactor).slice(0, 128);
  const project = origin.projectDir === undefined ? undefined : redacted(origin.projectDir, redactor);
  return {
    id,
    schema: 1 as const,
    event: "claude_event" as const,
    type: "hook",
    subtype: subtypeOf(name),
    source,
    hook_event_name: name,
    timestamp: new Date(Math.min(Math.max(Math.trunc(capturedAt) || 0, 0), LATEST_MS)).toISOString(),
    session_id: sessionOf(payload, redactor),
    ...text("cwd", data["cwd"], 8192),
    ...text("project_dir", project, 8192),
    ...text("correlation_id", data["tool_use_id"], 256),
    ...text("agent_id", data["agent_id"], 256),
    ...text("prompt_id", data["prompt_id"], 256),
    host: {
      name: origin.hostName.slice(0, 256),
      ...text("machine", origin.machine, 64),
      ...(Number.isSafeInteger(origin.pid) ? { pid: origin.pid } : {}),
      ...text("pidns", origin.pidns, 64),
      ...text("entrypoint", origin.entrypoint, 64),
      ...(origin.remote ? { remote: true } : {}),
    },
    seq,
  };
}

/** The session's id; if it holds a credential, one without that still tells sessions apart. */
export function sessionOf({ session_id }: Payload, redactor: Redactor): string {
  const value = redacted(session_id, redactor);
  if (value === session_id) return session_id;
  return `${value.slice(0, 200)}-${createHash("sha256").update(session_id).digest("hex").slice(0, 8)}`;
}

/** Texts of the head that are remembered with what became of them, and how long they are at most. */
const MAX_REMEMBERED = 1000;
const MAX_REMEMBERED_TEXT = 512;
const remembered = new WeakMap<Redactor, Map<string, string>>();

/** A text of the head: of a session's events it is the same, and redacted once. */
function redacted(text: string, redactor: Redactor): string {
  const known = remembered.get(redactor) ?? new Map<string, string>();
  const before = known.get(text);
  if (before !== undefined) return before;
  const { value } = redactor.redact(text);
  remembered.set(redactor, known);
  if (known.size >= MAX_REMEMBERED) known.clear();
  if (text.length <= MAX_REMEMBERED_TEXT) known.set(text, value);
  return value;
}

/** `{ [key]: value }` if the value is a string that fits, else nothing. */
function text<K extends string>(key: K, value: unknown, max: number): { [P in K]?: string } {
  const fits = typeof value === "string" && value !== "" && value.length <= max;
  return fits ? ({ [key]: value } as { [P in K]?: string }) : {};
}

/** A payload that has a field of that name keeps it: what came in is never overwritten. */
function withAdded(payload: Payload, added: Added): Record<string, unknown> {
  return Object.hasOwn(payload, "mpm") ? payload : { ...payload, mpm: added };
}
