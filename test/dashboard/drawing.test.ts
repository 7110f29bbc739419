// The timeline's picture: what it costs is bounded by what can be seen of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionModel } from "../../src/dashboard/model/session.ts";
import { draw } from "../../src/dashboard/timeline/draw.ts";
import { inSight, layOut } from "../../src/dashboard/timeline/layout.ts";
import { type Picture, untilOf } from "../../src/dashboard/timeline/picture.ts";

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
    layout: inSight(layOut(model.parts.lanes, view), 0, HEIGHT - 38),
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
  assert.deepEqual(said(15_000), ["Bash", "(prompt not recorded)"]);
  assert.deepEqual(said(25_000), ["⊣ Bash", "⊣ (prompt not recorded)"]);
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
