// The timeline's picture: what it costs is bounded by what can be seen of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Lane } from "../../../src/dashboard/model/parts.ts";
import { SessionModel } from "../../../src/dashboard/model/session.ts";
import { draw } from "../../../src/dashboard/timeline/draw.ts";
import { inSight, layOut, trackName, tracksOf } from "../../../src/dashboard/timeline/layout.ts";
import { laneAt, turnAt } from "../../../src/dashboard/timeline/pick.ts";
import { extentOf, type Picture, untilOf } from "../../../src/dashboard/timeline/picture.ts";

const WIDTH = 1280;
const HEIGHT = 400;
const GUTTER = 150;
const CALL_MS = 400;

/** A canvas that counts what is drawn on it, and where lines through the lanes stand. */
function countingCanvas(onText: (text: string) => void = () => {}) {
  const counts = { rects: 0, texts: 0, lines: 0 };
  const context = new Proxy({} as Record<string, unknown>, {
    get: (given, name) => {
      if (name in given) return given[name as string];
      if (name === "fillRect")
        return (_x: number, y: number, w: number, h: number) => {
          counts.rects += 1;
          if (w === 1 && h > HEIGHT / 2 && y > 0) counts.lines += 1;
        };
      return (text: string) => {
        if (name !== "fillText") return;
        counts.texts += 1;
        onText(text);
      };
    },
  });
  return { counts, context: context as unknown as CanvasRenderingContext2D };
}

/** Turns of ten calls each, none of them ended by itself, every hundredth call with a subagent of its own. */
function session(calls: number): SessionModel {
  const model = new SessionModel();
  let n = 0;
  const push = (event: string, fields: object) => {
    n += 1;
    model.push({ n, id: `e${n}`, t: n * CALL_MS, session: "s", seq: n, event, bytes: 0, ...fields });
  };
  for (let call = 0; call < calls; call += 1) {
    if (call % 10 === 0) push("UserPromptSubmit", { text: `turn ${call / 10}`, prompt: `p${call / 10}` });
    if (call % 100 === 50) {
      push("SubagentStart", { agent: `a${call}`, agentType: "Explore" });
      push("SubagentStop", { agent: `a${call}` });
    }
    push("PreToolUse", { tool: "Bash", call: `c${call}`, text: "ls" });
    push("PostToolUse", { tool: "Bash", call: `c${call}`, ms: CALL_MS });
  }
  return model;
}

function pictureOf(model: SessionModel, from: number, to: number): Picture {
  const view = { from, to };
  return {
    model,
    view,
    layout: inSight(layOut(tracksOf(model.parts.lanes), view), 0, HEIGHT - 38),
    palette: new Proxy({}, { get: () => "#000" }) as Picture["palette"],
    width: WIDTH,
    height: HEIGHT,
    gutter: GUTTER,
    scroll: 0,
    head: model.lastAt,
    selected: -1,
  };
}

function drawn(model: SessionModel, from = model.firstAt, to = model.lastAt) {
  const { counts, context } = countingCanvas();
  draw(context, pictureOf(model, from, to));
  return counts;
}

test("a picture of forty thousand calls is drawn with no more strokes than its pixels can show", () => {
  const short = session(4000);
  const long = session(40_000);
  const lanesInSight = 20;
  const most = WIDTH * 2 + lanesInSight * 4;
  for (const model of [short, long]) {
    const { rects } = drawn(model);
    assert.ok(rects < most, `${rects} strokes`);
  }
  assert.ok(long.parts.lanes.length > 400);
});

test("lanes that are scrolled out of sight are not drawn", () => {
  const model = session(20_000);
  const { texts } = drawn(model);
  assert.ok(model.parts.lanes.length > 200);
  assert.ok(texts < 60, `${texts} texts for what fits on ${HEIGHT} pixels`);
});

test("what was broken off is shown as that, and goes no further; before that moment it is shown as running", () => {
  const model = new SessionModel();
  for (const [index, event] of ["UserPromptSubmit", "PreToolUse", "SessionEnd"].entries())
    model.push({
      n: index + 1,
      id: event,
      t: index * 10_000,
      session: "s",
      seq: index + 1,
      event,
      bytes: 0,
      tool: "Bash",
      call: "c",
    });
  const said = (head: number) => {
    const texts: string[] = [];
    const { context } = countingCanvas((text) => texts.push(text.trim()));
    draw(context, { ...pictureOf(model, 0, 30_000), head });
    return texts.filter((text) => text.includes("Bash") || text.includes("prompt"));
  };
  assert.deepEqual(said(15_000), ["Bash", "(prompt not stored)"]);
  assert.deepEqual(said(25_000), ["⊣ Bash", "⊣ (prompt not stored)"]);
  const picture = pictureOf(model, 0, 20_000);
  assert.equal(untilOf(picture, Number.NaN), 20_000);
  assert.equal(untilOf(picture, 15_000), 15_000);
});

test("turns have lines through the lanes where there is room between them, and none where they would be a wall", () => {
  const model = session(4000);
  assert.equal(drawn(model).lines, 1, "the present alone");
  const turn = 21 * CALL_MS;
  const few = drawn(model, model.firstAt, model.firstAt + 10 * turn);
  assert.ok(few.lines >= 9 && few.lines <= 12, `${few.lines} lines for ten turns`);
});

/** Agents one after the other, then two at once, and one that one of these has started; the last one runs. */
function agents(): SessionModel {
  const model = new SessionModel();
  let n = 0;
  const push = (t: number, event: string, fields: object) => {
    n += 1;
    model.push({ n, id: `e${n}`, t, session: "s", seq: n, event, bytes: 0, ...fields });
  };
  push(0, "UserPromptSubmit", { text: "look", prompt: "p" });
  for (const index of [0, 1, 2]) {
    const [at, call, agent] = [1000 + index * 1000, `c${index}`, `a${index}`];
    push(at, "PreToolUse", { tool: "Agent", call, text: `Find ${index}` });
    push(at + 10, "SubagentStart", { agent, agentType: "Explore" });
    push(at + 500, "SubagentStop", { agent });
    push(at + 510, "PostToolUse", { tool: "Agent", call, child: agent });
  }
  for (const [index, agent] of ["x", "y"].entries()) {
    push(5000 + index, "PreToolUse", { tool: "Agent", call: agent, text: `Review ${agent}` });
    push(5010 + index, "SubagentStart", { agent, agentType: "review" });
  }
  push(5100, "PreToolUse", { tool: "Agent", call: "z", text: "Look closer", agent: "y" });
  push(5200, "SubagentStart", { agent: "z", agentType: "Explore" });
  push(5900, "PreToolUse", { tool: "Grep", call: "g", text: "closer", agent: "z" });
  return model;
}

test("subagents that were there one after the other share a track; parallel ones, and children, have tracks of their own", () => {
  const tracks = tracksOf(agents().parts.lanes);
  assert.deepEqual(
    tracks.map(({ lanes, depth }) => [depth, lanes.map(({ id }) => id).join(" ")]),
    [
      [0, ""],
      [1, "a0 a1 a2 x"],
      [1, "y"],
      [2, "z"],
    ],
  );
  assert.deepEqual(tracks.map(trackName), ["main", "4× subagents", "review", "Explore"]);
});

test("no two lanes of a track overlap, each lane is in one track, and tracks do not change when more comes", () => {
  const lane = fc.record({
    start: fc.nat(400),
    ms: fc.integer({ min: 0, max: 120 }),
    parent: fc.nat(6),
    runs: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(lane, { maxLength: 40 }), (given) => {
      const starts = given.toSorted((a, b) => a.start - b.start);
      const lanes: Lane[] = [
        { start: 0, end: Number.NaN, parent: 0 },
        ...starts.map((one, index) => ({
          start: one.start,
          end: one.runs === 0 ? Number.NaN : one.start + one.ms,
          parent: Math.min(one.parent, index),
        })),
      ].map((one, index) => ({ ...one, index, id: String(index), type: "", title: "", status: 1, levels: 1 }));
      const tracks = tracksOf(lanes);
      assert.deepEqual(
        tracks.flatMap((track) => track.lanes.map(({ index }) => index)).sort((a, b) => a - b),
        lanes.map(({ index }) => index),
      );
      for (const track of tracks)
        for (const [place, one] of track.lanes.slice(1).entries())
          assert.ok((track.lanes[place]?.end ?? Number.NaN) <= one.start, "they lie one behind the other");
      const before = tracksOf(lanes.slice(0, -1));
      const withLast = new Set(lanes.slice(-1));
      assert.deepEqual(
        tracks.map((track) => track.lanes.filter((one) => !withLast.has(one))).filter((track) => track.length > 0),
        before.map((track) => track.lanes),
      );
    }),
    { seed: 17, numRuns: 300 },
  );
});

test("what lies under a point is found: a subagent on its track, by its name where it is alone, and a turn by its title", () => {
  const model = agents();
  const picture = pictureOf(model, 0, 6000);
  const at = (id: string) => {
    const lane = model.parts.lanes.find((one) => one.id === id) ?? assert.fail();
    const { top = 0 } = picture.layout.byLane[lane.index] ?? {};
    return { x: extentOf(picture, lane).from + 5, y: 38 + top + 8 };
  };
  for (const id of ["a1", "x", "y", "z"]) assert.equal(laneAt(picture, at(id).x, at(id).y)?.id, id);
  assert.equal(laneAt(picture, 20, at("y").y)?.id, "y");
  assert.equal(laneAt(picture, 20, at("a1").y), undefined, "four have that name");
  assert.equal(laneAt(picture, at("a0").x, 40), undefined, "the main agent is none");
  assert.equal(turnAt(picture, 400, 25)?.number, 1);
  assert.equal(turnAt(picture, 400, 5), undefined);
  const texts: string[] = [];
  draw(countingCanvas((text) => texts.push(text)).context, picture);
  for (const name of ["4× subagents", "review", "Find 1", "Review y", "Look closer"])
    assert.ok(texts.includes(name), name);
});
