// From one store to another: every event, what answers took, branches and ends of sessions. Then both are compared.
// - Begun again it goes on where it was: the target keeps how far it has come, under a name of the source's.
// - An event that the target has is not stored again; what it has besides stays.

import { createHash } from "node:crypto";
import type { StoredEnvelope } from "../contract/envelope.ts";
import type { SessionSummary } from "../contract/session.ts";
import { factsOf } from "./facts.ts";
import type { Fact, Store, StoreTrouble, UsedAnswer } from "./port.ts";

/** Events a step. */
const BATCH = 500;
const SESSIONS = 200;

export interface Copied {
  readonly events: { readonly copied: number; readonly repeated: number };
  readonly sessions: number;
  readonly answers: number;
  /** Events whose content was compared, and those that the target has not, or has otherwise. */
  readonly compared: number;
  readonly different: readonly string[];
  /** Why it stopped early. */
  readonly trouble?: StoreTrouble;
}

export interface CopyOptions {
  readonly from: Store;
  readonly to: Store;
  /** What the target calls the source. */
  readonly name: string;
  /** Events that are done, of all. */
  readonly progress: (done: number, all: number) => void;
}

export async function copyStore(options: CopyOptions): Promise<Copied> {
  const tally: Tally = { events: { copied: 0, repeated: 0 }, sessions: 0, answers: 0, compared: 0, different: [] };
  const trouble =
    (await copyEvents(options, tally)) ?? (await copyAnswers(options, tally)) ?? (await compare(options, tally));
  if (!trouble && tally.different.length === 0) await options.to.dismiss(consumerOf(options));
  return { ...tally, ...(trouble ? { trouble } : {}) };
}

/** What has been done so far. */
interface Tally {
  readonly events: { copied: number; repeated: number };
  sessions: number;
  answers: number;
  compared: number;
  readonly different: string[];
}

type Step = (options: CopyOptions, tally: Tally) => Promise<StoreTrouble | undefined>;

const consumerOf = ({ name }: CopyOptions) => `copy ${name}`;

const copyEvents: Step = async (options, { events }) => {
  const { from, to, progress } = options;
  const { events: all } = await from.figures();
  let after = (await to.consumers()).find(({ name }) => name === consumerOf(options))?.n ?? 0;
  for (;;) {
    const batch = await from.envelopes({}, { after, limit: BATCH });
    const last = batch.at(-1);
    if (!last) return undefined;
    const { outcomes, trouble } = await to.append(batch.map(withoutPlace));
    for (const { kind } of outcomes) if (kind !== "refused") events[kind === "stored" ? "copied" : "repeated"]++;
    if (trouble) return trouble;
    after = last.n;
    const held = await to.advance(consumerOf(options), after);
    if (held) return held;
    progress(events.copied + events.repeated, all);
  }
};

const copyAnswers: Step = async ({ from, to }, tally) => {
  for await (const portion of from.answers({ since: 0, until: Number.MAX_SAFE_INTEGER })) {
    const trouble = await to.record(bySession(portion));
    if (trouble) return trouble;
    tally.answers += portion.length;
  }
  return undefined;
};

/** Tells what no event says, and compares each session's events. */
const compare: Step = async ({ from, to, progress }, tally) => {
  const { events: all } = await from.figures();
  for await (const page of allSessions(from)) {
    const trouble = await to.record(page.map((session) => ({ session: session.id, facts: factsOf(session) })));
    if (trouble) return trouble;
    for (const { id } of page) {
      const [wanted, found] = [await digests(from, id), await digests(to, id)];
      for (const [event, digest] of wanted) if (found.get(event) !== digest) tally.different.push(event);
      tally.compared += wanted.size;
      progress(tally.compared, all);
    }
    tally.sessions += page.length;
  }
  return undefined;
};

function withoutPlace({ n: _, ...envelope }: StoredEnvelope) {
  return envelope;
}

function bySession(answers: readonly UsedAnswer[]) {
  const sessions = Map.groupBy(answers, ({ session }) => session);
  return [...sessions].map(([session, own]) => ({
    session,
    facts: [{ kind: "answers", answers: own }] satisfies Fact[],
  }));
}

async function* allSessions(store: Store): AsyncGenerator<readonly SessionSummary[]> {
  for (let before: string | null | undefined; before !== null; ) {
    const page = await store.sessions({ limit: SESSIONS, before });
    yield page.sessions;
    before = page.next;
  }
}

/** A checksum an event of the session, by its id. */
async function digests(store: Store, session: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let after = 0; ; ) {
    const events = await store.envelopes({ session }, { after, limit: BATCH });
    for (const event of events)
      found.set(
        event.id,
        createHash("sha256")
          .update(JSON.stringify(withoutPlace(event)))
          .digest("base64"),
      );
    const last = events.at(-1);
    if (!last) return found;
    after = last.n;
  }
}
