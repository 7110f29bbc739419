// Takes envelopes in, commits them in groups, and answers after the commit.
// - Order in is order stored. What cannot be an event is refused for good, by path, expected and received.
// - What cannot be stored now (disk full, database busy) is refused for now, and all that came with it and after it.

import { type Ack, SERVICE } from "../contract/ack.ts";
import { Envelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import type { Log } from "../platform/log.ts";
import type { Added, Store } from "../store/store.ts";

/** How many events one relay may have in flight: deep enough for groups, small enough to stay in memory. */
const WINDOW = 512;
const MAX_GROUP = 512;
/** While much comes, a commit waits for so many events or so long: a few large ones cost far less than many small ones. */
const FULL_GROUP = 256;
const GROUP_MS = 20;

export interface Ingest {
  /** @param given what a client sent, unchecked @param answer called once, after the commit */
  take(given: unknown, answer: (ack: Ack) => void): void;
  /** The same for an envelope that was made here; with seq 0 it is given its session's next number. */
  add(envelope: Envelope, answer: (ack: Ack) => void): void;
  readonly counters: IngestCounters;
  /** Events that wait for their commit. */
  readonly waiting: number;
  /** When the last event came, by the clock that does not jump (performance.now()); 0 before the first. */
  readonly lastAt: number;
  /** Commits what waits. */
  flush(): void;
}

export interface IngestCounters {
  stored: number;
  repeated: number;
  /** Refused for good: not an event. */
  refused: number;
  /** Refused for now. */
  postponed: number;
  commits: number;
}

export interface IngestOptions {
  readonly store: Store;
  readonly log: Log;
  /** Called after each commit with what is new. */
  readonly onRows: (rows: readonly EventRow[]) => void;
  /** Called when a commit failed; the store may be damaged. */
  readonly onTrouble: (error: Error) => void;
}

interface Waiting {
  readonly envelope: Envelope;
  readonly answer: (ack: Ack) => void;
}

export function openIngest({ store, log, onRows, onTrouble }: IngestOptions): Ingest {
  let group: Waiting[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let delayed: NodeJS.Timeout | undefined;
  let committedAt = Number.NEGATIVE_INFINITY;
  let lastAt = 0;
  const counters: IngestCounters = { stored: 0, repeated: 0, refused: 0, postponed: 0, commits: 0 };

  const flush = () => {
    clearImmediate(scheduled);
    clearTimeout(delayed);
    scheduled = undefined;
    delayed = undefined;
    let failure: Error | undefined;
    while (group.length > 0) {
      const batch = group.slice(0, MAX_GROUP);
      group = group.slice(MAX_GROUP);
      // What came after one that could not be stored is not stored either: it would overtake it.
      if (failure) postpone(batch, failure);
      else failure = commit(batch);
    }
    committedAt = performance.now();
    if (failure) onTrouble(failure);
  };
  const refuse = (reason: string, answer: (ack: Ack) => void) => {
    counters.refused++;
    log.warn({ reason }, "an event was refused");
    answer({ ok: false, permanent: true, reason });
  };
  const postpone = (batch: readonly Waiting[], error: Error) => {
    counters.postponed += batch.length;
    log.error({ err: error, events: batch.length }, "events could not be stored; their senders keep them");
    for (const { answer } of batch) answer({ ok: false, permanent: false, reason: error.message });
  };
  /** @returns why the store cannot take events now */
  const commit = (batch: readonly Waiting[]): Error | undefined => {
    let added: Added;
    try {
      added = store.add(batch.map(({ envelope }) => envelope));
    } catch (error) {
      if (isOfTheStore(error)) {
        postpone(batch, error as Error);
        return error as Error;
      }
      return commitEach(batch, error as Error);
    }
    counters.commits++;
    batch.forEach(({ answer }, index) => {
      const status = added.outcomes[index] as "stored" | "repeated";
      counters[status]++;
      answer({ ok: true, status, service: SERVICE, window: WINDOW });
    });
    if (added.rows.length > 0) onRows(added.rows);
    return undefined;
  };
  /** One that cannot be kept must not hold up the others for ever: each is tried alone, and that one is refused. */
  const commitEach = (batch: readonly Waiting[], error: Error): Error | undefined => {
    const [only, ...more] = batch;
    if (only && more.length === 0) refuse(`(event): it cannot be stored: ${error.message}`, only.answer);
    else
      for (const [index, one] of batch.entries()) {
        const failure = commit([one]);
        if (!failure) continue;
        postpone(batch.slice(index + 1), failure);
        return failure;
      }
    return undefined;
  };
  const add = (envelope: Envelope, answer: (ack: Ack) => void) => {
    lastAt = performance.now();
    group.push({ envelope, answer });
    if (scheduled) return;
    const since = performance.now() - committedAt;
    // What has come in this turn of the loop is one group, and in busy times what comes in a few milliseconds.
    if (since >= GROUP_MS || group.length >= FULL_GROUP) scheduled = setImmediate(flush);
    else delayed ??= setTimeout(flush, GROUP_MS - since);
  };

  return {
    take(given, answer) {
      const parsed = Envelope.safeParse(given);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        refuse(`${issue?.path.join(".") || "(event)"}: ${issue?.message ?? "not an event"}`, answer);
        return;
      }
      add(parsed.data, answer);
    },
    add,
    counters,
    get waiting() {
      return group.length;
    },
    get lastAt() {
      return lastAt;
    },
    flush,
  };
}

const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;

/** Whether it is the store that fails (full, busy, damaged), and not what was to be stored. */
function isOfTheStore(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  if (errcode === undefined) return false;
  return ![SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH].includes(errcode & 0xff);
}
