// Lanes, bars, turns, spans and gaps of a session, built from the transitions that its rows make.
// - A call is a bar; calls in parallel lie on levels of their own. A call that goes on is the same bar.
// - What was no wait, because a rule or another hook answered, leaves no span.

import type { OpenSubagent } from "../../contract/session.ts";
import type { Transition, TransitionOf } from "../../session/transition.ts";
import { bytes, type Dictionary, floats, integers } from "./columns.ts";
import { type Gap, INTERRUPTED, type Lane, MAIN, OPEN, type Span, STATUS_OF, type Turn } from "./parts.ts";

const MAX_LEVEL = 63;
const NO_BAR = -1;

export class Parts {
  readonly lanes: Lane[] = [];
  readonly turns: Turn[] = [];
  readonly spans: Span[] = [];
  readonly gaps: Gap[] = [];
  // Bars, by start.
  readonly barRow = integers();
  readonly barEndRow = integers();
  readonly barStart = floats();
  readonly barEnd = floats();
  readonly barLane = integers();
  readonly barTool = integers();
  readonly barStatus = bytes();
  readonly barLevel = bytes();
  /** Of the bars that have ended, ms: none that began earlier than this before a moment reaches it. */
  longestBar = 0;

  readonly #names: Dictionary;
  readonly #textOf: (row: number) => string;
  readonly #laneByAgent = new Map<string, number>();
  readonly #barByCall = new Map<string, number>();
  readonly #open = new Set<number>();
  readonly #spanByWait = new Map<number, Span>();
  #compaction: Span | undefined;

  /** `textOf` is what matters of a row. */
  constructor(names: Dictionary, textOf: (row: number) => string) {
    this.#names = names;
    this.#textOf = textOf;
    this.#addLane("", Number.NaN, MAIN);
  }

  /** All bars without an end, ascending. */
  openBars(): number[] {
    return [...this.#open].sort((a, b) => a - b);
  }

  /** The bar of a call, -1 for none. */
  barOf(call: string): number {
    return this.#barByCall.get(call) ?? NO_BAR;
  }

  laneOf(agent: string | undefined, t: number): Lane {
    return this.#lane(this.#laneByAgent.get(agent ?? "") ?? this.#addLane(agent ?? "", t, MAIN));
  }

  /** Takes one transition of a row; the answer is the bar that it is about, -1 for none. */
  apply(transition: Transition, row: number): number {
    switch (transition.type) {
      case "callOpened":
        return transition.again ? this.#reopenBar(transition) : this.#addBar(transition, row);
      case "callEnded":
        return this.#closeBar(transition, row);
      case "waitOpened":
        return this.#openWait(transition, row);
      case "waitEnded":
        this.#endWait(transition);
        return NO_BAR;
      case "turnStarted":
        this.#startTurn(transition, row);
        return NO_BAR;
      case "turnEnded":
        this.#endTurn(transition);
        return NO_BAR;
      case "subagentStarted":
        this.#startSubagent(transition);
        return NO_BAR;
      case "subagentLinked":
        this.#describe(this.laneOf(transition.subagent.id, transition.t), transition.subagent);
        return NO_BAR;
      case "subagentEnded": {
        const lane = this.laneOf(transition.subagent.id, transition.t);
        lane.end = transition.t;
        lane.status = STATUS_OF[transition.outcome];
        return NO_BAR;
      }
      case "compactionStarted":
        this.#compaction = this.#span("compaction", MAIN, row, transition.t, NO_BAR);
        return NO_BAR;
      case "compactionEnded":
        if (this.#compaction) this.#compaction.end = transition.t;
        return NO_BAR;
      case "gap":
        // What came before the first row was not lost: it is not stored any more.
        if (row > 0) this.gaps.push({ row, t: transition.t, missing: transition.missing });
        return NO_BAR;
      default:
        return NO_BAR;
    }
  }

  #lane(index: number): Lane {
    return this.lanes[index] as Lane;
  }

  #addLane(agent: string, t: number, parent: number): number {
    const index = this.lanes.length;
    this.#laneByAgent.set(agent, index);
    this.lanes.push({
      index,
      id: agent,
      type: "",
      title: "",
      parent,
      start: t,
      end: Number.NaN,
      status: OPEN,
      levels: 1,
    });
    return index;
  }

  #startSubagent({ t, subagent, again }: TransitionOf<"subagentStarted">): void {
    const lane = this.laneOf(subagent.id, t);
    lane.end = Number.NaN;
    lane.status = OPEN;
    if (!again) this.#describe(lane, subagent);
  }

  #describe(lane: Lane, { type, parent, call }: OpenSubagent): void {
    if (type) lane.type = type;
    lane.parent = this.#laneByAgent.get(parent ?? "") ?? MAIN;
    const bar = call === undefined ? NO_BAR : this.barOf(call);
    if (bar >= 0) lane.title = this.#textOf(this.barRow.at(bar)) || lane.title;
  }

  #addBar({ call, t, tool, agent }: TransitionOf<"callOpened">, row: number): number {
    const lane = this.laneOf(agent, t);
    const level = this.#freeLevel(lane.index);
    const bar = this.barRow.push(row);
    this.barEndRow.push(NO_BAR);
    this.barStart.push(t);
    this.barEnd.push(Number.NaN);
    this.barLane.push(lane.index);
    this.barTool.push(this.#names.number(tool));
    this.barStatus.push(OPEN);
    this.barLevel.push(level);
    lane.levels = Math.max(lane.levels, level + 1);
    this.#open.add(bar);
    this.#barByCall.set(call, bar);
    return bar;
  }

  #freeLevel(lane: number): number {
    if (this.#open.size === 0) return 0;
    const used = new Set<number>();
    for (const open of this.#open) if (this.barLane.at(open) === lane) used.add(this.barLevel.at(open));
    let level = 0;
    while (used.has(level) && level < MAX_LEVEL) level += 1;
    return level;
  }

  #reopenBar({ call }: TransitionOf<"callOpened">): number {
    const bar = this.barOf(call);
    if (bar < 0) return bar;
    this.barStatus.data[bar] = OPEN;
    this.barEnd.data[bar] = Number.NaN;
    this.barEndRow.data[bar] = NO_BAR;
    this.#open.add(bar);
    return bar;
  }

  #closeBar({ call, t, outcome }: TransitionOf<"callEnded">, row: number): number {
    const bar = this.barOf(call);
    if (bar < 0) return bar;
    this.#open.delete(bar);
    this.barEnd.data[bar] = t;
    this.longestBar = Math.max(this.longestBar, t - this.barStart.at(bar));
    this.barEndRow.data[bar] = row;
    this.barStatus.data[bar] = STATUS_OF[outcome];
    return bar;
  }

  #span(kind: Span["kind"], lane: number, row: number, start: number, bar: number): Span {
    const span: Span = { kind, lane, row, start, end: Number.NaN, bar };
    this.spans.push(span);
    return span;
  }

  #openWait({ wait, t }: TransitionOf<"waitOpened">, row: number): number {
    // Nothing is held up while the session waits for a prompt.
    if (wait.for.code === "prompt") return NO_BAR;
    const kind = wait.for.code === "permission" ? "permission" : "question";
    const bar = wait.call === undefined ? NO_BAR : this.barOf(wait.call);
    this.#spanByWait.set(wait.id, this.#span(kind, this.laneOf(wait.agent, t).index, row, wait.since, bar));
    return bar;
  }

  #endWait({ wait, t, outcome }: TransitionOf<"waitEnded">): void {
    const span = this.#spanByWait.get(wait.id);
    if (!span) return;
    this.#spanByWait.delete(wait.id);
    span.end = t;
    if (outcome === "automatic") this.spans.splice(this.spans.lastIndexOf(span), 1);
  }

  #startTurn({ t, number, id = "", prompt, again }: TransitionOf<"turnStarted">, row: number): void {
    const turn = this.turns.at(-1);
    if (!again || !turn)
      this.turns.push({ number, row, start: t, end: Number.NaN, status: OPEN, prompt, promptId: id });
    else Object.assign(turn, { end: Number.NaN, status: OPEN });
  }

  #endTurn({ t, outcome }: TransitionOf<"turnEnded">): void {
    const turn = this.turns.at(-1);
    if (!turn) return;
    turn.end = Math.max(t, turn.start);
    turn.status = outcome === "interrupted" ? INTERRUPTED : STATUS_OF[outcome];
  }
}
