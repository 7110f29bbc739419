// Takes envelopes in, has them stored in groups, and answers after the commit.
// - Order in is order stored. What cannot be an event is refused for good, by path, expected and received.
// - What cannot be stored now (disk full, database busy) is refused for now, and all that came with it and after it.

import type * as z from "zod/mini";
import type { Ack } from "../contract/ack.ts";
import { Envelope } from "../contract/envelope.ts";
import { IN_PLAIN_WORDS, kindOf } from "../contract/expectation.ts";
import type { IngestCounters } from "../contract/ingest-counters.ts";
import type { Reason, ReasonOf } from "../contract/reasons.ts";
import type { ContentLevel } from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import { SERVICE } from "../contract/words.ts";
import type { Log } from "../platform/log.ts";
import type { Store, StoreTrouble } from "../store/port.ts";
import { limitEnvelope } from "../team/content.ts";

/** How many events one relay may have in flight: deep enough for groups, small enough to stay in memory. */
const WINDOW = 512;
const MAX_GROUP = 512;
/** How many events one message may hold. */
export const MAX_BATCH = 256;
/** While much comes, a commit waits for so many events or so long: a few large ones cost far less than many small ones. */
const FULL_GROUP = 256;
const GROUP_MS = 20;
/** The same of a store that several share, of which each commit costs more, where the last commit had as many as this. */
const SHARED_GROUP_MS = 80;
const MUCH = 8;
/** And where it had as many as this: what is written beside the events, once a commit and session, is shared by more. */
const VERY_MUCH = 64;
const LONG_GROUP_MS = 200;

export interface Ingest {
  /** Takes what a client sent, unchecked; `answer` is called once, after the commit. */
  take(given: unknown, answer: (ack: Ack) => void, sender?: Sender): void;
  /** The same for an envelope that was made here; with seq 0 it is given its session's next number. */
  add(envelope: Envelope, answer: (ack: Ack) => void, sender?: Sender): void;
  readonly counters: Readonly<IngestCounters>;
  /** Events that wait for their commit. */
  readonly waiting: number;
  /** When the last event came, by the clock that does not jump (performance.now()); 0 before the first. */
  readonly lastAt: number;
  /** Why the last commit failed; undefined once one has succeeded. */
  readonly trouble: StoreTrouble | undefined;
  /** Commits what waits. */
  flush(): Promise<void>;
}

/** Whose machine sends, by its token: what an event says of that itself does not count. */
export interface Sender {
  /** Id of the person. */
  readonly owner: string;
  /** What the machine is called, and what it is. */
  readonly host: string;
  readonly machine: string;
  /** The most that is taken of an event. */
  readonly content: ContentLevel;
}

export interface IngestOptions {
  readonly store: Store;
  /** Whether other processes may write to it, too. */
  readonly isShared?: boolean;
  readonly log: Log;
  /** Called when the store could not take events. */
  readonly onTrouble: (trouble: StoreTrouble) => void;
}

interface Waiting {
  readonly envelope: Envelope;
  readonly owner: string;
  readonly answer: (ack: Ack) => void;
}

export function openIngest({ store, isShared = false, log, onTrouble }: IngestOptions): Ingest {
  let group: Waiting[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let delayed: NodeJS.Timeout | undefined;
  let committing: Promise<void> | undefined;
  let committedAt = Number.NEGATIVE_INFINITY;
  let groupMs = GROUP_MS;
  let lastAt = 0;
  let trouble: StoreTrouble | undefined;
  const counters: IngestCounters = { stored: 0, repeated: 0, refused: 0, postponed: 0, commits: 0 };

  const flush = async (): Promise<void> => {
    clearImmediate(scheduled);
    clearTimeout(delayed);
    scheduled = undefined;
    delayed = undefined;
    if (group.length > 0) committing ??= commitAll();
    await committing;
  };
  const commitAll = async (): Promise<void> => {
    let hindered: StoreTrouble | undefined;
    try {
      while (group.length > 0) {
        const batch = group.slice(0, MAX_GROUP);
        groupMs = isShared ? pauseAfter(batch.length) : GROUP_MS;
        group = group.slice(MAX_GROUP);
        // What came after one that could not be stored is not stored either: it would overtake it.
        if (hindered) postpone(batch, hindered);
        else hindered = await commit(batch);
      }
    } finally {
      committing = undefined; // in the same turn as the last look at the group
      committedAt = performance.now();
    }
    if (hindered) onTrouble(hindered);
  };
  /** Why the store cannot take events now, if it cannot. */
  const commit = async (batch: readonly Waiting[]): Promise<StoreTrouble | undefined> => {
    const envelopes = batch.map(({ envelope }) => envelope);
    const owners = batch.map(({ owner }) => owner);
    const appended = await store.append(envelopes, owners).catch(broken);
    for (const [index, outcome] of appended.outcomes.entries()) {
      const answer = batch[index]?.answer;
      if (!answer) break;
      if (outcome.kind === "refused") refuse(outcome.reason, answer);
      else {
        counters[outcome.kind]++;
        answer({ ok: true, status: outcome.kind, service: SERVICE, window: WINDOW, batch: MAX_BATCH });
      }
    }
    if (appended.outcomes.length > 0) counters.commits++;
    trouble = appended.trouble;
    if (trouble) postpone(batch.slice(appended.outcomes.length), trouble);
    return trouble;
  };
  const refuse = (reason: Reason, answer: (ack: Ack) => void): void => {
    counters.refused++;
    log.warn({ reason }, "an event was refused");
    answer({ ok: false, permanent: true, reason: textOf(reason), why: reason });
  };
  const postpone = (batch: readonly Waiting[], reason: StoreTrouble): void => {
    counters.postponed += batch.length;
    log.error({ reason, events: batch.length }, "events could not be stored; their senders keep them");
    for (const { answer } of batch) answer({ ok: false, permanent: false, reason: textOf(reason), why: reason });
  };
  const add: Ingest["add"] = (envelope, answer, sender) => {
    lastAt = performance.now();
    group.push({ envelope: sender ? sentBy(sender, envelope) : envelope, owner: sender?.owner ?? NOBODY, answer });
    if (scheduled || committing) return;
    const since = performance.now() - committedAt;
    // What has come in this turn of the loop is one group, and in busy times what comes in a few milliseconds.
    if (since >= groupMs || group.length >= FULL_GROUP) scheduled = setImmediate(flush);
    else delayed ??= setTimeout(flush, groupMs - since);
  };

  return {
    take(given, answer, sender) {
      const parsed = Envelope.safeParse(given, { ...IN_PLAIN_WORDS, reportInput: true });
      if (parsed.success) add(parsed.data, answer, sender);
      else refuse(refusalOf(parsed.error.issues[0]), answer);
    },
    add,
    counters,
    get waiting() {
      return group.length;
    },
    get lastAt() {
      return lastAt;
    },
    get trouble() {
      return trouble;
    },
    flush,
  };
}

/** How long a commit waits for more in a store that several share, where the last one had so many, ms. */
const pauseAfter = (events: number): number =>
  events >= VERY_MUCH ? LONG_GROUP_MS : events >= MUCH ? SHARED_GROUP_MS : GROUP_MS;

/** The owner of what no person's machine has sent. */
const NOBODY = "";

/** The pid and its namespace are left out: they are the machine's, and no process here is looked up by them. */
function sentBy({ host, machine, content }: Sender, envelope: Envelope): Envelope {
  const limited = limitEnvelope(envelope, content);
  const { pid: _, pidns: __, ...rest } = limited.host;
  return { ...limited, host: { ...rest, name: host, machine } };
}

/** A store that throws is broken: nothing of the batch is known to be kept. */
const broken = (error: Error) => ({
  outcomes: [],
  trouble: { code: "store_unavailable", cause: error.message } as const,
});

/** What an issue of a parse in plain words says of what was sent. */
function refusalOf(issue: z.core.$ZodIssue | undefined) {
  const path = issue?.path.map(String).join(".") || "(event)";
  const expected = issue?.message ?? "an event";
  const received = issue?.code === "invalid_type" ? { received: kindOf(issue.input) } : {};
  return { code: "not_an_event", path, expected, ...received } satisfies ReasonOf<"not_an_event">;
}
