// A turn that the user breaks off: no event says so, a line of the transcript does, at any time before or after them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EventRow } from "../../../src/contract/row.ts";
import type { Session } from "../../../src/session/state.ts";
import { after, background, begun, call, inAgent, learn, next, type Short, shown, T0 } from "./shorts.ts";

describe("a turn that the user breaks off", () => {
  const turn: Partial<EventRow> = { prompt: "p1" };
  const running: readonly Short[] = [
    ["UserPromptSubmit", turn],
    call("1", turn),
    ["SubagentStart", { ...inAgent, ...turn }],
    call("2", { ...inAgent, ...turn }),
  ];
  const interrupt = (session: Session, second: number, prompt?: string) =>
    learn(session, { kind: "interrupted", t: T0 + second * 1000, ...(prompt ? { prompt } : {}) });
  const at = (session: Session, second: number, event: string, row: Partial<EventRow> = {}) =>
    next(session, { t: T0 + second * 1000, event, ...row });
  const brokenOff = (): Session => interrupt(after(...running), 9.5, "p1");

  test("is interrupted since then, says what ran, and leaves nothing open", () => {
    const { state, reason, detail, since, running: calls, subagents } = shown(brokenOff());
    assert.deepEqual(
      { state, reason, detail, since, calls, subagents },
      {
        state: "interrupted",
        reason: { code: "interrupted", tool: "Bash" },
        detail: "while Bash ran",
        since: T0 + 9500,
        calls: [],
        subagents: [],
      },
    );
    const asked = interrupt(after(...running, ["PermissionRequest", { tool: "Bash", ...turn }]), 9.5, "p1");
    assert.deepEqual([asked.state, shown(asked).detail], ["interrupted", "while it waited for permission for Bash"]);
    assert.equal(asked.denied, 1, "who breaks off before a question refuses it");
  });

  test("stays so while a subagent in the background works, or nobody comes", () => {
    const session = interrupt(after(...background.slice(2), call("1", turn)), 9.5, "p1");
    assert.deepEqual(
      session.subagents.map(({ id }) => id),
      ["a1"],
    );
    assert.equal(at(session, 11, "PreToolUse", { ...inAgent, call: "3", tool: "Bash" }).state, "interrupted");
    assert.equal(at(session, 60, "Notification", { kind: "idle_prompt" }).state, "interrupted");
  });

  test("goes on with the next prompt, or with a newer event of that turn", () => {
    assert.equal(at(brokenOff(), 10, "UserPromptSubmit", { prompt: "p2" }).state, "working");
    const again = at(brokenOff(), 10, "PostToolUse", { call: "1", tool: "Bash", ...turn });
    assert.deepEqual([again.state, again.turns, again.toolCalls], ["working", 1, 2]);
    assert.equal(at(again, 11, "PreToolUse", { call: "4", tool: "Bash", ...turn }).state, "working");
  });

  test("stays interrupted when its events arrive later than the word of it", () => {
    const early = interrupt(after(["UserPromptSubmit", { prompt: "p0" }]), 9.5, "p1");
    assert.equal(early.state, "working", "another turn is none of its business");
    const late = at(early, 2, "UserPromptSubmit", turn);
    assert.equal(late.state, "interrupted");
    const later = at(late, 3, "PreToolUse", { call: "1", tool: "Bash", ...turn });
    assert.deepEqual([later.state, later.running], ["interrupted", []]);
    assert.equal(at(later, 20, "UserPromptSubmit", { prompt: "p2" }).state, "working");
  });

  test("is known by its time, where the host gives no ids", () => {
    const session = after(...begun, call("1"));
    assert.equal(interrupt(session, 0.5).state, "working", "that was before the turn");
    assert.equal(interrupt(session, 9.5).state, "interrupted");
  });

  test("changes nothing once the turn is over", () => {
    assert.equal(interrupt(after(...running, ["Stop", turn]), 1, "p1").state, "idle");
  });
});
