// From spool entries to envelopes: read, parse, number, redact, in this order.
// - What cannot be understood goes to rejected/ with path, expected and received, and holds up nothing.
// - An entry without its last line counts if what it holds is a whole event all the same.
// - The number is written down (numbering.ts) before the envelope exists.

import type { Config } from "../config/config.ts";
import { buildEnvelope, sessionOf } from "../event/envelope.ts";
import { explainPattern } from "../event/pattern.ts";
import { type Note, type Payload, type PayloadProblem, parsePayload } from "../event/payload.ts";
import { createRedactor } from "../event/redact.ts";
import type { Log } from "../platform/log.ts";
import type { Origin } from "../spool/entry.ts";
import type { Spool, Taken } from "../spool/spool.ts";
import type { Numbering } from "./numbering.ts";

/**
 * Payloads of one batch, in bytes: a large entry is a batch of its own. Packing that many, or the largest entry, takes some
 * tenths of a second at worst, whatever they hold: the relay hears heartbeats and signals between batches.
 */
const MAX_BATCH_BYTES = 512 * 1024;

export interface Parcel {
  /** Of the spool entry. */
  readonly name: string;
  readonly id: string;
  readonly session: string;
  readonly seq: number;
  /** The envelope, serialised. */
  readonly json: string;
}

interface Ready {
  readonly taken: Exclude<Taken, { kind: "empty" }>;
  readonly payload: Payload;
  readonly notes: readonly Note[];
  readonly origin: Origin;
}

export interface Packing {
  readonly config: Config;
  readonly spool: Spool;
  readonly numbering: Numbering;
  readonly log: Log;
}

/** @returns a function that packs the next events of the spool, at most so many; fewer, when there are no more now */
export function packer({ config, spool, numbering, log }: Packing): (max: number) => Parcel[] {
  const { redactor, problems } = createRedactor({ enabled: config.redact, patterns: config.redactPatterns });
  for (const problem of problems) log.warn(problem, `redaction.patterns: ${explainPattern(problem)}; it is left out`);

  return (max) => {
    const ready = collect(max);
    if (ready.length === 0) return [];
    const numbers = numbering.assign(
      ready.map(({ taken: { name, id }, payload }) => ({ name, id, session: sessionOf(payload, redactor) })),
    );
    return ready.map(({ taken, payload, notes, origin }, index) => {
      const built = buildEnvelope({
        id: taken.id,
        seq: numbers[index] as number,
        capturedAt: taken.storedAt,
        payload,
        notes,
        origin: { ...origin, hostName: config.hostName },
        redactor,
      });
      if (built.cut > 0) numbering.counters.cut++;
      const { id, session_id: session, seq } = built.envelope;
      return { name: taken.name, id, session, seq, json: built.json };
    });
  };

  function collect(max: number): Ready[] {
    const ready: Ready[] = [];
    let bytes = 0;
    while (ready.length < max && bytes < MAX_BATCH_BYTES) {
      const taken = spool.next();
      if (!taken) break;
      if (taken.kind === "empty") {
        log.debug({ entry: taken.name }, "nothing came on stdin");
        spool.remove(taken.name);
        continue;
      }
      bytes += taken.bytes;
      const understood = understand(taken);
      if ("payload" in understood) ready.push({ taken, ...understood });
      else reject(taken, understood.problem);
    }
    return ready;
  }

  function reject(taken: { name: string; bytes: number; storedAt: number }, problem: PayloadProblem): void {
    const reason = {
      at: new Date().toISOString(),
      stored: new Date(taken.storedAt).toISOString(),
      bytes: taken.bytes,
      by: "relay",
      ...problem,
    };
    if (!spool.reject(taken.name, reason)) {
      log.error(
        { entry: taken.name, ...problem },
        "an event could not be understood, nor moved to rejected/ now; it stays",
      );
      return;
    }
    numbering.counters.received++;
    numbering.counters.rejected++;
    log.warn({ entry: taken.name, ...problem }, "an event could not be understood; it is in rejected/");
  }
}

/** The payload of an entry, or what is wrong with it. */
export function understand(
  taken: Exclude<Taken, { kind: "empty" }>,
): { payload: Payload; notes: readonly Note[]; origin: Origin } | { problem: PayloadProblem } {
  const { entry } = taken;
  const broken = taken.kind === "broken" ? taken.reason : undefined;
  if (!entry)
    return {
      problem: {
        path: "(entry)",
        expected: "a spool entry",
        received: broken ?? "something else",
        reason: broken ?? "it is no spool entry",
      },
    };
  const parsed = parsePayload(entry.payload, entry.origin.event);
  if (parsed.ok) return { payload: parsed.payload, notes: parsed.notes, origin: entry.origin };
  return { problem: broken ? { ...parsed.problem, reason: `${broken}; ${parsed.problem.reason}` } : parsed.problem };
}
