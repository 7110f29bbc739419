// Where lanes lie. Agents that were there one after the other share a track: forty in a row are one line, and not a staircase.
// - Tracks are in the order of the tree: below the track of those who started them.
// - A track keeps its place while the session grows; tracks without anything in view fold away when there are many.

import type { Lane } from "../model/parts.ts";
import type { Viewport } from "./viewport.ts";

export const LEVEL_HEIGHT = 17;
const LANE_PADDING = 9;
/** Above the calls of a subagent, for what it is called. */
const TITLE_HEIGHT = 14;
const MAX_LEVELS_SHOWN = 8;
/** Up to so many tracks all are shown, whatever is in view: a picture that stays where it is is easier to read. */
const ALWAYS_SHOWN = 10;

/** Lanes that lie in one line, by their start; none overlaps the next. */
export interface Track {
  readonly lanes: readonly Lane[];
  readonly depth: number;
}

export interface PlacedTrack extends Track {
  readonly top: number;
  readonly height: number;
  /** Pixels from its top to its calls. */
  readonly head: number;
}

export interface Layout {
  readonly placed: readonly PlacedTrack[];
  /** By lane index; undefined for one that is folded away. */
  readonly byLane: readonly (PlacedTrack | undefined)[];
  readonly height: number;
  readonly hidden: number;
}

const endOf = ({ end }: Lane): number => (Number.isNaN(end) ? Number.POSITIVE_INFINITY : end);
const startOf = ({ start }: Lane): number => (Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start);

/** All lanes in tracks, those of parents before those of their children. */
export function tracksOf(lanes: readonly Lane[]): Track[] {
  const children = new Map<number, Lane[]>();
  for (const lane of lanes.slice(1)) {
    const siblings = children.get(lane.parent);
    if (siblings) siblings.push(lane);
    else children.set(lane.parent, [lane]);
  }
  const tracks: Track[] = [];
  const seen = new Set<Lane>();
  const visit = (track: Track): void => {
    tracks.push(track);
    const below = track.lanes.flatMap(({ index }) => children.get(index) ?? []).filter((lane) => !seen.has(lane));
    for (const lane of below) seen.add(lane);
    for (const packed of pack(below)) visit({ lanes: packed, depth: track.depth + 1 });
  };
  const [main, ...rest] = lanes;
  if (main) {
    seen.add(main);
    visit({ lanes: [main], depth: 0 });
  }
  // A tree that the payloads tie into a knot still shows every lane.
  for (const lane of rest) {
    if (seen.has(lane)) continue;
    seen.add(lane);
    visit({ lanes: [lane], depth: 1 });
  }
  return tracks;
}

/** Each lane in the first track in which there is room for it. */
function pack(lanes: readonly Lane[]): Lane[][] {
  const tracks: { readonly lanes: Lane[]; end: number }[] = [];
  for (const lane of lanes.toSorted((a, b) => startOf(a) - startOf(b) || a.index - b.index)) {
    const track = tracks.find(({ end }) => end <= startOf(lane));
    if (!track) tracks.push({ lanes: [lane], end: endOf(lane) });
    else {
      track.lanes.push(lane);
      track.end = endOf(lane);
    }
  }
  return tracks.map((track) => track.lanes);
}

export function layOut(tracks: readonly Track[], view: Viewport): Layout {
  const byLane: (PlacedTrack | undefined)[] = [];
  const placed: PlacedTrack[] = [];
  let top = 0;
  let hidden = 0;
  for (const track of tracks) {
    const { lanes, depth } = track;
    const isInView = lanes.some((lane) => !(lane.start > view.to) && !(lane.end < view.from));
    if (tracks.length > ALWAYS_SHOWN && depth > 0 && !isInView) {
      hidden += 1;
      continue;
    }
    const levels = Math.min(
      lanes.reduce((most, lane) => Math.max(most, lane.levels), 1),
      MAX_LEVELS_SHOWN,
    );
    const head = LANE_PADDING / 2 + (depth > 0 ? TITLE_HEIGHT : 0);
    const height = levels * LEVEL_HEIGHT + head + LANE_PADDING / 2;
    const here = { lanes, depth, top, height, head };
    for (const lane of lanes) byLane[lane.index] = here;
    placed.push(here);
    top += height;
  }
  return { placed, byLane, height: top, hidden };
}

/** The same without the tracks that are scrolled out of sight. @param from @param to pixels from the top of the first one */
export function inSight(layout: Layout, from: number, to: number): Layout {
  const placed = layout.placed.filter(({ top, height }) => top + height > from && top < to);
  const byLane: (PlacedTrack | undefined)[] = [];
  for (const here of placed) for (const lane of here.lanes) byLane[lane.index] = here;
  return { ...layout, placed, byLane };
}

export function levelTop({ top, head }: PlacedTrack, level: number): number {
  return top + head + Math.min(level, MAX_LEVELS_SHOWN - 1) * LEVEL_HEIGHT;
}

/** What its subagents are called together; "main" for the main agent. */
export function trackName({ lanes, depth }: Track): string {
  if (depth === 0 && lanes[0]?.index === 0) return "main";
  const [first, ...others] = new Set(lanes.map(({ type }) => type || "subagent"));
  const name = others.length > 0 ? "subagents" : (first ?? "subagent");
  return lanes.length > 1 ? `${lanes.length}× ${name}` : name;
}

/** What a lane is called where it lies: what its parent called the work, else its kind. */
export function laneName({ title, type }: Lane): string {
  return title || type || "subagent";
}
