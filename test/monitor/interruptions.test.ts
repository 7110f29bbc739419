// A turn that the user breaks off: no event says so, a line of the transcript does, at any time before or after them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EventRow } from "../../src/contract/row.ts";
import { type Session, summaryOf } from "../../src/session/kept.ts";
import { advance, interrupt } from "../../src/session/sessions.ts";
import { after, background, begun, call, inAgent, type Short, T0 } from "./shorts.ts";

describe("a turn that the user breaks off", () => {
  const turn: Partial<EventRow> = { prompt: "p1" };
  const running: readonly Short[] = [
    ["UserPromptSubmit", turn],
    call("1", turn),
    ["SubagentStart", { ...inAgent, ...turn }],
    call("2", { ...inAgent, ...turn }),
  ];
  const at = (second: number, prompt?: string) => ({ t: T0 + second * 1000, ...(prompt ? { prompt } : {}) });
  const next = (session: Session, second: number, event: string, row: Partial<EventRow> = {}) =>
    advance(
      session,
      { id: `n${second}`, t: T0 + second * 1000, session: "s", seq: 90, event, bytes: 1, ...row },
      { project: "/p", host: "h" },
    );
  const brokenOff = (): Session => {
    const session = after(...running);
    interrupt(session, at(9.5, "p1"));
    return session;
  };

  test("is interrupted since then, says what ran, and leaves nothing open", () => {
    const { state, detail, since, running: calls, subagents } = summaryOf(brokenOff(), T0);
    assert.deepEqual(
      { state, detail, since, calls, subagents },
      { state: "interrupted", detail: "while Bash ran", since: T0 + 9500, calls: [], subagents: [] },
    );
    const asked = after(...running, ["PermissionRequest", { tool: "Bash", ...turn }]);
    interrupt(asked, at(9.5, "p1"));
    assert.deepEqual([asked.state, asked.detail], ["interrupted", "while it waited for permission for Bash"]);
  });

  test("stays so while a subagent in the background works, or nobody comes", () => {
    const session = after(...background.slice(2), call("1"));
    session.promptId = "p1";
    interrupt(session, at(9.5, "p1"));
    assert.deepEqual(
      session.subagents.map(({ id }) => id),
      ["a1"],
    );
    assert.equal(next(session, 11, "PreToolUse", { ...inAgent, call: "3", tool: "Bash" }).state, "interrupted");
    assert.equal(next(session, 60, "Notification", { kind: "idle_prompt" }).state, "interrupted");
  });

  test("goes on with the next prompt, or with a newer event of that turn", () => {
    assert.equal(next(brokenOff(), 10, "UserPromptSubmit", { prompt: "p2" }).state, "working");
    const again = next(brokenOff(), 10, "PostToolUse", { call: "1", tool: "Bash", ...turn });
    assert.equal(again.state, "working");
    assert.equal(next(again, 11, "PreToolUse", { call: "4", tool: "Bash", ...turn }).state, "working");
  });

  test("stays interrupted when its events arrive later than the word of it", () => {
    const session = after(["UserPromptSubmit", { prompt: "p0" }]);
    interrupt(session, at(9.5, "p1"));
    assert.equal(session.state, "working", "another turn is none of its business");
    next(session, 2, "UserPromptSubmit", turn);
    assert.equal(session.state, "interrupted");
    assert.equal(next(session, 3, "PreToolUse", { call: "1", tool: "Bash", ...turn }).state, "interrupted");
    assert.equal(next(session, 20, "UserPromptSubmit", { prompt: "p2" }).state, "working");
  });

  test("is known by its time, where the host gives no ids", () => {
    const session = after(...begun, call("1"));
    interrupt(session, at(0.5));
    assert.equal(session.state, "working", "that was before the turn");
    interrupt(session, at(9.5));
    assert.equal(session.state, "interrupted");
  });

  test("changes nothing once the turn is over", () => {
    const session = after(...running, ["Stop", turn]);
    interrupt(session, at(1, "p1"));
    assert.equal(session.state, "idle");
  });
});
