// The bars of a model: a call each, from its start to its end. Those that fall on the same pixel are drawn once; passing
// over those out of view costs less than a millisecond for a hundred thousand.

import { lowerBound } from "../model/columns.ts";
import { DENIED, FAILED, INTERRUPTED, LAUNCHED, OPEN } from "../model/parts.ts";
import { familyOf } from "./colours.ts";
import { label } from "./label.ts";
import { LEVEL_HEIGHT, levelTop, type PlacedTrack } from "./layout.ts";
import { type Picture, untilOf, xOf } from "./picture.ts";

const BAR_HEIGHT = LEVEL_HEIGHT - 3;
const MIN_LABEL_WIDTH = 26;
const MIN_SIDE_WIDTH = 8;
const MIN_BAR_WIDTH = 2;
const THIN = 2;
const FONT = "11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

export function drawBars(context: CanvasRenderingContext2D, picture: Picture): void {
  const { model, view, layout, gutter, width } = picture;
  const { barStart, barEnd, barLane, barLevel, barStatus } = model.parts;
  const perPixel = (view.to - view.from) / Math.max(width - gutter, 1);
  const last = lowerBound(barStart.data, barStart.length, Math.min(view.to, picture.head) + perPixel);
  // Right edge of what is drawn already, by lane and level: what falls on it adds nothing.
  const drawnTo = new Float64Array(layout.byLane.length * 64).fill(Number.NEGATIVE_INFINITY);
  // The same for what failed, which is drawn over what did not.
  const markedTo = drawnTo.slice();
  context.font = FONT;
  const first = Math.min(model.firstBarAt(view.from), last);
  const older = model.parts.openBars().filter((bar) => bar < first);
  for (let at = -older.length; at < last - first; at += 1) {
    const bar = at < 0 ? (older[at + older.length] as number) : first + at;
    const end = barEnd.data[bar] as number;
    const laneIndex = barLane.data[bar] as number;
    const reach = untilOf(picture, end);
    if (reach < view.from) continue;
    const lane = layout.byLane[laneIndex];
    if (!lane) continue;
    const level = barLevel.data[bar] as number;
    const slot = laneIndex * 64 + level;
    const x1 = xOf(picture, reach);
    const status = barStatus.data[bar] as number;
    const marked = status === FAILED || status === DENIED || status === INTERRUPTED;
    const seenTo = marked ? markedTo : drawnTo;
    if (x1 <= (seenTo[slot] as number)) continue;
    const start = Math.max(xOf(picture, barStart.data[bar] as number), gutter);
    // A thin one lies on whole pixels: sharp, and drawn in a fraction of the time.
    const x0 = x1 - start < THIN ? Math.floor(start) : start;
    const to = Math.max(Math.min(x1, width), x0 + MIN_BAR_WIDTH);
    drawnTo[slot] = to;
    if (marked) markedTo[slot] = to;
    drawBar(context, picture, bar, end > picture.head ? OPEN : status, lane, x0, to - x0);
  }
}

function drawBar(
  context: CanvasRenderingContext2D,
  picture: Picture,
  bar: number,
  status: number,
  lane: PlacedTrack,
  x: number,
  w: number,
): void {
  const { model, palette, selected } = picture;
  const y = levelTop(lane, model.parts.barLevel.at(bar));
  const tool = model.names.text(model.parts.barTool.at(bar));
  context.fillStyle = palette[familyOf(tool)];
  if (status === DENIED || status === INTERRUPTED) {
    context.globalAlpha = 0.35;
    context.fillRect(x, y, w, BAR_HEIGHT);
    context.globalAlpha = 1;
  } else context.fillRect(x, y, w, BAR_HEIGHT);
  if (status === FAILED || status === DENIED || status === INTERRUPTED) {
    context.fillStyle = palette.bad;
    context.fillRect(x, y + BAR_HEIGHT - 3, w, 3);
    // A side of its own only where there is room: a few failures would paint a busy hour red.
    if (w >= MIN_SIDE_WIDTH) context.fillRect(x, y, 3, BAR_HEIGHT);
  }
  if (status === OPEN || status === LAUNCHED) drawOpenEnd(context, x + w, y, palette[familyOf(tool)]);
  if (selected >= 0 && (model.parts.barRow.at(bar) === selected || model.parts.barEndRow.at(bar) === selected)) {
    context.strokeStyle = palette.text;
    context.lineWidth = 2;
    context.strokeRect(x - 1, y - 1, w + 2, BAR_HEIGHT + 2);
  }
  if (w < MIN_LABEL_WIDTH) return;
  const sign = status === FAILED ? "✕ " : status === DENIED ? "⊘ " : status === INTERRUPTED ? "⊣ " : "";
  const text = model.textOf(model.parts.barRow.at(bar));
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
