// The store as all others see it: every event once, in order, and what follows from events: sessions and usage.
// - Asynchronous; several processes may share one store. No consumer sees a connection, a statement or a transaction.
// - `n`, a row's position, counts up in the order in which rows become visible: whoever has read up to n has missed none.
// - What a store cannot do now is a value with a code; a promise rejects only where the store is broken.

import type { Envelope, StoredEnvelope } from "../contract/envelope.ts";
import type { ProjectSummary } from "../contract/project.ts";
import type { ReasonOf } from "../contract/reasons.ts";
import type { EventFilter, FoundEnvelope, FoundRow } from "../contract/routes.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionOrder, SessionState, SessionSummary, Tokens } from "../contract/session.ts";
import type { Statistics } from "../contract/statistics.ts";
import type { TimelineRow } from "../contract/timeline.ts";
import type { Turn } from "../contract/turn.ts";
import type { Fact as SessionFact } from "../session/input.ts";
import type { Prepared } from "./prepared.ts";

/** Why the store cannot take anything now, whatever it is. */
export type StoreTrouble = ReasonOf<
  "store_full" | "store_busy" | "store_damaged" | "store_unavailable" | "store_newer"
>;

export type Outcome =
  | { readonly kind: "stored" | "repeated" }
  /** It can never be stored. */
  | { readonly kind: "refused"; readonly reason: ReasonOf<"unstorable" | "session_taken"> };

export interface Appended {
  /** What became of the first events of the batch, in its order: of all of them, unless there was trouble. */
  readonly outcomes: readonly Outcome[];
  /** Those that are new, as they are stored, in order. */
  readonly rows: readonly EventRow[];
  /** Why the rest was not stored. */
  readonly trouble?: StoreTrouble;
}

/** One answer of a model and what it took. It counts once in the whole store, however often it is recorded. */
export interface Answer {
  /** Message id and request id. */
  readonly id: string;
  /** ms since 1970 */
  readonly t: number;
  readonly model: string;
  /** Grows while the answer is written: the largest of each count stands. */
  readonly tokens: Tokens;
}

/** What changes a session beside its events. */
export type Fact = SessionFact | { readonly kind: "answers"; readonly answers: readonly Answer[] };

export interface SessionFacts {
  readonly session: string;
  readonly facts: readonly Fact[];
  /** Kept in the same commit: where reading a source of facts stopped. */
  readonly bookmark?: { readonly name: string; readonly value: string };
}

/** What answers cost: the store keeps each session's sum by it. */
export interface Pricing {
  /** Changes with the prices: what was summed by others is summed anew. */
  readonly key: string;
  /** US dollars, `at` ms since 1970; undefined where the model has no price. */
  cost(model: string, tokens: Tokens, at: number): number | undefined;
}

/** Which events; absent: any. Times are ms since 1970, both ends included. */
export type Filter = EventFilter;

/** Ascending after a position, or descending before one (absent: from the newest). */
export interface Range {
  readonly limit: number;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

/** Up to where a search came. */
export interface Reached {
  readonly n: number;
  /** About when that was, ms since 1970. */
  readonly t?: number;
}

export interface Found<T> {
  readonly events: readonly T[];
  /** Where the time was over before the page was full: all up to there was searched, and the next page begins there. */
  readonly reached?: Reached;
}

/** Which sessions; absent: any, the latest first. */
export interface SessionFilter {
  readonly limit: number;
  /** `next` of an earlier page; what is none (place.ts) stands for the first one. */
  readonly before?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly states?: readonly SessionState[] | undefined;
  /** Path or name of a project, or of its repository. */
  readonly project?: string | undefined;
  readonly host?: string | undefined;
  /** Id of the person whose they are, in a store of several. */
  readonly person?: string | undefined;
  /** ms since 1970: sessions that had events in between. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** US dollars: sessions that cost no less. */
  readonly minCost?: number | undefined;
  /** From the first event to the last: sessions that lasted no less. */
  readonly minMs?: number | undefined;
  /** Whether events of it are missing. */
  readonly gaps?: boolean | undefined;
  /** Whether something of it looks like going in circles, or took long. */
  readonly signals?: boolean | undefined;
  /** Part of the title, of a prompt, of the project or of the id. */
  readonly q?: string | undefined;
  readonly order?: SessionOrder | undefined;
}

export interface SessionPage {
  readonly sessions: readonly SessionSummary[];
  /** Opaque; null on the last page. */
  readonly next: string | null;
  /** Of all pages. */
  readonly total: number;
}

/** ms since 1970, both ends included. */
export interface Span {
  readonly since: number;
  readonly until: number;
  readonly project?: string | undefined;
}

/** Statistics as the store knows them: without prices. */
export type Counted = Omit<Statistics, "cost">;

/** What was committed: rows in the order of their positions, each once, and sessions that changed or are there no more. */
export interface Change {
  readonly rows: readonly EventRow[];
  /** Ids. */
  readonly sessions: readonly string[];
}

export interface Figures {
  readonly events: number;
  /** The newest position; 0 in a store that never had an event. */
  readonly newest: number;
  /** Numbers of sessions that never came, over all sessions. */
  readonly gaps: number;
  /** Size. */
  readonly bytes: number;
  /** A damaged store that was set aside and is there still: its file. */
  readonly setAside?: string;
  /** What an older version kept is still being brought into the form of this one. */
  readonly migrating?: true;
  /** Events that no search finds, as the index of words cannot be written. */
  readonly unindexed?: number;
}

export interface Limits {
  /** ms since 1970: what is older goes. */
  readonly before: number;
  /** The oldest goes while the store is larger. */
  readonly maxBytes: number;
}

/** What was removed for good. */
export interface Removed {
  readonly events: number;
  readonly sessions: number;
  readonly answers: number;
}

/** What is to be forgotten; `before` is ms since 1970. */
export type Forget =
  | { readonly session: string }
  /** By path or name. */
  | { readonly project: string }
  | { readonly before: number };

/** Who reads all events and goes on where it stopped: a forwarder, alerts, an export. */
export interface Consumer {
  readonly name: string;
  /** The position up to which it has read. */
  readonly n: number;
  /** Events that a limit removed before it had read them. */
  readonly missed: number;
}

/** What became of names that were to be claimed; those in neither list are another's for good. */
export interface Claimed {
  /** Claimed by who asked. */
  readonly own: readonly string[];
  /** Claimed by another that has not kept it yet: it is known within seconds whose they are. */
  readonly undecided: readonly string[];
}

/** The latest turns, or the latest of those up to a number. */
export interface TurnStretch {
  readonly limit?: number | undefined;
  /** Number of the last one. */
  readonly last?: number | undefined;
}

/** An answer as it is stored. */
export interface UsedAnswer extends Answer {
  readonly session: string;
  readonly project: string;
}

export interface Store {
  /**
   * Stores events in their order, each id once. One with seq 0 is given the next number of its session. What is stored is
   * there after a crash of the process. `owners`: whose each is, in a store of several people; absent: the store's own. A
   * session is its first event's owner's, and takes no event of others.
   */
  append(batch: readonly Envelope[], owners?: readonly string[]): Promise<Appended>;
  /** The same for events of the store's own that were prepared elsewhere. */
  keep(batch: readonly Prepared[]): Promise<Appended>;
  /** Keeps facts about sessions; those about sessions that are not stored are passed over, with their bookmarks. */
  record(facts: readonly SessionFacts[]): Promise<StoreTrouble | undefined>;
  bookmark(name: string): Promise<string | undefined>;

  /** With a snippet where words were searched for. */
  rows(filter: Filter, range: Range): Promise<readonly FoundRow[]>;
  envelopes(filter: Filter, range: Range): Promise<readonly FoundEnvelope[]>;
  /** The same where words are searched for: what is found in about so long, and always some way further. */
  searchRows(filter: Filter, range: Range, withinMs: number): Promise<Found<FoundRow>>;
  searchEnvelopes(filter: Filter, range: Range, withinMs: number): Promise<Found<FoundEnvelope>>;
  envelope(id: string): Promise<StoredEnvelope | undefined>;
  /** All rows of a session in order, in portions; what is stored meanwhile may be among them or not. */
  timeline(session: string): AsyncIterable<readonly TimelineRow[]>;
  sessions(filter: SessionFilter): Promise<SessionPage>;
  session(id: string): Promise<SessionSummary | undefined>;
  /** The ids that begin so, up to two: one, and it is meant; two, and more has to be said. */
  identify(beginning: string): Promise<readonly string[]>;
  /** The latest first. */
  projects(): Promise<readonly ProjectSummary[]>;
  /** The session's turns in order, the open one last, or a stretch of them; none where there is no such session. */
  turns(session: string, stretch?: TurnStretch): Promise<readonly Turn[]>;
  /** When each of them began. */
  turnStarts(session: string): Promise<readonly Pick<Turn, "number" | "startedAt">[]>;
  /** Answers of the span in order of time, in portions. */
  answers(span: Span & { readonly session?: string | undefined }): AsyncIterable<readonly UsedAnswer[]>;
  /** What happened in the span, and only that; `since` 0 is the first event that is stored. */
  statistics(span: Span): Promise<Counted>;
  figures(): Promise<Figures>;

  /**
   * Calls back after each commit until the returned function is called; `whose`: after those of this process alone, which
   * costs less where several share a store.
   */
  subscribe(listener: (change: Change) => void, whose?: "own"): () => void;
  /** All consumers, by name. */
  consumers(): Promise<readonly Consumer[]>;
  /** Keeps how far a consumer has read; a new one begins there. Retention counts what it removes behind it. */
  advance(name: string, n: number): Promise<StoreTrouble | undefined>;
  /** Forgets a consumer. */
  dismiss(name: string): Promise<StoreTrouble | undefined>;

  /**
   * Has one process alone of all that share the store do what `begin` starts: begun when this is the one, closed when it is
   * that no more, or when the returned function is called.
   */
  alone(name: string, begin: () => Promise<{ close(): Promise<void> }>): Promise<() => Promise<void>>;
  /** Claims those of these names that nobody has claimed before, in the store. Who claims keeps what it is about, and says so. */
  claim(names: readonly string[]): Promise<Claimed>;
  /** What these names are about outlives this process: the claim holds for good. Before that, only for seconds. */
  keepClaimed(names: readonly string[]): Promise<void>;

  /** Removes a small step of what is beyond the limits; nothing removed: nothing is beyond them. */
  retain(limits: Limits): Promise<Removed>;
  /** Removes at once all that is named, in every place; what is stored later is stored. */
  forget(which: Forget): Promise<Removed>;
  /** The file that the store was found damaged in and that was therefore set aside, if so. */
  close(): Promise<{ readonly setAside?: string }>;
}
