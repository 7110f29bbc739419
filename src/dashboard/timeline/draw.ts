// Draws a model on a canvas. What is painted is bounded by pixels, not by the length of the session or the number of its
// lanes: what is out of sight is not drawn, and bars that fall on the same pixel are drawn once (bars.ts).

import { clock, preciseClock } from "../model/format.ts";
import { FAILED, INTERRUPTED, type Lane, OPEN, type Turn } from "../model/parts.ts";
import { drawBars } from "./bars.ts";
import { label } from "./label.ts";
import { laneName, type PlacedTrack, trackName } from "./layout.ts";
import { extentOf, type Picture, RULER_HEIGHT, untilOf, xOf } from "./picture.ts";
import { ticks } from "./viewport.ts";

const TICK_GAP = 92;
/** A turn that is narrower is drawn without its prompt, */
const MIN_PROMPT_WIDTH = 40;
/** and without a line through the lanes: many would be a wall before them. */
const MIN_LINE_GAP = 12;
/** A lane that is narrower is a line. */
const MIN_LANE_WIDTH = 4;
const SANS = "11px system-ui, sans-serif";

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
}

function drawLanes(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, palette, layout } = picture;
  context.font = SANS;
  for (const track of layout.placed) {
    context.fillStyle = palette.line;
    context.fillRect(0, track.top + track.height - 1, width, 1);
    if (track.depth === 0) continue;
    let drawnTo = Number.NEGATIVE_INFINITY;
    for (const [place, lane] of track.lanes.entries()) {
      const { from, to } = extentOf(picture, lane);
      if (to <= from || to - drawnTo < 1) continue;
      drawnTo = to;
      drawLane(context, picture, track, lane, from, to);
      // A title may go on over what is empty behind its lane.
      const next = track.lanes[place + 1];
      const room = next ? Math.min(xOf(picture, next.start), width) : width;
      const titleWidth = Math.max(room, to) - from - 10;
      if (titleWidth >= MIN_PROMPT_WIDTH)
        label(context, laneName(lane), from + 6, track.top + 10, titleWidth, palette.text);
    }
  }
}

function drawLane(
  context: CanvasRenderingContext2D,
  picture: Picture,
  { top, height }: PlacedTrack,
  lane: Lane,
  from: number,
  to: number,
): void {
  const { palette } = picture;
  if (to - from < MIN_LANE_WIDTH) {
    context.fillStyle = lane.status === INTERRUPTED ? palette.bad : palette.agent;
    context.fillRect(Math.floor(from), top + 1, 1, height - 3);
    return;
  }
  context.globalAlpha = 0.1;
  context.fillStyle = palette.agent;
  context.fillRect(from, top + 1, to - from, height - 3);
  context.globalAlpha = 1;
  context.fillStyle = lane.status === INTERRUPTED ? palette.bad : palette.agent;
  context.fillRect(from, top + 1, 2, height - 3);
  if (!Number.isNaN(lane.end) && lane.end <= picture.head) context.fillRect(to - 2, top + 1, 2, height - 3);
}

function drawSpans(context: CanvasRenderingContext2D, picture: Picture): void {
  const { palette, view, layout, model, gutter, width } = picture;
  for (const span of model.parts.spans) {
    const end = untilOf(picture, span.end);
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

function drawNames(context: CanvasRenderingContext2D, picture: Picture): void {
  const { palette, gutter, layout } = picture;
  for (const track of layout.placed) {
    const { depth, top, height } = track;
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
    label(context, trackName(track), indent + 2, top + 13, gutter - indent - 6, palette.text);
  }
  context.fillStyle = palette.line;
  context.fillRect(gutter - 1, 0, 1, Math.max(layout.height, picture.height + picture.scroll));
}

function drawTurns(context: CanvasRenderingContext2D, picture: Picture): void {
  const { model, view, gutter, width } = picture;
  context.font = SANS;
  /** Right edge of what is drawn already: of what ended well, and of what is drawn over it. */
  const drawnTo = { well: Number.NEGATIVE_INFINITY, badly: Number.NEGATIVE_INFINITY };
  for (const turn of model.parts.turns) {
    if (turn.start > view.to || turn.start > picture.head) break;
    const end = untilOf(picture, turn.end);
    const status = turn.end > picture.head ? OPEN : turn.status;
    if (end < view.from) continue;
    const from = Math.max(xOf(picture, turn.start), gutter);
    const to = Math.min(xOf(picture, end), width);
    const how = TURN_SIGNS[status] ? "badly" : "well";
    if (to - drawnTo[how] < 1) continue;
    drawnTo[how] = to;
    drawTurn(context, picture, turn, TURN_SIGNS[status], from, to);
  }
}

const TURN_SIGNS: Readonly<Record<number, string>> = { [INTERRUPTED]: "⊣ ", [FAILED]: "✕ " };

function drawTurn(
  context: CanvasRenderingContext2D,
  { palette, view, height }: Picture,
  turn: Turn,
  sign: string | undefined,
  from: number,
  to: number,
): void {
  context.fillStyle = sign ? palette.bad : palette.muted;
  context.fillRect(from, RULER_HEIGHT - 3, Math.max(to - from - 1, 1), 2);
  if (turn.start >= view.from && to - from >= MIN_LINE_GAP) {
    context.fillRect(from, 20, 1, RULER_HEIGHT - 20);
    context.globalAlpha = 0.4;
    context.fillRect(from, RULER_HEIGHT, 1, height - RULER_HEIGHT);
    context.globalAlpha = 1;
  }
  if (to - from >= MIN_PROMPT_WIDTH)
    label(context, `${sign ?? ""}${turn.prompt || "(prompt not stored)"}`, from + 4, 26, to - from - 8, palette.text);
}

/** Numbers that never came are shown where they are missing. */
function drawGaps(context: CanvasRenderingContext2D, picture: Picture): void {
  const { model, palette, view, height } = picture;
  for (const gap of model.parts.gaps) {
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
