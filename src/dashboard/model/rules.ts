// What a row means for the score of its session.
// - A call is a bar from PreToolUse to PostToolUse, PostToolUseFailure or PermissionDenied of the same tool_use_id;
//   `Task` and `Agent` are the same tool. Calls in parallel lie on levels of their own.
// - PostToolBatch without an end of the call: it was denied or invalid. A turn that ends, the next prompt, the end of
//   the session: whatever is still open was interrupted. What is typed or reported while a turn runs has its prompt_id.
// - The end of a call in the background is its launch. A subagent that was launched so outlives the turn; another is over
//   when its call is.
// - A subagent's parent is the agent whose PostToolUse(Agent) names it; until then, the one that waits for an Agent call.
// - Any event may be the first: lanes, turns and bars come into being with what mentions them.

import type { EventRow } from "../../contract/row.ts";
import { DENIED, DONE, endOf, FAILED, INTERRUPTED, type Lane, MAIN, OPEN, type Span, type SpanKind } from "./parts.ts";
import type { Score } from "./score.ts";
import { endWaits, NO_BAR, openWaits } from "./waits.ts";

const ASKS_A_PERSON = new Set(["AskUserQuestion", "ExitPlanMode"]);
const STARTS_AGENT = new Set(["Agent", "Task"]);
const MAX_LEVEL = 63;

/** What is open in a session while its rows come in. */
export class OpenThings {
  readonly #score: Score;
  readonly #laneByAgent = new Map<string, number>();
  readonly #barByCall = new Map<string, number>();
  /** Bars whose end came without their beginning. */
  readonly #unbegun = new Set<number>();
  /** Bars without an end, by lane. */
  readonly #bars: number[][] = [];
  /** Agent calls whose subagent has shown itself. */
  readonly #claimed = new Set<number>();
  #compaction: Span | undefined;

  constructor(score: Score) {
    this.#score = score;
    this.#addLane("", Number.NaN);
  }

  /** All bars without an end, ascending. */
  bars(): number[] {
    return this.#bars.flat().sort((a, b) => a - b);
  }

  /** The lane that the row belongs to; it comes into being with its first row. */
  laneOf(row: EventRow, t: number): number {
    const index = this.#laneByAgent.get(row.agent ?? "") ?? this.#addLane(row.agent ?? "", t);
    const lane = this.#lane(index);
    if (Number.isNaN(lane.start)) lane.start = t;
    if (row.agentType && row.agent) lane.type ||= row.agentType;
    const continues = row.event === "SubagentStart" || row.event === "PreToolUse";
    if (continues && index !== MAIN && !Number.isNaN(lane.end)) {
      lane.end = Number.NaN;
      lane.status = OPEN;
    }
    return index;
  }

  /** @param index of the row, already in the columns */
  apply(row: EventRow, index: number, t: number, lane: number): void {
    switch (row.event) {
      case "SessionStart":
        // A host that starts anew has nothing open any more; after a compaction it is still the same host.
        if (row.kind === "compact") this.#endCompaction(t);
        else this.#endSession(t, index);
        break;
      case "UserPromptSubmit":
        this.#startTurn(row, index, t);
        break;
      case "PreToolUse":
        this.#open(row, index, t, lane);
        break;
      case "PostToolUse":
      case "PostToolUseFailure":
      case "PermissionDenied":
        this.#end(row, index, t, lane);
        break;
      case "PostToolBatch":
        this.#closeBarsOf(lane, t, index, DENIED);
        endWaits(this.#score, lane, t, NO_BAR);
        break;
      case "PermissionRequest":
        this.#wait("permission", row, index, t, lane);
        break;
      case "Elicitation":
        this.#span({ kind: "question", lane, row: index, start: t, end: Number.NaN, bar: NO_BAR });
        break;
      case "ElicitationResult":
        endWaits(this.#score, lane, t, NO_BAR);
        break;
      case "SubagentStop":
        this.#endLane(lane, t, index, DONE);
        break;
      case "Stop":
        this.#endTurn(t, index, DONE);
        break;
      case "StopFailure":
        this.#endTurn(t, index, FAILED);
        break;
      case "PreCompact":
        this.#endCompaction(t);
        this.#compaction = this.#span({ kind: "compaction", lane, row: index, start: t, end: Number.NaN, bar: NO_BAR });
        break;
      case "PostCompact":
        this.#endCompaction(t);
        break;
      case "SessionEnd":
        this.#endSession(t, index);
        break;
    }
  }

  #lane(index: number): Lane {
    return this.#score.lanes[index] as Lane;
  }

  #addLane(agent: string, t: number): number {
    const { lanes, barLane, barRow } = this.#score;
    const index = lanes.length;
    this.#laneByAgent.set(agent, index);
    this.#bars.push([]);
    const caller = index === MAIN ? undefined : this.#callerOfNext();
    if (caller !== undefined) this.#claimed.add(caller);
    lanes.push({
      index,
      id: agent,
      type: "",
      title: caller === undefined ? "" : this.#score.textOf(barRow.at(caller)),
      parent: caller === undefined ? MAIN : barLane.at(caller),
      linked: false,
      background: false,
      start: t,
      end: Number.NaN,
      status: OPEN,
      levels: 1,
    });
    return index;
  }

  /** The oldest Agent call that runs and whose subagent has not shown itself: they start in the order of the calls. */
  #callerOfNext(): number | undefined {
    const { names, barTool } = this.#score;
    const waiting = this.#bars
      .flat()
      .filter((bar) => STARTS_AGENT.has(names.text(barTool.at(bar))) && !this.#claimed.has(bar));
    return waiting.length > 0 ? Math.min(...waiting) : undefined;
  }

  #open(row: EventRow, index: number, t: number, lane: number): void {
    const { barOf, barStatus, barEnd, barLane } = this.#score;
    const known = row.call === undefined ? undefined : this.#barByCall.get(row.call);
    // A known one has begun, or its end has overtaken its beginning; one that has ended and begins anew is another.
    const isOver = known !== undefined && ![OPEN, INTERRUPTED].includes(barStatus.at(known));
    if (known === undefined || (isOver && !this.#unbegun.has(known))) {
      barOf.data[index] = this.#addBar(row, index, t, lane);
      this.#ask(row, index, t, lane);
      return;
    }
    // A deferred call is announced again when the session is resumed: the same bar goes on.
    barOf.data[index] = known;
    if (barStatus.at(known) !== INTERRUPTED) return;
    barStatus.data[known] = OPEN;
    barEnd.data[known] = Number.NaN;
    this.#bars[barLane.at(known)]?.push(known);
    this.#ask(row, index, t, lane);
  }

  #ask(row: EventRow, index: number, t: number, lane: number): void {
    if (row.tool && ASKS_A_PERSON.has(row.tool)) this.#wait("question", row, index, t, lane);
  }

  #addBar(row: EventRow, index: number, t: number, lane: number): number {
    const score = this.#score;
    const open = this.#bars[lane] as number[];
    const used = new Set(open.map((bar) => score.barLevel.at(bar)));
    let level = 0;
    while (used.has(level) && level < MAX_LEVEL) level += 1;
    const bar = score.barRow.push(index);
    score.barEndRow.push(-1);
    score.barStart.push(t);
    score.barEnd.push(Number.NaN);
    score.barLane.push(lane);
    score.barTool.push(score.names.number(row.tool));
    score.barStatus.push(OPEN);
    score.barLevel.push(level);
    open.push(bar);
    const owner = this.#lane(lane);
    owner.levels = Math.max(owner.levels, level + 1);
    if (row.call !== undefined) this.#barByCall.set(row.call, bar);
    return bar;
  }

  #end(row: EventRow, index: number, t: number, lane: number): void {
    let bar = row.call === undefined ? undefined : this.#barByCall.get(row.call);
    if (bar === undefined) {
      // Its beginning was not seen: the session was joined in the middle.
      bar = this.#addBar(row, index, Math.max(t - (row.ms ?? 0), this.#score.firstAt), lane);
      this.#unbegun.add(bar);
    }
    this.#score.barOf.data[index] = bar;
    this.#closeBar(bar, t, index, endOf(row));
    if (!row.child) return;
    const child = this.#lane(this.#laneByAgent.get(row.child) ?? this.#addLane(row.child, t));
    child.parent = this.#score.barLane.at(bar);
    child.linked = true;
    child.background = row.background === true;
    child.title = this.#score.textOf(this.#score.barRow.at(bar)) || child.title;
    this.#claimed.add(bar);
    if (!row.background) this.#endLane(child.index, t, index, DONE);
  }

  #closeBarsOf(lane: number, t: number, row: number, status: number): void {
    for (const bar of [...(this.#bars[lane] ?? [])]) this.#closeBar(bar, t, row, status);
  }

  #closeBar(bar: number, t: number, endRow: number, status: number): void {
    const { barLane, barStart, barEnd, barEndRow, barStatus, ms } = this.#score;
    const open = this.#bars[barLane.at(bar)] as number[];
    const place = open.indexOf(bar);
    if (place >= 0) open.splice(place, 1);
    const end = Math.max(t, barStart.at(bar));
    barEnd.data[bar] = end;
    this.#score.longestBar = Math.max(this.#score.longestBar, end - barStart.at(bar));
    barEndRow.data[bar] = endRow;
    barStatus.data[bar] = status;
    // The host's own duration leaves the wait for a person out: what is before it was the wait.
    const ran = status === DONE || status === FAILED ? ms.at(endRow) : Number.NaN;
    endWaits(this.#score, barLane.at(bar), Number.isNaN(ran) ? t : Math.max(t - ran, barStart.at(bar)), bar);
  }

  #span(span: Span): Span {
    this.#score.spans.push(span);
    return span;
  }

  /** PermissionRequest has no tool_use_id: it belongs to the newest open call of that tool in that lane. */
  #wait(kind: SpanKind, row: EventRow, index: number, t: number, lane: number): void {
    const { names, barTool, barOf } = this.#score;
    const tool = names.number(row.tool);
    const waiting = new Set(openWaits(this.#score).map((span) => span.bar));
    const bar = this.#bars[lane]?.findLast((open) => barTool.at(open) === tool && !waiting.has(open)) ?? NO_BAR;
    this.#span({ kind, lane, row: index, start: t, end: Number.NaN, bar });
    barOf.data[index] = bar;
  }

  #endCompaction(t: number): void {
    if (this.#compaction) this.#compaction.end = t;
    this.#compaction = undefined;
  }

  #startTurn(row: EventRow, index: number, t: number): void {
    const { turns } = this.#score;
    const { text: prompt = "", prompt: promptId = "" } = row;
    if (turns.some((turn) => Number.isNaN(turn.end) && promptId !== "" && promptId === turn.promptId)) return;
    this.#endTurn(t, index, INTERRUPTED);
    turns.push({ row: index, start: t, end: Number.NaN, status: OPEN, prompt, promptId });
  }

  #endTurn(t: number, row: number, status: number): void {
    const turn = this.#score.turns.at(-1);
    if (turn && Number.isNaN(turn.end)) {
      turn.end = t;
      turn.status = status;
    }
    const asking = new Set(openWaits(this.#score).map((span) => span.lane));
    for (const lane of this.#score.lanes) {
      const over = !Number.isNaN(lane.end) && this.#bars[lane.index]?.length === 0 && !asking.has(lane.index);
      if (!lane.background && !over) this.#endLane(lane.index, t, row, INTERRUPTED);
    }
  }

  #endSession(t: number, row: number): void {
    this.#endTurn(t, row, INTERRUPTED);
    this.#endCompaction(t);
    for (const lane of this.#score.lanes) this.#endLane(lane.index, t, row, INTERRUPTED);
  }

  #endLane(index: number, t: number, row: number, status: number): void {
    const lane = this.#lane(index);
    if (index !== MAIN && Number.isNaN(lane.end)) {
      lane.end = t;
      lane.status = status;
    }
    this.#closeBarsOf(index, t, row, INTERRUPTED);
    endWaits(this.#score, index, t);
  }
}
