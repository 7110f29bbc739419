// Holds what the monitor stored against what an independent witness saw of the same sessions.
// - Every event once, none besides; payloads equal but for marks in the place of secrets and of what was too long.
// - Order: of two events that the host gave one after the other, the first is stored first. What may have been given
//   at the same time has no order: calls of one batch, subagents, and events that the host does not wait for.

import { isDeepStrictEqual } from "node:util";
import type { Envelope } from "../../src/contract/envelope.ts";
import type { Recorded } from "./recorder.ts";

/** The host goes on without waiting for the hooks of these. */
const UNAWAITED: ReadonlySet<string> = new Set(["InstructionsLoaded", "Notification", "ConfigChange", "CwdChanged"]);
const MARK = /\[redacted:[a-z0-9_-]+\]|…\[cut: (\d+) (?:characters|elements|keys)\]…/;

/** What is not as it should be, a sentence each; empty where all is well. */
export function differences(seen: readonly Recorded[], stored: readonly Envelope[]): string[] {
  const { pairs, found } = match(seen, stored);
  return [...found, ...numbering(stored), ...order(pairs)];
}

interface Pair {
  readonly seen: Recorded;
  readonly at: number;
}

function match(seen: readonly Recorded[], stored: readonly Envelope[]): { pairs: Pair[]; found: string[] } {
  const found: string[] = [];
  const pairs: Pair[] = [];
  const free = new Set(stored.keys());
  for (const call of seen) {
    const candidates = [...free].filter((at) => isOf(stored[at] as Envelope, call));
    const at = candidates.find((index) => isKept(call.payload, withoutOurs(stored[index] as Envelope)));
    if (at !== undefined) {
      free.delete(at);
      pairs.push({ seen: call, at });
      continue;
    }
    const [near] = candidates;
    const because =
      near === undefined ? "" : `; one is near: ${firstDifference(call.payload, stored[near] as Envelope)}`;
    found.push(`not stored: ${call.event} of ${call.payload["session_id"]}${because}`);
  }
  for (const at of free) found.push(`stored, and never seen: ${stored[at]?.hook_event_name} ${stored[at]?.id}`);
  return { pairs, found };
}

function isOf({ hook_event_name, session_id }: Envelope, { event, payload }: Recorded): boolean {
  return hook_event_name === event && session_id === payload["session_id"];
}

function withoutOurs({ data }: Envelope): Record<string, unknown> {
  const { mpm: _, ...payload } = data;
  return payload;
}

/** Equal, but that marks may stand where something was taken out. */
export function isKept(given: unknown, kept: unknown): boolean {
  if (typeof kept === "string" && MARK.test(kept)) return typeof given !== "string" || isMarked(given, kept);
  if (typeof given !== "object" || given === null || typeof kept !== "object" || kept === null)
    return Object.is(given, kept);
  if (Array.isArray(given) !== Array.isArray(kept)) return false;
  const keys = Object.keys(kept);
  if (keys.some((key) => MARK.test(key)) || (Array.isArray(kept) && kept.some(isCutMark))) return true;
  return (
    keys.length === Object.keys(given).length &&
    keys.every((key) => Object.hasOwn(given, key) && isKept(valueAt(given, key), valueAt(kept, key)))
  );
}

/** All that stands around the marks stood there before, in that order, at both ends, and as long as the marks say. */
function isMarked(given: string, kept: string): boolean {
  const pieces = kept.split(new RegExp(MARK.source.replace("(\\d+)", "\\d+")));
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!given.startsWith(first) || !given.endsWith(last)) return false;
  let at = 0;
  for (const piece of pieces) {
    const next = given.indexOf(piece, at);
    if (next < 0) return false;
    at = next + piece.length;
  }
  const cuts = [...kept.matchAll(/…\[cut: (\d+) characters\]…/g)].map(([, count]) => Number(count));
  const whole = pieces.join("").length + cuts.reduce((sum, count) => sum + count, 0);
  return cuts.length === 0 || kept.includes("[redacted:") || whole === given.length;
}

function isCutMark(item: unknown): boolean {
  return typeof item === "string" && /^…\[cut: \d+ elements\]…$/.test(item);
}

function valueAt(node: object, key: string): unknown {
  return (node as Record<string, unknown>)[key];
}

function firstDifference(payload: Record<string, unknown>, envelope: Envelope): string {
  const kept = withoutOurs(envelope);
  const keys = [...new Set([...Object.keys(payload), ...Object.keys(kept)])];
  const key = keys.find((name) => !isKept(payload[name], kept[name])) ?? "";
  const brief = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 300);
  return `${key} was ${brief(payload[key])} and is ${brief(kept[key])}`;
}

/** In each session seq counts 1, 2, 3 in the order of the store. */
function numbering(stored: readonly Envelope[]): string[] {
  const sessions = Map.groupBy(stored, ({ session_id }) => session_id);
  return [...sessions].flatMap(([id, envelopes]) => {
    const numbers = envelopes.map(({ seq }) => seq);
    const expected = numbers.map((_, index) => index + 1);
    return isDeepStrictEqual(numbers, expected) ? [] : [`session ${id} is numbered ${numbers.join(" ")}`];
  });
}

function order(pairs: readonly Pair[]): string[] {
  return pairs.flatMap((one) =>
    pairs
      .filter((other) => isBefore(one.seen, other.seen) && one.at > other.at)
      .map((other) => `${one.seen.event} was given before ${other.seen.event}, and is stored after it`),
  );
}

/** The host had all answers to the first when it gave the second. */
function isBefore(first: Recorded, second: Recorded): boolean {
  const a = first.payload;
  const b = second.payload;
  if (first.to >= second.from || a["session_id"] !== b["session_id"] || a["agent_id"] !== b["agent_id"]) return false;
  if (UNAWAITED.has(first.event) || UNAWAITED.has(second.event)) return false;
  // Calls of one batch run side by side; those of two are told apart by the PostToolBatch between them.
  return a["tool_use_id"] === b["tool_use_id"] || a["tool_use_id"] === undefined || b["tool_use_id"] === undefined;
}
