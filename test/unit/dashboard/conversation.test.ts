// The list of a conversation, from rows alone: what is said, calls between it, and subagents under their calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Conversation, ConversationModel, type Item } from "../../../src/dashboard/model/conversation.ts";
import { extract } from "../../../src/store/extract.ts";
import { RECORDINGS, recording } from "../../browser/recordings.ts";
import { ended } from "../../browser/talk.ts";
import { START } from "./rows.ts";

function conversationOf(events: readonly Parameters<typeof extract>[0][], isShort = false): Conversation {
  const model = new ConversationModel();
  for (const [index, event] of events.entries()) model.push({ ...extract(event, 1).row, n: index + 1 });
  return model.conversation(isShort);
}

function line(item: Item): string {
  if (item.kind === "calls") return item.calls.map(({ tool, outcome }) => `${tool} ${outcome}`).join(", ");
  return item.kind === "message" ? `${item.role}: ${item.preview.slice(0, 20)}` : item.text;
}

test("words and calls alternate, a subagent's stand with its call, and the last words stand once", () => {
  const talk = conversationOf(ended(START));
  assert.deepEqual(talk.items.map(line), [
    "user: The gauge of *Saint ",
    "assistant: I look at the gauge ",
    "Read done, Bash failed, Bash done, Agent done",
    "assistant: It is added twice. I",
    "Edit done, Edit done, Bash done",
    "assistant: The gauge read **hig",
    "user: Thanks. And the reef",
    "assistant: The reef is as it sh",
    "the session ended",
  ]);
  const [agent] = [...talk.agents.values()].flat();
  assert.equal(agent?.type, "Explore");
  assert.deepEqual(agent?.items.map(line), [
    "assistant: I search for it.",
    "Grep done",
    "assistant: It is used twice, in",
  ]);
  assert.deepEqual(conversationOf(ended(START), true).items.map(line), [
    "user: The gauge of *Saint ",
    "assistant: The gauge read **hig",
    "user: Thanks. And the reef",
    "assistant: The reef is as it sh",
  ]);
});

test("what the transcript tells later takes its place", () => {
  const events = ended(START);
  const late = [
    ...events.filter(({ source }) => source !== "transcript"),
    ...events.filter(({ source }) => source === "transcript"),
  ];
  assert.deepEqual(conversationOf(late).items.map(line), conversationOf(events).items.map(line));
});

test("every call of every recorded session is in it once, with how it ended", () => {
  for (const name of RECORDINGS) {
    const events = recording(name, START);
    const session = events.at(-1)?.session_id;
    const own = events.filter((event) => event.session_id === session);
    const talk = conversationOf(own);
    const found = [talk.items, ...[...talk.agents.values()].flat().map(({ items }) => items)]
      .flat()
      .flatMap((item) => (item.kind === "calls" ? item.calls : []));
    const expected = new Set(
      own.flatMap(({ hook_event_name: event, correlation_id: call }) => (event === "PreToolUse" ? (call ?? []) : [])),
    );
    assert.deepEqual(new Set(found.map(({ id }) => id)), expected, name);
    assert.equal(found.length, expected.size, name);
  }
});
