// What the real Claude Code says to no hook: the user pressed Escape, or said no. The monitor reads it in the transcript.

import assert from "node:assert/strict";
import { hostTerminal } from "./harness.ts";
import { observe } from "./observed.ts";
import { goOffline } from "./offline.ts";
import { seen } from "./shown.ts";

const test = await goOffline();

test("Escape, during a command and during a reply, is seen at the API; the next prompt takes it back", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "interrupt", args: ["--dangerously-skip-permissions"] });
  await terminal.enter("wait for high water");
  await seen(mpmHome, "the command", ({ running }) => running.some(({ tool }) => tool === "Bash"));
  await terminal.waitFor("esc to interrupt");
  const pressedAt = Date.now();
  await terminal.press("Escape");
  const first = await seen(mpmHome, "the interruption", ({ state }) => state === "interrupted");
  t.diagnostic(`seen ${Date.now() - pressedAt} ms after the key`);
  assert.equal(first.detail, "while Bash ran");
  assert.deepEqual([first.running, first.subagents], [[], []]);

  await terminal.enter("think about low water");
  await terminal.waitFor("Let me think about this");
  await seen(mpmHome, "the second turn", ({ state, turns }) => state === "working" && turns === 2);
  await terminal.press("Escape");
  await seen(mpmHome, "the second interruption", ({ state, turns }) => state === "interrupted" && turns === 2);

  await terminal.enter("just say hello");
  await seen(mpmHome, "the end of the third turn", ({ state, turns }) => state === "idle" && turns === 3);
  await terminal.exit();
});

test("a no to a question ends the turn, and the wait for the person", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "permission" });
  await terminal.enter("change the tables");
  await seen(mpmHome, "the question", ({ state, detail }) => state === "waiting" && detail === "permission for Bash");
  await terminal.answer("Do you want to proceed?", "No");
  const { detail } = await seen(mpmHome, "the end of the turn", ({ state }) => state === "interrupted");
  // Whether the answer or the end of the turn is seen first, is chance.
  assert.match(detail ?? "", /^while (?:it waited for permission for Bash|Bash ran)$/);
  await terminal.enter("leave it then");
  await seen(mpmHome, "the next turn", ({ state, turns }) => state === "idle" && turns === 2);
  await terminal.exit();
});
