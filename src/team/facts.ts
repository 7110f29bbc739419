// What no event says of sessions that are forwarded: what answers took, who is gone, who broke a turn off. The team is told
// once the events are there, a moment after the last change, and of each answer only when it is new or has grown.
// - What the team cannot take now is told later, ever later; what it never will is dropped, and counted.
// - What changes while the team cannot be reached is told when it can. How far that was done is kept in the store: after a
//   restart, sessions that had events since, and those that are gone or broken off, are told again.

import type { Tokens } from "../contract/session.ts";
import { type ContentLevel, FACTS_EVENT, FactsAnswer, type SessionFacts } from "../contract/team.ts";
import type { Connection } from "../relay/connection.ts";
import { factsOf } from "../store/facts.ts";
import type { Answer, Store } from "../store/port.ts";
import { leavingModel, leavingSession } from "./content.ts";
import { cursorsOf } from "./cursors.ts";
import type { Membership } from "./membership.ts";

/** What a transcript tells comes in pieces: so long nothing new, and it is told. */
const SETTLE_MS = 2000;
const PAGE = 1000;
const MAX_ANSWERS = 500;
/** Sessions that are gone or were broken off are told again after a restart: the latest of a day. */
const BROKEN_OFF = 100;
const BROKEN_OFF_MS = 86_400_000;
/** Sessions whose answers are remembered. */
const MAX_REMEMBERED = 500;
/** How long after a no it is told again, at first and at most; each time it is twice as long. */
const FIRST_AGAIN_MS = 2000;
const MAX_AGAIN_MS = 300_000;

/** Who is told. */
type Asked = Pick<Connection, "ask">;

export interface Facts {
  /** Tells what is due of sessions whose events are forwarded up to `n`. Returns whether something was told. */
  send(connection: Asked, n: number): Promise<boolean>;
  /** In how many ms something is due; undefined: nothing. */
  readonly dueInMs: number | undefined;
  close(): void;
}

interface FactsOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly membership: Membership;
  /** Whether the session is sent at all. */
  readonly isSent: (session: string) => Promise<boolean>;
  /** Called when the team never takes what is told of a session. */
  readonly onRefused: (session: string, reason: string) => void;
  /** ms, by a clock that does not jump. */
  readonly clock: () => number;
}

/** What became of what was told. */
type Told = "taken" | "later" | "never";

export function openFacts(
  { store, now, membership, isSent, onRefused, clock }: FactsOptions,
  level: () => ContentLevel,
): Facts {
  const { facts: cursor } = cursorsOf(membership);
  /** When each session last changed. */
  const changed = new Map<string, number>();
  /** What was told of each session's answers: the sum of each one's tokens. */
  const told = new Map<string, Map<string, number>>();
  const unsubscribe = store.subscribe(({ sessions }) => {
    for (const session of sessions) changed.set(session, clock());
  });
  let begun = false;
  let againMs = 0;
  let notBefore = Number.NEGATIVE_INFINITY;
  let last: Asked | undefined;

  /** Sessions that had events since all was told, and the latest of those that have changed without one. */
  const begin = async (n: number): Promise<void> => {
    const since = now() - BROKEN_OFF_MS;
    const { sessions } = await store.sessions({ states: ["lost", "interrupted"], since, limit: BROKEN_OFF });
    for (const { id } of sessions) changed.set(id, Number.NEGATIVE_INFINITY);
    const known = (await store.consumers()).find(({ name }) => name === cursor);
    for (let after = known?.n ?? n; after < n; ) {
      const rows = await store.rows({}, { after, limit: PAGE });
      for (const { session } of rows) changed.set(session, Number.NEGATIVE_INFINITY);
      if (rows.length < PAGE) break;
      after = rows.at(-1)?.n ?? n;
    }
    begun = true;
  };
  /** Answers of the session that were not told, or have grown since. */
  const newAnswers = async (session: string, before: ReadonlyMap<string, number>): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for await (const portion of store.answers({ session, since: 0, until: now() }))
      for (const { id, t, model, tokens } of portion)
        if (before.get(id) !== sizeOf(tokens)) answers.push({ id, t, model: leavingModel(model, level()), tokens });
    return answers;
  };
  const tell = async (connection: Asked, session: string): Promise<Told> => {
    const summary = await store.session(session);
    if (!summary || !(await isSent(session))) return "taken";
    const name = leavingSession(session, level(), membership.key);
    const before = told.get(session) ?? new Map<string, number>();
    const answers = await newAnswers(session, before);
    const messages: SessionFacts[] = [];
    for (let at = 0; at < answers.length; at += MAX_ANSWERS)
      messages.push({ session: name, facts: [{ kind: "answers", answers: answers.slice(at, at + MAX_ANSWERS) }] });
    const facts = factsOf(summary).filter(({ kind }) => kind !== "branch" || level() === "content"); // its name is text
    if (facts.length > 0) messages.push({ session: name, facts });
    let outcome: Told = "taken";
    for (const message of messages) {
      const said = await say(connection, message);
      if (said === "later") return said;
      if (said === "never") outcome = said;
    }
    for (const { id, tokens } of answers) before.set(id, sizeOf(tokens));
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.set(session, before);
    return outcome;
  };
  const say = async (connection: Asked, message: SessionFacts): Promise<Told> => {
    const answer = FactsAnswer.safeParse(await connection.ask(FACTS_EVENT, [message]));
    if (!answer.success) return "later"; // no answer is not a no
    const { ok, permanent, reason = "" } = answer.data;
    if (ok || !permanent) return ok ? "taken" : "later";
    onRefused(message.session, reason);
    return "never";
  };
  const later = (): void => {
    againMs = Math.min(MAX_AGAIN_MS, Math.max(FIRST_AGAIN_MS, againMs * 2));
    notBefore = clock() + againMs;
  };

  return {
    async send(connection, n) {
      if (connection !== last) {
        last = connection;
        againMs = 0;
        notBefore = Number.NEGATIVE_INFINITY;
      }
      if (!begun) await begin(n);
      if (clock() < notBefore) return false;
      const due = clock() - SETTLE_MS;
      const [next] = [...changed].find(([, at]) => at <= due) ?? [];
      if (next === undefined) return false;
      const at = changed.get(next);
      if ((await tell(connection, next)) === "later") {
        later();
        return false;
      }
      againMs = 0;
      if (changed.get(next) === at) changed.delete(next);
      if (changed.size === 0) await store.advance(cursor, n);
      return true;
    },
    get dueInMs() {
      if (changed.size === 0) return undefined;
      const oldest = Math.min(...changed.values());
      return Math.max(0, oldest + SETTLE_MS - clock(), notBefore - clock());
    },
    close: unsubscribe,
  };
}

const sizeOf = ({ input, output, cacheRead, cacheWrite, cacheWriteHour = 0 }: Tokens): number =>
  input + output + cacheRead + cacheWrite + cacheWriteHour;
