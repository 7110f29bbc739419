// The state of a session between two inputs: small, plain data that a store keeps as JSON.
// - `readSession` accepts what this and earlier versions wrote, and nothing else.

import * as z from "zod/mini";
import {
  OpenCall,
  OpenSubagent,
  SessionState,
  SessionSummary,
  StateReason,
  type WaitReason,
} from "../contract/session.ts";
import { Turn } from "../contract/turn.ts";
import type { EventInput } from "./input.ts";

const VERSION = 2;
export const PULSE_MINUTES = 30;
export const MINUTE_MS = 60_000;

/** Where a turn stands, apart from questions and compactions that hold it up. */
const Base = z.object({
  state: z.enum(["working", "idle", "interrupted", "ended", "lost"]),
  since: z.number(),
  reason: z.exactOptional(StateReason),
});
export type Base = z.infer<typeof Base>;

/** A call that was closed although nothing said how it ended: its end, or its beginning once more, may still come. */
const LeftCall = z.extend(OpenCall, { outcome: z.enum(["denied", "interrupted"]) });
export type LeftCall = z.infer<typeof LeftCall>;

const Span = z.object({ from: z.number(), to: z.number(), waiting: z.exactOptional(z.literal(true)) });
export type Span = z.infer<typeof Span>;

const { ms: _ms, tokens: _tokens, cost: _cost, ...TOLD } = Turn.shape;

/** A turn as it is kept: the contract's, with its time not yet split. */
export const TurnRecord = z.object({
  ...TOLD,
  /** Time of its newest transition: clocks are set back. */
  latest: z.number(),
  /** Until when time is summed up: what is said of earlier times later, by a clock that was set back, counts no more. */
  settledAt: z.number(),
  /** ms of the spans that are summed up. */
  tools: z.number(),
  waiting: z.number(),
  /** What has ended while something else was open: it may overlap with that. */
  spans: z.array(Span),
});
export type TurnRecord = z.infer<typeof TurnRecord>;

/** A call that fails. */
const Failing = z.object({
  what: z.string(),
  error: z.string(),
  agent: z.exactOptional(z.string()),
  /** In a row, whatever was done in between. */
  count: z.int(),
  /** Since something else was done. */
  bare: z.int(),
  since: z.number(),
  evidence: z.array(z.string()),
});
export type Failing = z.infer<typeof Failing>;

/** One edit: from what to what, as hashes, by which event. */
const Edited = z.object({ from: z.string(), to: z.string(), event: z.string(), t: z.number() });
const EditedFile = z.object({
  path: z.string(),
  steps: z.array(Edited),
  returns: z.int(),
  since: z.exactOptional(z.number()),
  evidence: z.array(z.string()),
});
export type EditedFile = z.infer<typeof EditedFile>;

/** What is remembered to tell the next signal. */
export const Watch = z.object({
  /** Id of the event that began the turn. */
  begun: z.exactOptional(z.string()),
  calls: z.array(Failing),
  files: z.array(EditedFile),
  /** How long the latest turns took, without waits for a person. */
  turns: z.array(z.object({ number: z.int(), ms: z.number() })),
});
export type Watch = z.infer<typeof Watch>;

const { detail: _detail, answer: _answer, ...SHOWN } = SessionSummary.shape;

export const Session = z.object({
  ...SHOWN,
  version: z.literal(VERSION),
  base: Base,
  /** The latest turn, open or not. */
  turn: z.exactOptional(TurnRecord),
  // What comes and goes is set to undefined, and not deleted: an object that has lost a property is slow to copy.
  pidns: z.optional(z.string()),
  reason: z.optional(StateReason),
  /** prompt_id of the newest event of the open turn. */
  promptId: z.optional(z.string()),
  /** The user has broken a turn off: a line of the transcript, which may be read before or after the turn's events. */
  interruption: z.optional(z.object({ t: z.number(), prompt: z.exactOptional(z.string()) })),
  /** Since when it is compacting. */
  compacting: z.optional(z.number()),
  /** The newest of the calls that were left. */
  left: z.array(LeftCall),
  /** Ids of the newest calls that have ended: a beginning that comes late opens nothing. */
  ended: z.array(z.string()),
  /** Subagents that are over: one that goes on is in the background still, if it was. */
  over: z.array(OpenSubagent),
  /** Questions so far. */
  asked: z.int(),
  /** Events that only a transcript told of; they have no place among the numbers of the others. */
  told: z.int(),
  maxSeq: z.int(),
  /** Events that the store had and has removed, with all that it knew of the session. */
  forgotten: z.exactOptional(z.int()),
  /** Minute of the pulse's last element. */
  minute: z.number(),
  watch: z.exactOptional(Watch),
});
type Draft = z.infer<typeof Session>;
/** A session between two inputs. Its lists are replaced, never changed. */
export type Session = { readonly [K in keyof Draft]: Draft[K] extends (infer E)[] ? readonly E[] : Draft[K] };
/** The copy that a reduction works on. */
export type SessionDraft = { -readonly [K in keyof Session]: Session[K] };

/** A session before its first event. */
export function begin({ row, head, forgotten }: EventInput): Session {
  return {
    version: VERSION,
    id: row.session,
    project: head.project ?? "",
    host: head.host ?? "",
    state: "idle",
    since: row.t,
    firstAt: row.t,
    lastAt: row.t,
    origin: row.event === "SessionStart" ? (row.kind ?? "startup") : "joined",
    events: 0,
    failures: 0,
    turns: 0,
    toolCalls: 0,
    denied: 0,
    gaps: 0,
    running: [],
    waits: [],
    subagents: [],
    base: { state: "idle", since: row.t },
    left: [],
    ended: [],
    over: [],
    asked: 0,
    told: 0,
    maxSeq: 0,
    ...(forgotten === undefined ? {} : { forgotten }),
    pulse: new Array<number>(PULSE_MINUTES).fill(0),
    minute: Math.floor(row.t / MINUTE_MS),
  };
}

/** The state that a store has kept, of this or an earlier version; undefined where it is none. */
export function readSession(given: unknown): Session | undefined {
  const current = Session.safeParse(given);
  if (current.success) return current.data;
  const first = FirstVersion.safeParse(given);
  return first.success ? migrate(first.data) : undefined;
}

/** What was kept of a session before states had a version. What has a default was not known to all of them. */
const FirstVersion = z.object({
  ...SHOWN,
  reason: z.optional(z.unknown()),
  detail: z.optional(z.string()),
  version: z.optional(z.undefined()),
  denied: z._default(z.number(), 0),
  waits: z._default(
    z.array(z.object({ since: z.number(), agent: z.optional(z.string()), call: z.optional(z.string()) })),
    [],
  ),
  base: z.optional(z.object({ state: SessionState, since: z.number() })),
  promptId: z.optional(z.string()),
  compacting: z.optional(z.number()),
  left: z._default(z.array(z.string()), []),
  ended: z._default(z.array(z.string()), []),
  over: z._default(z.array(OpenSubagent), []),
  maxSeq: z._default(z.int(), 0),
  minute: z.number(),
});

/** Who waited is taken for somebody who works: the next event says more. */
function migrate(old: z.infer<typeof FirstVersion>): Session {
  const {
    detail: _detail,
    reason: _reason,
    base: oldBase,
    waits: _waits,
    left,
    promptId,
    compacting: _compacting,
    version: _version,
    ...kept
  } = old;
  const before = oldBase ?? { state: old.state, since: old.since };
  const state = before.state === "waiting" ? (oldBase ? "idle" : "working") : before.state;
  const base: Base = { state, since: before.since };
  const open = state === "working";
  return {
    ...kept,
    version: VERSION,
    state,
    since: before.since,
    base,
    waits: [],
    asked: 0,
    told: 0,
    turns: open ? Math.max(1, old.turns) : old.turns,
    left: left.map((call) => ({ call, tool: "", since: old.lastAt, outcome: "interrupted" })),
    ...(promptId === undefined ? {} : { promptId }),
    ...(open || old.turns > 0
      ? {
          turn: {
            number: Math.max(1, old.turns),
            state: open ? "open" : "done",
            prompt: old.prompt ?? "",
            startedAt: before.since,
            latest: before.since,
            settledAt: before.since,
            ...(open ? {} : { endedAt: before.since }),
            calls: 0,
            failed: 0,
            denied: 0,
            tools: 0,
            waiting: 0,
            spans: [],
          },
        }
      : {}),
  };
}

/** Whether the session waits for something that holds up its work: for anything but the next prompt. */
function holdsUp(reason: WaitReason): boolean {
  return reason.code !== "prompt";
}

/** A turn that the user can break off without an event. */
export function isInterruptible({ state, reason }: Pick<SessionSummary, "state" | "reason">): boolean {
  if (state === "working") return true;
  return state === "waiting" && reason?.code === "waiting" && holdsUp(reason.for);
}
