// Sessions of the real host, as a relay would have sent them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Envelope } from "../../src/contract/envelope.ts";
import { buildEnvelope } from "../../src/event/envelope.ts";
import { parsePayload } from "../../src/event/payload.ts";
import { createRedactor } from "../../src/event/redact.ts";
import { ROOT } from "../world.ts";

const DIR = join(ROOT, "test/host/recordings");
const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });

export const RECORDINGS: readonly string[] = readdirSync(DIR).map((file) => file.replace(/\.jsonl$/, ""));

/**
 * The envelopes of a recording.
 * @param start ms since 1970 of its first event
 */
export function recording(name: string, start: number): Envelope[] {
  const lines = readFileSync(join(DIR, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  const seqs = new Map<string, number>();
  return lines.map((line, index) => {
    const { t, payload: given } = JSON.parse(line) as { t: number; payload: unknown };
    const parsed = parsePayload(JSON.stringify(given));
    if (!parsed.ok) throw new Error(`${name}, line ${index + 1}: ${parsed.problem.path}`);
    const session = parsed.payload.session_id;
    const seq = (seqs.get(session) ?? 0) + 1;
    seqs.set(session, seq);
    return buildEnvelope({
      id: `${name}-${index + 1}`,
      seq,
      capturedAt: start + Math.round(t),
      payload: parsed.payload,
      origin: { hostName: "workshop" },
      redactor,
    }).envelope;
  });
}

/** The session that a recording is of, or the last of several. */
export function sessionOf(events: readonly Envelope[]): string {
  return events.at(-1)?.session_id ?? "";
}
