// One session in memory: its rows in columns, and what follows from them: lanes, bars, turns, spans and gaps.
// - Rows come in the order of the store; one that is there already is left out.
// - Row times never run backwards here, so that the columns can be searched.
// - What a row means is said by the reducer that the monitor uses (src/session); parts are built from its transitions.

import type { EventRow } from "../../contract/row.ts";
import type { SessionSummary } from "../../contract/session.ts";
import type { Fact, Head } from "../../session/input.ts";
import { reduce, type Step } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { Parts } from "./build.ts";
import { bytes, Dictionary, floats, integers, lowerBound } from "./columns.ts";

const FLAG_FAILED = 1;
/** Rows know no more. */
const HEAD: Head = {};

export class SessionModel {
  readonly names = new Dictionary();
  // Rows, by index of arrival.
  readonly n = floats();
  readonly t = floats();
  readonly seq = integers();
  readonly event = integers();
  readonly tool = integers();
  readonly kind = integers();
  readonly lane = integers();
  readonly flags = bytes();
  readonly ms = floats();
  /** The bar that this row opened, closed or belongs to; -1 for none. */
  readonly barOf = integers();
  readonly ids: string[] = [];
  readonly texts: string[] = [];
  /** Indices of failed rows, ascending. */
  readonly failedRows: number[] = [];
  readonly parts = new Parts(this.names, (row) => this.textOf(row));
  /** The project's directory: paths in it are shown from there. */
  root = "";
  /** Grows with every row and fact, so that whoever draws knows that there is something new. */
  version = 0;

  #session: Session | undefined;

  get length(): number {
    return this.n.length;
  }

  get firstAt(): number {
    return this.t.at(0);
  }

  get lastAt(): number {
    return this.t.at(this.length - 1);
  }

  /** n of the newest row, 0 when there is none. */
  get newest(): number {
    return this.length === 0 ? 0 : this.n.at(this.length - 1);
  }

  /** What the session is doing; undefined before its first row. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The first bar that can reach the time; but for open ones. */
  firstBarAt(t: number): number {
    const { barStart, longestBar } = this.parts;
    return lowerBound(barStart.data, barStart.length, t - longestBar);
  }

  isFailed(row: number): boolean {
    return (this.flags.at(row) & FLAG_FAILED) !== 0;
  }

  /** What matters of the row, with paths from the project's directory on. */
  textOf(index: number): string {
    return fromRoot(this.texts[index] ?? "", this.root);
  }

  /** The row as it came, but for what only the reducer needed. */
  row(index: number, session: string): EventRow {
    const lane = this.parts.lanes[this.lane.at(index)];
    const tool = this.names.text(this.tool.at(index));
    const kind = this.names.text(this.kind.at(index));
    const ms = this.ms.at(index);
    return {
      n: this.n.at(index),
      id: this.ids[index] ?? "",
      t: this.t.at(index),
      session,
      seq: this.seq.at(index),
      event: this.names.text(this.event.at(index)),
      ...(tool ? { tool } : {}),
      ...(lane?.id ? { agent: lane.id } : {}),
      ...(lane?.type ? { agentType: lane.type } : {}),
      ...(this.isFailed(index) ? { failed: true as const } : {}),
      ...(Number.isNaN(ms) ? {} : { ms }),
      ...(kind ? { kind } : {}),
      text: this.textOf(index),
      bytes: 0,
    };
  }

  /** Takes the next row; one that is already there, or older, is left out. */
  push(row: EventRow): boolean {
    if (row.n <= this.newest) return false;
    const t = this.length === 0 ? row.t : Math.max(row.t, this.lastAt);
    const index = this.n.push(row.n);
    this.t.push(t);
    this.seq.push(row.seq);
    this.event.push(this.names.number(row.event));
    this.tool.push(this.names.number(row.tool));
    this.kind.push(this.names.number(row.kind));
    this.flags.push(row.failed ? FLAG_FAILED : 0);
    this.ms.push(row.ms ?? Number.NaN);
    this.ids.push(row.id);
    this.texts.push(row.text ?? "");
    if (row.failed) this.failedRows.push(index);
    const bar = this.#take(
      reduce(this.#session, { kind: "event", row: t === row.t ? row : { ...row, t }, head: HEAD }),
      index,
    );
    this.barOf.push(bar < 0 && row.call !== undefined ? this.parts.barOf(row.call) : bar);
    const lane = this.parts.laneOf(row.agent, t);
    if (Number.isNaN(lane.start)) lane.start = t;
    this.lane.push(lane.index);
    return true;
  }

  /** Takes what no row says, and the monitor knows from elsewhere: what was broken off, answered, or is gone. */
  follow(summary: SessionSummary, now: number): void {
    const { state, since } = summary;
    if (state === "interrupted") this.#learn({ kind: "interrupted", t: since });
    if (state === "lost") this.#learn({ kind: "gone", t: since });
    for (const { call, answeredAt } of summary.running)
      if (answeredAt !== undefined && this.#session?.waits.some((wait) => wait.call === call))
        this.#learn({ kind: "answered", t: answeredAt, call });
    const isOpen = this.#session?.waits.some(({ for: { code } }) => code !== "prompt");
    if (isOpen && summary.waits.length === 0 && summary.lastAt >= this.lastAt)
      this.#learn({ kind: "answered", t: now });
  }

  #learn(fact: Fact): void {
    if (this.#session) this.#take(reduce(this.#session, fact), -1);
  }

  /** The last bar that a step was about, -1 for none. */
  #take({ session, transitions }: Step, row: number): number {
    this.#session = session;
    if (row >= 0 || transitions.length > 0) this.version += 1;
    let bar = -1;
    for (const transition of transitions) {
      const about = this.parts.apply(transition, row);
      if (about >= 0 && isOwn(transition.type)) bar = about;
    }
    return bar;
  }
}

/** Whether a row belongs to the bar that a transition of it is about: what it closes beside that is none of it. */
function isOwn(type: string): boolean {
  return type === "callOpened" || type === "waitOpened";
}

/** The text with paths below the root shortened to start there. */
export function fromRoot(text: string, root: string): string {
  return root.length > 1 ? text.replaceAll(`${root}/`, "") : text;
}
