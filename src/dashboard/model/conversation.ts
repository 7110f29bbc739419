// What a session's conversation shows, in order: messages, calls between them, and what happened to the session.
// - From rows alone, so that a long session is there at once: a message's text is read when it is to be seen.
// - How a call ended is said by the reducer. The calls and words of a subagent stand with the call that started it.

import type { EventRow } from "../../contract/row.ts";
import { MESSAGE_EVENTS, type Place, type PlacedRow, placesOf, turnAtOf } from "../../session/conversation.ts";
import type { Head } from "../../session/input.ts";
import { isTaskNews } from "../../session/news.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import type { CallOutcome, Transition } from "../../session/transition.ts";
import { own } from "./own.ts";

export interface Call {
  /** tool_use_id */
  readonly id: string;
  readonly tool: string;
  readonly text: string;
  /** ms since 1970 */
  readonly since: number;
  ms?: number;
  outcome: CallOutcome | "running";
  readonly agent?: string;
  /** The event that tells most of it: its end, or its beginning while there is none. */
  event: string;
  /** Grows with all that becomes known of it and of the subagents that it started. */
  version: number;
}

export interface Said extends Place {
  readonly kind: "message";
  /** The beginning of its text. */
  readonly preview: string;
  /** All of the text stands in `preview`. */
  readonly isWhole: boolean;
  readonly agent?: string;
  /** It is no person's: the end of a background task. */
  readonly isNews: boolean;
}

/** Calls with nothing said between them. */
export interface Step {
  readonly kind: "calls";
  readonly id: string;
  readonly t: number;
  readonly calls: readonly Call[];
  /** The sum of theirs. */
  readonly version: number;
}

export interface Note {
  readonly kind: "note";
  readonly id: string;
  readonly t: number;
  readonly text: string;
}

export type Item = Said | Step | Note;

export interface Conversation {
  readonly items: readonly Item[];
  /** All messages in order, subagents' too: texts are read by their places. */
  readonly places: readonly Place[];
  /** What a subagent said and did, by the call that started it; those of no known call by "". */
  readonly agents: ReadonlyMap<
    string,
    readonly { readonly id: string; readonly type: string; readonly items: readonly Item[] }[]
  >;
}

/** A row's text is cut after so many characters. */
const PREVIEW = 160;
/** Subagents in subagents. */
const MAX_NESTED = 16;
const TELLS = new Set<string>(MESSAGE_EVENTS);
const HEAD: Head = {};

/** Takes rows as they come; `conversation` gives what is to be shown of all of them. */
export class ConversationModel {
  readonly #told: PlacedRow[] = [];
  readonly #texts = new Map<string, string>();
  readonly #calls = new Map<string, Call>();
  readonly #notes: Note[] = [];
  readonly #turns: { number: number; t: number }[] = [];
  readonly #agents = new Map<string, { type: string; call: string; t: number }>();
  readonly #agentOf = new Map<string, string>();
  #session: Session | undefined;
  #newest = 0;
  /** Number within the session of the first event that is here. */
  #first = 0;

  /** Messages and calls. */
  get size(): number {
    return this.#told.length + this.#calls.size;
  }

  push(row: EventRow): void {
    if (row.n <= this.#newest) return;
    this.#newest = row.n;
    this.#first ||= row.seq;
    if (TELLS.has(row.event)) {
      this.#told.push(row);
      if (row.text) this.#texts.set(row.id, row.text);
      if (row.agent) this.#agentOf.set(row.id, row.agent);
    }
    const { session, transitions } = reduce(this.#session, { kind: "event", row, head: HEAD });
    this.#session = session;
    for (const transition of transitions) this.#take(transition, row);
    const ends = row.event === "PostToolUse" || row.event === "PostToolUseFailure" || row.event === "PermissionDenied";
    const call = row.call === undefined || !ends ? undefined : this.#calls.get(row.call);
    if (call) {
      call.event = row.id;
      call.version++;
    }
    if (row.agent !== undefined) this.#touch(row.agent);
    const note = noteOf(row);
    if (note) this.#notes.push({ kind: "note", id: row.id, t: row.t, text: note });
  }

  /** Marks the calls above a subagent as changed. */
  #touch(agent: string): void {
    for (let at: string | undefined = agent, depth = 0; at !== undefined && depth < MAX_NESTED; depth++) {
      const call: Call | undefined = this.#calls.get(this.#agents.get(at)?.call ?? "");
      if (call) call.version++;
      at = call?.agent;
    }
  }

  #take(transition: Transition, row: EventRow): void {
    switch (transition.type) {
      case "callOpened": {
        const { call: id, tool, agent, t } = transition;
        const known = this.#calls.get(id);
        if (known) known.outcome = "running";
        else
          this.#calls.set(id, {
            id,
            tool,
            text: transition.text ?? row.text ?? "",
            since: t,
            outcome: "running",
            event: row.id,
            version: 0,
            ...(agent === undefined ? {} : { agent }),
          });
        return;
      }
      case "callEnded": {
        const call = this.#calls.get(transition.call);
        if (!call) return;
        call.outcome = transition.outcome;
        call.ms = transition.ms ?? transition.t - transition.since;
        call.version++;
        return;
      }
      case "turnStarted":
        if (!transition.again) this.#turns.push({ number: transition.number, t: transition.t });
        return;
      case "subagentStarted":
      case "subagentLinked": {
        const { id, type, call, since } = transition.subagent;
        const known = this.#agents.get(id);
        this.#agents.set(id, {
          type: type ?? known?.type ?? "",
          call: call ?? known?.call ?? "",
          t: known?.t ?? since,
        });
        return;
      }
      case "interrupted":
        this.#notes.push({ kind: "note", id: `${row.id}-i`, t: transition.t, text: "interrupted by the user" });
        return;
      default:
        return;
    }
  }

  /** All calls, subagents' too. */
  calls(): Iterable<Readonly<Call>> {
    return this.#calls.values();
  }

  /**
   * What is to be shown now; `isShort`: prompts and final answers alone. `turns`: how many the session has had, which
   * numbers those that are here where earlier ones are not.
   */
  conversation(isShort: boolean, turns?: number): Conversation {
    const steps = this.steps(isShort, turns);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** The same in steps, between which others may do their work. */
  *steps(isShort: boolean, turns = 0): Generator<undefined, Conversation> {
    const isCut = this.#first > 1;
    const earlier = isCut ? Math.max(turns - (this.#turns.at(-1)?.number ?? 0), 0) : 0;
    const begun = turnAtOf(this.#turns.map(({ t, number }) => ({ number, startedAt: t })));
    const places = placesOf(this.#told, (t) => begun(t) + earlier);
    yield;
    const said = places.map((place): Said => {
      const preview = this.#texts.get(place.id) ?? "";
      const agent = this.#agentOf.get(place.id);
      return {
        ...place,
        kind: "message",
        preview,
        isWhole: preview.length < PREVIEW,
        isNews: isTaskNews(preview),
        ...(agent === undefined ? {} : { agent }),
      };
    });
    yield;
    if (isShort) {
      const items = said.filter(({ role, final, agent, isNews }) => !agent && !isNews && (role === "user" || final));
      return { items, places, agents: new Map() };
    }
    const byAgent = Map.groupBy(said, ({ agent }) => agent ?? "");
    const calls = Map.groupBy(this.#calls.values(), ({ agent }) => agent ?? "");
    yield;
    const agents = new Map<string, { id: string; type: string; items: readonly Item[] }[]>();
    for (const [id, { type, call }] of this.#agents) {
      const key = this.#calls.has(call) ? call : "";
      const items = merged(byAgent.get(id) ?? [], calls.get(id) ?? [], []);
      agents.set(key, [...(agents.get(key) ?? []), { id, type, items }]);
    }
    yield;
    return { items: merged(byAgent.get("") ?? [], calls.get("") ?? [], this.#notes), places, agents };
  }
}

function merged(said: readonly Said[], calls: readonly Call[], notes: readonly Note[]): Item[] {
  const all: (Said | Call | Note)[] = [...said, ...calls, ...notes];
  const timeOf = (one: Said | Call | Note) => ("since" in one ? one.since : one.t);
  all.sort((a, b) => timeOf(a) - timeOf(b));
  const items: Item[] = [];
  let open: Call[] = [];
  const close = () => {
    const [first] = open;
    if (first) {
      const version = open.reduce((sum, call) => sum + call.version, open.length);
      items.push({ kind: "calls", id: first.id, t: first.since, calls: open, version });
    }
    open = [];
  };
  for (const one of all) {
    if ("kind" in one) {
      close();
      items.push(one);
    } else open.push(one);
  }
  close();
  return items;
}

const STARTS: Readonly<Record<string, string>> = {
  resume: "resumed",
  clear: "begun anew after /clear",
  fork: "forked from another session",
};

function noteOf({ event, kind }: EventRow): string | undefined {
  switch (event) {
    case "SessionStart":
      return own(STARTS, kind ?? "");
    case "PostCompact":
      return "the conversation was compacted";
    case "SessionEnd":
      return "the session ended";
    default:
      return undefined;
  }
}
