// One session as a score: its rows in columns, and lanes, bars, turns, spans and gaps that follow from them.
// - Rows come in the order of the store; one that is there already is left out.
// - Row times never run backwards here, so that the columns can be searched.
// - What follows from a row is decided in rules.ts.

import type { EventRow } from "../../contract/row.ts";
import { bytes, Dictionary, floats, integers, lowerBound } from "./columns.ts";
import type { Gap, Lane, Span, Turn } from "./parts.ts";
import { OpenThings } from "./rules.ts";

const FLAG_FAILED = 1;
const FLAG_BACKGROUND = 2;

export class Score {
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
  // Bars, by start.
  readonly barRow = integers();
  readonly barEndRow = integers();
  readonly barStart = floats();
  readonly barEnd = floats();
  readonly barLane = integers();
  readonly barTool = integers();
  readonly barStatus = bytes();
  readonly barLevel = bytes();

  readonly lanes: Lane[] = [];
  readonly turns: Turn[] = [];
  readonly spans: Span[] = [];
  readonly gaps: Gap[] = [];
  /** Indices of failed rows, ascending. */
  readonly failedRows: number[] = [];
  /** Of the bars that have ended, ms: none that began earlier than this before a moment reaches it. */
  longestBar = 0;
  /** The project's directory: paths in it are shown from there. */
  root = "";
  /** Grows with every row, so that whoever draws knows that there is something new. */
  version = 0;

  readonly #open = new OpenThings(this);

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

  /** Bars that have not ended, ascending. */
  openBars(): number[] {
    return this.#open.bars();
  }

  /** The first bar that can reach the time; but for open ones. */
  firstBarAt(t: number): number {
    return lowerBound(this.barStart.data, this.barStart.length, t - this.longestBar);
  }

  isFailed(row: number): boolean {
    return (this.flags.at(row) & FLAG_FAILED) !== 0;
  }

  /** What matters of the row, with paths from the project's directory on. */
  textOf(index: number): string {
    return fromRoot(this.texts[index] ?? "", this.root);
  }

  /** The row as it came, but for what only the rules needed. */
  row(index: number, session: string): EventRow {
    const lane = this.lanes[this.lane.at(index)];
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
    const expected = this.length === 0 ? row.seq : this.seq.at(this.length - 1) + 1;
    if (row.seq > expected) this.gaps.push({ row: this.length, t, missing: row.seq - expected });
    const lane = this.#open.laneOf(row, t);
    const index = this.n.push(row.n);
    this.t.push(t);
    this.seq.push(row.seq);
    this.event.push(this.names.number(row.event));
    this.tool.push(this.names.number(row.tool));
    this.kind.push(this.names.number(row.kind));
    this.lane.push(lane);
    this.flags.push((row.failed ? FLAG_FAILED : 0) | (row.background ? FLAG_BACKGROUND : 0));
    this.ms.push(row.ms ?? Number.NaN);
    this.barOf.push(-1);
    this.ids.push(row.id);
    this.texts.push(row.text ?? "");
    if (row.failed) this.failedRows.push(index);
    this.#open.apply(row, index, t, lane);
    this.version += 1;
    return true;
  }
}

/** The text with paths below the root shortened to start there. */
export function fromRoot(text: string, root: string): string {
  return root.length > 1 ? text.replaceAll(`${root}/`, "") : text;
}

/** The lanes as a tree, parents before children. */
export function laneOrder(lanes: readonly Lane[]): { lane: Lane; depth: number }[] {
  const children = new Map<number, Lane[]>();
  for (const lane of lanes.slice(1)) {
    const siblings = children.get(lane.parent);
    if (siblings) siblings.push(lane);
    else children.set(lane.parent, [lane]);
  }
  const order: { lane: Lane; depth: number }[] = [];
  const seen = new Set<Lane>();
  const visit = (lane: Lane, depth: number): void => {
    if (seen.has(lane)) return;
    seen.add(lane);
    order.push({ lane, depth });
    for (const child of children.get(lane.index) ?? []) visit(child, depth + 1);
  };
  for (const lane of lanes) if (lane.index === lane.parent || lane.index === 0) visit(lane, 0);
  // A tree that the payloads tie into a knot still shows every lane.
  for (const lane of lanes) visit(lane, 1);
  return order;
}
