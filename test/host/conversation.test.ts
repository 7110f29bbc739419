// What is said in a session of the real Claude Code: its prompts from hooks, its answers from its transcript while it goes on,
// each once, and nothing that counts events is led astray by them.

import assert from "node:assert/strict";
import { MessagesPage } from "../../src/contract/conversation.ts";
import { StoredEnvelope } from "../../src/contract/envelope.ts";
import { until } from "../world.ts";
import { hostTerminal } from "./harness.ts";
import { observe } from "./observed.ts";
import { goOffline } from "./offline.ts";
import { ask, seen } from "./shown.ts";

const test = await goOffline();
const READ_WITHIN_MS = 20_000;
const ANSWERS = ["Port Ellery, Saint Brannoc and Wick Sound.", "Saint Brannoc, with a range of 6.8 m."];

test("prompts and answers of a session that goes on are there once each, as the transcript has them", async (t) => {
  const { place, mpmHome } = await observe(t);
  const terminal = await hostTerminal(t, { place, script: "conversation", args: ["--dangerously-skip-permissions"] });
  await terminal.enter("list the harbours");
  await seen(mpmHome, "the first turn", ({ state, turns }) => state === "idle" && turns === 1);
  await terminal.enter("which one is deepest");
  const { id } = await seen(mpmHome, "the second turn", ({ state, turns }) => state === "idle" && turns === 2);

  const messages = async () => MessagesPage.parse(await ask(mpmHome, `/api/sessions/${id}/messages`)).messages;
  const sourceOf = async (event: string) =>
    StoredEnvelope.parse(await ask(mpmHome, `/api/events/${encodeURIComponent(event)}`)).source;
  const told = async () => {
    const answers = (await messages()).filter(({ role }) => role === "assistant");
    return (await Promise.all(answers.map((one) => sourceOf(one.id)))).filter((source) => source === "transcript")
      .length;
  };
  await until(async () => (await told()) >= ANSWERS.length, READ_WITHIN_MS, "answers of the transcript");
  assert.deepEqual(
    (await messages()).map(({ role, text, turn }) => [role, text.trim(), turn]),
    [
      ["user", "list the harbours", 1],
      ["assistant", ANSWERS[0], 1],
      ["user", "which one is deepest", 2],
      ["assistant", ANSWERS[1], 2],
    ],
  );
  const session = await seen(mpmHome, "the session", () => true);
  assert.deepEqual([session.gaps, session.turns, session.toolCalls, session.state], [0, 2, 2, "idle"]);
  await terminal.exit();
});
