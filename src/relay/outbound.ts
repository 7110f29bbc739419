// From spool entries to outbound events: read, parse, number, redact, in this order.
// - What cannot be understood goes to rejected/ with path, expected and received, and holds up nothing.
// - An entry without its last line counts if what it holds is a whole event all the same.
// - What does not leave this machine is taken out last, here, before anything can send it.
// - The number is written down (sequence.ts) before the envelope exists.

import type { Config } from "../config/config.ts";
import type { Envelope } from "../contract/envelope.ts";
import { buildEnvelope, sessionOf } from "../event/envelope.ts";
import { explainPattern } from "../event/pattern.ts";
import { type Note, type Payload, type PayloadProblem, parsePayload } from "../event/payload.ts";
import { createRedactor } from "../event/redact.ts";
import { spentMs } from "../event/spent.ts";
import type { Log } from "../platform/log.ts";
import type { Origin } from "../spool/entry.ts";
import type { Spool, SpoolItem } from "../spool/spool.ts";
import type { HostPids } from "./host-pid.ts";
import type { Sequence } from "./sequence.ts";

/** Payloads of one batch, in bytes: a large entry is a batch of its own. */
const MAX_BATCH_BYTES = 256 * 1024;
/** A batch is as large as can be made ready in this time, as the last one went: between two, the relay hears heartbeats and signals. */
const BATCH_MS = 100;

/** Processor time after which what is left of a batch goes back into the spool: an event may take far longer than those before it. */
const LONGEST_BATCH_MS = 200;

/** An event that is ready to be sent. */
export interface OutboundEvent {
  /** Of the spool entry. */
  readonly name: string;
  readonly id: string;
  readonly session: string;
  readonly seq: number;
  /** The envelope, serialised. */
  readonly json: string;
  /** Of `json`, in UTF-8. */
  readonly bytes: number;
}

export interface Outbound {
  /**
   * Makes the next events of the spool ready, at most so many; none, where what it looked at could not be understood;
   * undefined when there are no more now.
   */
  next(max: number): OutboundEvent[] | undefined;
  /** The session of an entry, as it is called outside; undefined where it holds no event. */
  sessionIn(item: Stored): string | undefined;
}

export interface OutboundOptions {
  readonly config: Config;
  readonly spool: Spool;
  readonly sequence: Sequence;
  readonly log: Log;
  /** What this machine is. */
  readonly machine: string | undefined;
  readonly hostPids: HostPids;
  /** What of an event leaves this machine; absent: all of it. */
  readonly leaving?: ((event: Envelope) => Envelope) | undefined;
}

/** An entry that holds an event, and the event. */
interface Understood {
  readonly item: Stored;
  readonly payload: Payload;
  readonly notes: readonly Note[];
  readonly origin: Origin;
}

/** What was stored for an event, whole or broken. */
export type Stored = Exclude<SpoolItem, { kind: "empty" }>;

export function openOutbound({ config, spool, sequence, log, machine, hostPids, leaving }: OutboundOptions): Outbound {
  const { redactor, problems } = createRedactor({ enabled: config.redact, patterns: config.redactPatterns });
  for (const problem of problems) log.warn(problem, `redaction.patterns: ${explainPattern(problem)}; it is left out`);

  let room = MAX_BATCH_BYTES;
  const collect = (max: number): Understood[] | undefined => {
    const batch: Understood[] = [];
    for (let bytes = 0; batch.length < max && bytes < room; ) {
      const item = spool.next();
      if (!item) return batch.length > 0 ? batch : undefined;
      if (item.kind === "empty") {
        log.debug({ entry: item.name }, "nothing came on stdin");
        spool.remove(item.name);
        continue;
      }
      bytes += item.bytes;
      const understood = understand(item);
      if ("payload" in understood) batch.push({ item, ...understood });
      else reject(item, understood.problem);
    }
    return batch;
  };
  const reject = ({ name, bytes, storedAt }: Stored, problem: PayloadProblem): void => {
    const { path, expected, received } = problem;
    const moved = spool.reject(name, {
      at: new Date().toISOString(),
      stored: new Date(storedAt).toISOString(),
      bytes,
      by: "relay",
      ...problem,
      why: { code: "not_an_event", path, expected, received },
    });
    if (!moved) {
      log.error({ entry: name, ...problem }, "an event could not be understood, nor moved to rejected/ now; it stays");
      return;
    }
    sequence.counters.received++;
    sequence.counters.rejected++;
    log.warn({ entry: name, ...problem }, "an event could not be understood; it is in rejected/");
  };
  const build = ({ item, payload, notes, origin }: Understood, seq: number): OutboundEvent => {
    const pidns = hostPids.namespaceOf(origin.pid, item.storedAt);
    const { envelope, json, bytes, cut } = buildEnvelope({
      id: item.id,
      seq,
      capturedAt: item.storedAt,
      payload,
      notes,
      origin: { ...origin, hostName: config.hostName, ...(machine ? { machine } : {}), ...(pidns ? { pidns } : {}) },
      redactor,
    });
    if (cut > 0) sequence.counters.cut++;
    const event = { name: item.name, id: envelope.id, session: envelope.session_id, seq };
    if (!leaving) return { ...event, json, bytes };
    const left = JSON.stringify(leaving(envelope));
    return { ...event, json: left, bytes: Buffer.byteLength(left) };
  };

  return {
    next(max) {
      const [start, spent] = [performance.now(), spentMs()];
      // The kernel is asked only once it can have been so long: a process is not busy for longer than time goes by.
      const isOver = () => performance.now() - start > LONGEST_BATCH_MS && spentMs() - spent > LONGEST_BATCH_MS;
      const batch = collect(max);
      if (batch === undefined || batch.length === 0) return batch && [];
      const numbers = sequence.assign(
        batch.map(({ item: { name, id }, payload }) => ({ name, id, session: sessionOf(payload, redactor) })),
      );
      const ready: OutboundEvent[] = [];
      let bytes = 0;
      for (const [index, understood] of batch.entries()) {
        const seq = numbers[index];
        if (seq === undefined || (ready.length > 0 && isOver())) {
          spool.release(understood.item.name); // it keeps the number that it has
          continue;
        }
        ready.push(build(understood, seq));
        bytes += understood.item.bytes;
      }
      const perMs = bytes / Math.max(1, performance.now() - start);
      room = Math.min(MAX_BATCH_BYTES, Math.max(1, perMs * BATCH_MS));
      return ready;
    },
    sessionIn(item) {
      const understood = understand(item);
      return "payload" in understood ? sessionOf(understood.payload, redactor) : undefined;
    },
  };
}

/** The payload of an entry, or what is wrong with it. */
function understand(
  item: Stored,
): { payload: Payload; notes: readonly Note[]; origin: Origin } | { problem: PayloadProblem } {
  const { entry } = item;
  const broken = item.kind === "broken" ? item.reason : undefined;
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
