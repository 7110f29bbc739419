// One session on screen: its rows and parts, what part is in view, where time stands, what is chosen. The timeline and the list
// both follow it, which keeps them in step.

import { type Signal, signal } from "@preact/signals";
import { lowerBound } from "../model/columns.ts";
import type { Lane, Turn } from "../model/parts.ts";
import { SessionModel } from "../model/session.ts";
import { fit, pan, reveal, showAt, type Viewport, zoom } from "./viewport.ts";

/** Where the newest moment stands while the view follows it. */
const FOLLOW_PLACE = 0.94;
const FIRST_FOLLOW_SPAN_MS = 120_000;

/** Who moved: the other one follows. */
export type Mover = "timeline" | "list" | "live";

export interface Stage {
  readonly model: SessionModel;
  readonly view: Signal<Viewport>;
  readonly follow: Signal<boolean>;
  /** Index of the chosen row, -1 for none. */
  readonly selected: Signal<number>;
  /** Place of a replay, ms; undefined outside of one. */
  readonly replay: Signal<number | undefined>;
  /** Counts up when rows came, at most once a frame. */
  readonly changed: Signal<number>;
  /** What the list shows, as times. */
  readonly listed: Signal<Viewport | undefined>;
  readonly mover: Signal<Mover>;
  /** True while the session can still grow. */
  readonly open: Signal<boolean>;
}

export function createStage(): Stage {
  return {
    model: new SessionModel(),
    view: signal({ from: 0, to: 1000 }),
    follow: signal(false),
    selected: signal(-1),
    replay: signal<number | undefined>(undefined),
    changed: signal(0),
    listed: signal<Viewport | undefined>(undefined),
    mover: signal<Mover>("live"),
    open: signal(true),
  };
}

/** Where time stands: the replay, now for a session that lives, else its last row. */
export function headOf(stage: Stage, now: number): number {
  if (stage.replay.value !== undefined) return stage.replay.value;
  return stage.open.value ? Math.max(now, stage.model.lastAt || 0) : stage.model.lastAt;
}

export function boundsOf(stage: Stage, now: number): Viewport {
  const first = stage.model.firstAt;
  if (Number.isNaN(first)) return { from: now - 1000, to: now };
  const last =
    stage.open.value && stage.replay.value === undefined ? Math.max(now, stage.model.lastAt) : stage.model.lastAt;
  return fit(first, last);
}

export function showAll(stage: Stage, now: number): void {
  stage.follow.value = false;
  stage.mover.value = "timeline";
  stage.view.value = boundsOf(stage, now);
}

/** Keeps the newest moment near the right edge. */
export function followHead(stage: Stage, now: number): void {
  const bounds = boundsOf(stage, now);
  const { from, to } = stage.view.value;
  const span = Math.min(to - from, Math.max(bounds.to - bounds.from, 1000));
  const head = headOf(stage, now);
  stage.mover.value = "live";
  stage.view.value = { from: head - span * FOLLOW_PLACE, to: head + span * (1 - FOLLOW_PLACE) };
}

/** First look: the last minutes of a session that is at work, all of one that has ended or in which nothing happens. */
export function firstLook(stage: Stage, now: number): void {
  const bounds = boundsOf(stage, now);
  if (stage.open.value && now - stage.model.lastAt > FIRST_FOLLOW_SPAN_MS) {
    stage.view.value = fit(stage.model.firstAt, stage.model.lastAt);
    stage.follow.value = false;
    return;
  }
  if (!stage.open.value || bounds.to - bounds.from < FIRST_FOLLOW_SPAN_MS) {
    stage.view.value = bounds;
    stage.follow.value = stage.open.value;
    return;
  }
  stage.view.value = { from: bounds.to - FIRST_FOLLOW_SPAN_MS, to: bounds.to };
  stage.follow.value = true;
  followHead(stage, now);
}

export function zoomBy(stage: Stage, factor: number, anchor: number | undefined, now: number): void {
  const { from, to } = stage.view.value;
  const at = stage.follow.value ? headOf(stage, now) : (anchor ?? (from + to) / 2);
  stage.mover.value = "timeline";
  stage.view.value = zoom(stage.view.value, factor, at, boundsOf(stage, now));
  if (stage.follow.value) followHead(stage, now);
}

/** @param share of the visible span */
export function panBy(stage: Stage, share: number, now: number): void {
  const { from, to } = stage.view.value;
  stage.follow.value = false;
  stage.mover.value = "timeline";
  stage.view.value = pan(stage.view.value, (to - from) * share, boundsOf(stage, now));
}

/** Brings a row into view and chooses it. */
export function choose(stage: Stage, row: number, mover: Mover, now: number): void {
  if (row < 0 || row >= stage.model.length) return;
  stage.follow.value = false;
  stage.mover.value = mover;
  stage.selected.value = row;
  stage.view.value = reveal(stage.view.value, stage.model.t.at(row), boundsOf(stage, now));
}

/** Chooses the first event of a subagent; `closer`: with all of it in view. */
export function chooseLane(stage: Stage, { index, start, end }: Lane, now: number, closer: boolean): void {
  const { model } = stage;
  let row = lowerBound(model.t.data, model.length, start);
  while (row < model.length && model.lane.at(row) !== index) row += 1;
  if (closer) {
    const bounds = boundsOf(stage, now);
    const { from, to } = fit(start, Number.isNaN(end) ? headOf(stage, now) : end);
    stage.view.value = { from: Math.max(from, bounds.from), to: Math.min(to, bounds.to) };
  }
  choose(stage, row, "timeline", now);
}

/** The turn that goes on at the chosen event, else in the middle of what is in view. */
export function turnInView(stage: Stage): Turn | undefined {
  const { model, selected, view } = stage;
  const t = selected.value >= 0 ? model.t.at(selected.value) : (view.value.from + view.value.to) / 2;
  return model.parts.turns.findLast(({ start }) => start <= t);
}

export function centreOn(stage: Stage, t: number, now: number): void {
  stage.follow.value = false;
  stage.mover.value = "timeline";
  stage.view.value = showAt(stage.view.value, t, 0.5, boundsOf(stage, now));
}

/** First row at or after the left edge of the view. */
export function firstInView(stage: Stage): number {
  return lowerBound(stage.model.t.data, stage.model.length, stage.view.value.from);
}

/** How many rows there are as far as time goes: all but in a replay. */
export function rowsUntilHead(stage: Stage): number {
  const { model, replay } = stage;
  return replay.value === undefined ? model.length : lowerBound(model.t.data, model.length, replay.value + 1);
}
