// What others send to POST /api/events: raw hook payloads, and claude-mpm's wrapped events. Redacted here, as the relay would.

import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import { HOOK_EVENTS } from "../contract/catalog.ts";
import type { Envelope } from "../contract/envelope.ts";
import { buildEnvelope } from "../event/envelope.ts";
import type { ReadJson } from "../event/json.ts";
import { payloadOf } from "../event/payload.ts";
import { createRedactor } from "../event/redact.ts";

type Item = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Item =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const BY_SUBTYPE = new Map(HOOK_EVENTS.map(({ subtype, name }) => [subtype, name]));
/** Given its place in its session by the store. */
const NO_SEQ = 0;

/** Whether it is one of our own envelopes already. */
export function isEnvelope(item: unknown): boolean {
  return isObject(item) && item["schema"] === 1 && typeof item["id"] === "string";
}

/** A function that makes the envelope of what is none yet; a string says why there is none. */
export function rawReader(config: Config, now: () => number): (read: ReadJson) => Envelope | string {
  const { redactor } = createRedactor({ enabled: config.redact, patterns: config.redactPatterns });
  return (read) => {
    const { value } = read;
    const parsed = payloadOf({ ...read, value: isObject(value) ? unwrap(value) : value });
    if (!parsed.ok)
      return `${parsed.problem.path}: expected ${parsed.problem.expected}, received ${parsed.problem.received}`;
    const id = randomBytes(16).toString("hex");
    return buildEnvelope({
      id,
      seq: NO_SEQ,
      capturedAt: now(),
      payload: parsed.payload,
      notes: parsed.notes,
      origin: { hostName: config.hostName },
      redactor,
    }).envelope;
  };
}

/** The payload inside claude-mpm's {namespace, event, data: {subtype, session_id, cwd, data: {...}}}; others as they are. */
function unwrap(item: Item): Item {
  const outer = item["data"];
  if (typeof item["hook_event_name"] === "string" || !isObject(outer)) return item;
  const inner = isObject(outer["data"]) ? outer["data"] : outer;
  const subtype = outer["subtype"] ?? item["subtype"];
  const name =
    inner["hook_event_name"] ??
    outer["hook_event_name"] ??
    (typeof subtype === "string" ? (BY_SUBTYPE.get(subtype) ?? subtype) : undefined);
  const session = inner["session_id"] ?? outer["session_id"] ?? item["session_id"];
  const cwd = inner["cwd"] ?? outer["cwd"] ?? inner["working_directory"];
  return { ...inner, hook_event_name: name, session_id: session, ...(cwd === undefined ? {} : { cwd }) };
}
