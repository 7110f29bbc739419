// Draws a score on a canvas. What is painted is bounded by pixels, not by the length of the session: bars that fall on
// the same pixel are drawn once, and passing over those out of view costs less than a millisecond for a hundred thousand.

import { lowerBound } from "../model/columns.ts";
import { clock, preciseClock } from "../model/format.ts";
import { DENIED, FAILED, INTERRUPTED, LAUNCHED, OPEN } from "../model/parts.ts";
import type { Score } from "../model/score.ts";
import { familyOf, type Palette } from "./colours.ts";
import { type Layout, LEVEL_HEIGHT, levelTop, type PlacedLane } from "./layout.ts";
import { ticks, type Viewport } from "./viewport.ts";

export const RULER_HEIGHT = 38;
const BAR_HEIGHT = LEVEL_HEIGHT - 3;
const TICK_GAP = 92;
const GLYPH_WIDTH = 6.3;
const MIN_LABEL_WIDTH = 26;
const MIN_BAR_WIDTH = 1.5;
const FONT = "11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";
const SANS = "11px system-ui, sans-serif";

export interface Picture {
  readonly score: Score;
  readonly view: Viewport;
  readonly layout: Layout;
  readonly palette: Palette;
  readonly width: number;
  readonly height: number;
  /** Width of the column with the lanes' names. */
  readonly gutter: number;
  /** How far the lanes are scrolled. */
  readonly scroll: number;
  /** Where time stands: now, or the place of a replay. Nothing later is drawn. */
  readonly head: number;
  readonly selected: number;
  /** First and last time of what the list shows. */
  readonly listed: Viewport | undefined;
}

/** Pixel of a time. */
export function xOf(picture: Pick<Picture, "view" | "width" | "gutter">, t: number): number {
  const { from, to } = picture.view;
  return picture.gutter + ((t - from) / (to - from)) * (picture.width - picture.gutter);
}

export function draw(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, height, palette } = picture;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  drawGrid(context, picture);
  context.save();
  context.beginPath();
  context.rect(0, RULER_HEIGHT, width, height - RULER_HEIGHT);
  context.clip();
  context.translate(0, RULER_HEIGHT - picture.scroll);
  drawLanes(context, picture);
  drawSpans(context, picture);
  drawBars(context, picture);
  drawNames(context, picture);
  context.restore();
  drawTurns(context, picture);
  drawGaps(context, picture);
  drawHead(context, picture);
}

function drawGrid(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, height, gutter, palette, view } = picture;
  const { step, times } = ticks(view, width - gutter, TICK_GAP);
  context.font = SANS;
  context.lineWidth = 1;
  for (const t of times) {
    const x = Math.round(xOf(picture, t)) + 0.5;
    if (x < gutter) continue;
    context.strokeStyle = palette.line;
    context.beginPath();
    context.moveTo(x, RULER_HEIGHT);
    context.lineTo(x, height);
    context.stroke();
    context.fillStyle = palette.muted;
    context.fillText(step >= 1000 ? clock(t) : preciseClock(t), x + 4, 10);
  }
  if (picture.listed) {
    const from = Math.max(xOf(picture, picture.listed.from), gutter);
    const to = Math.min(Math.max(xOf(picture, picture.listed.to), from + 2), width);
    context.fillStyle = palette.accent;
    if (to > gutter) context.fillRect(from, 0, Math.max(to - from, 2), 3);
  }
}

function drawLanes(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, palette, gutter, layout } = picture;
  for (const { lane, top, height } of layout.placed) {
    context.fillStyle = palette.line;
    context.fillRect(0, top + height - 1, width, 1);
    if (lane.index === 0) continue;
    const from = Math.max(xOf(picture, lane.start), gutter);
    const end = Number.isNaN(lane.end) ? picture.head : Math.min(lane.end, picture.head);
    const to = Math.min(xOf(picture, end), width);
    if (to <= from) continue;
    context.globalAlpha = 0.1;
    context.fillStyle = palette.agent;
    context.fillRect(from, top + 1, to - from, height - 3);
    context.globalAlpha = 1;
    context.fillStyle = lane.status === INTERRUPTED ? palette.bad : palette.agent;
    context.fillRect(from, top + 1, 2, height - 3);
    if (!Number.isNaN(lane.end) && lane.end <= picture.head) context.fillRect(to - 2, top + 1, 2, height - 3);
  }
}

function drawSpans(context: CanvasRenderingContext2D, picture: Picture): void {
  const { palette, view, layout, score, gutter, width } = picture;
  for (const span of score.spans) {
    const end = Number.isNaN(span.end) ? picture.head : span.end;
    if (end < view.from || span.start > view.to || span.start > picture.head) continue;
    const lane = layout.byLane[span.lane];
    if (!lane) continue;
    const from = Math.max(xOf(picture, span.start), gutter);
    const to = Math.min(Math.max(xOf(picture, Math.min(end, picture.head)), from + 2), width);
    const isWait = span.kind !== "compaction";
    context.fillStyle = isWait ? palette["wait-soft"] : palette.line;
    context.fillRect(from, lane.top + 1, to - from, lane.height - 2);
    hatch(context, from, lane.top + 1, to - from, lane.height - 2, isWait ? palette.wait : palette.muted);
    if (to - from > 80 && !isWait) label(context, "compaction", from + 4, lane.top + 9, to - from - 8, palette.text);
  }
}

/** Waits and compactions are told by their pattern too. */
function hatch(context: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string): void {
  if (w < 3) {
    context.fillStyle = colour;
    context.fillRect(x, y, w, h);
    return;
  }
  context.save();
  context.beginPath();
  context.rect(x, y, w, h);
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = 0.55;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = x - h; at < x + w; at += 7) {
    context.moveTo(at, y + h);
    context.lineTo(at + h, y);
  }
  context.stroke();
  context.restore();
}

function drawBars(context: CanvasRenderingContext2D, picture: Picture): void {
  const { score, view, layout, gutter, width } = picture;
  const { barStart, barEnd, barLane, barLevel, barStatus } = score;
  const perPixel = (view.to - view.from) / Math.max(width - gutter, 1);
  const last = lowerBound(barStart.data, barStart.length, Math.min(view.to, picture.head) + perPixel);
  // Right edge of what is drawn already, by lane and level: what falls on it adds nothing.
  const drawnTo = new Float64Array(layout.byLane.length * 64).fill(Number.NEGATIVE_INFINITY);
  // The same for what failed, which is drawn over what did not.
  const markedTo = drawnTo.slice();
  context.font = FONT;
  const first = Math.min(score.firstBarAt(view.from), last);
  const older = score.openBars().filter((bar) => bar < first);
  for (let at = -older.length; at < last - first; at += 1) {
    const bar = at < 0 ? (older[at + older.length] as number) : first + at;
    const end = barEnd.data[bar] as number;
    const reach = Number.isNaN(end) || end > picture.head ? picture.head : end;
    if (reach < view.from) continue;
    const laneIndex = barLane.data[bar] as number;
    const lane = layout.byLane[laneIndex];
    if (!lane) continue;
    const level = barLevel.data[bar] as number;
    const slot = laneIndex * 64 + level;
    const x1 = xOf(picture, reach);
    const status = barStatus.data[bar] as number;
    const marked = status === FAILED || status === DENIED || status === INTERRUPTED;
    const seenTo = marked ? markedTo : drawnTo;
    if (x1 - (seenTo[slot] as number) < 0.5) continue;
    const x0 = Math.max(xOf(picture, barStart.data[bar] as number), gutter);
    drawnTo[slot] = Math.max(x1, x0 + MIN_BAR_WIDTH);
    if (marked) markedTo[slot] = drawnTo[slot] as number;
    drawBar(context, picture, bar, lane, x0, Math.max(Math.min(x1, width) - x0, MIN_BAR_WIDTH));
  }
}

function drawBar(
  context: CanvasRenderingContext2D,
  picture: Picture,
  bar: number,
  lane: PlacedLane,
  x: number,
  w: number,
): void {
  const { score, palette, selected } = picture;
  const y = levelTop(lane, score.barLevel.at(bar));
  const tool = score.names.text(score.barTool.at(bar));
  const end = score.barEnd.at(bar);
  const status = end > picture.head ? OPEN : score.barStatus.at(bar);
  context.fillStyle = palette[familyOf(tool)];
  if (status === DENIED || status === INTERRUPTED) {
    context.globalAlpha = 0.35;
    context.fillRect(x, y, w, BAR_HEIGHT);
    context.globalAlpha = 1;
  } else context.fillRect(x, y, w, BAR_HEIGHT);
  if (status === FAILED || status === DENIED || status === INTERRUPTED) {
    context.fillStyle = palette.bad;
    context.fillRect(x, y + BAR_HEIGHT - 3, w, 3);
    context.fillRect(x, y, Math.min(3, w), BAR_HEIGHT);
  }
  if (status === OPEN || status === LAUNCHED) drawOpenEnd(context, x + w, y, palette[familyOf(tool)]);
  if (selected >= 0 && (score.barRow.at(bar) === selected || score.barEndRow.at(bar) === selected)) {
    context.strokeStyle = palette.text;
    context.lineWidth = 2;
    context.strokeRect(x - 1, y - 1, w + 2, BAR_HEIGHT + 2);
  }
  if (w < MIN_LABEL_WIDTH) return;
  const sign = status === FAILED ? "✕ " : status === DENIED ? "⊘ " : status === INTERRUPTED ? "⊣ " : "";
  const text = score.textOf(score.barRow.at(bar));
  const faded = status === DENIED || status === INTERRUPTED;
  label(
    context,
    `${sign}${tool}  ${text}`,
    x + 4,
    y + BAR_HEIGHT / 2 + 0.5,
    w - 6,
    faded ? palette.text : palette["on-bar"],
  );
}

/** A torn edge: this goes on. */
function drawOpenEnd(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + 6, y + BAR_HEIGHT / 2);
  context.lineTo(x, y + BAR_HEIGHT);
  context.fill();
}

function drawNames(context: CanvasRenderingContext2D, picture: Picture): void {
  const { palette, gutter, layout } = picture;
  for (const { lane, depth, top, height } of layout.placed) {
    context.fillStyle = palette.surface;
    context.fillRect(0, top, gutter - 1, height - 1);
    const indent = 10 + Math.min(depth, 5) * 10;
    context.font = SANS;
    if (depth > 0) {
      context.strokeStyle = palette.muted;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(indent - 6.5, top);
      context.lineTo(indent - 6.5, top + 13.5);
      context.lineTo(indent - 1, top + 13.5);
      context.stroke();
    }
    const name = lane.index === 0 ? "main" : lane.type || "subagent";
    label(context, name, indent + 2, top + 13, gutter - indent - 6, palette.text);
    if (height > 30 && lane.title) label(context, lane.title, indent + 2, top + 28, gutter - indent - 6, palette.muted);
  }
  context.fillStyle = palette.line;
  context.fillRect(gutter - 1, 0, 1, Math.max(layout.height, picture.height + picture.scroll));
}

function drawTurns(context: CanvasRenderingContext2D, picture: Picture): void {
  const { score, palette, view, gutter, width, height } = picture;
  context.font = SANS;
  let free = gutter;
  let drawn = Number.NEGATIVE_INFINITY;
  for (const turn of score.turns) {
    if (turn.start > view.to || turn.start > picture.head) break;
    const end = Number.isNaN(turn.end) ? picture.head : Math.min(turn.end, picture.head);
    if (end < view.from) continue;
    const from = Math.max(xOf(picture, turn.start), gutter);
    const to = Math.min(xOf(picture, end), width);
    const bad = turn.status === FAILED || turn.status === INTERRUPTED;
    if (to - drawn < 0.5 && !bad) continue;
    drawn = to;
    context.fillStyle = turn.status === FAILED || turn.status === INTERRUPTED ? palette.bad : palette.muted;
    context.fillRect(from, RULER_HEIGHT - 3, Math.max(to - from - 1, 1), 2);
    if (turn.start >= view.from) {
      context.fillRect(from, 20, 1, height - 20);
      if (to - from < 14 || from < free) continue;
    }
    const sign = turn.status === INTERRUPTED ? "⊣ " : turn.status === FAILED ? "✕ " : "";
    label(context, `${sign}${turn.prompt || "prompt"}`, from + 4, 26, to - from - 8, palette.text);
    free = from + 14;
  }
}

/** Numbers that never came are shown where they are missing. */
function drawGaps(context: CanvasRenderingContext2D, picture: Picture): void {
  const { score, palette, view, height } = picture;
  for (const gap of score.gaps) {
    if (gap.t < view.from || gap.t > view.to) continue;
    const x = xOf(picture, gap.t);
    context.fillStyle = palette.bad;
    context.fillRect(x - 1, RULER_HEIGHT, 2, height - RULER_HEIGHT);
    label(context, `${gap.missing} missing`, x + 4, RULER_HEIGHT + 8, 80, palette.bad);
  }
}

function drawHead(context: CanvasRenderingContext2D, picture: Picture): void {
  const x = xOf(picture, picture.head);
  if (x < picture.gutter || x > picture.width) return;
  context.fillStyle = picture.palette.accent;
  context.fillRect(x - 0.5, RULER_HEIGHT, 1, picture.height - RULER_HEIGHT);
}

/** Text cut to the width; measured by the glyph, since measuring each label would cost more than drawing it. */
function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  width: number,
  colour: string,
): void {
  const fits = Math.floor(width / GLYPH_WIDTH);
  if (fits < 2) return;
  context.fillStyle = colour;
  const line = text.length > fits * 2 ? text.slice(0, fits * 2) : text;
  const flat = line.replace(/\s+/g, " ");
  context.fillText(flat.length > fits ? `${flat.slice(0, fits - 1)}…` : flat, x, y);
}
