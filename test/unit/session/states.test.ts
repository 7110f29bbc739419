// What a session is doing, read from its events: working, waiting, idle, interrupted, ended.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { after, background, begun, call, done, inAgent, type Short, shown } from "./shorts.ts";

const STATES: readonly (readonly [what: string, events: readonly Short[], state: string, detail?: string])[] = [
  ["a start", [["SessionStart", { kind: "startup" }]], "idle", "startup"],
  ["a prompt", begun, "working"],
  ["a call", [...begun, call("1")], "working"],
  ["the end of a call", [...begun, call("1"), done("1")], "working"],
  ["a failed call", [...begun, call("1"), ["PostToolUseFailure", { call: "1", failed: true }]], "working"],
  [
    "a question for permission",
    [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }]],
    "waiting",
    "permission for Bash",
  ],
  ["its answer yes", [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }], done("1")], "working"],
  ["its answer no", [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }], ["PostToolBatch"]], "working"],
  ["its denial by a rule", [...begun, call("1"), ["PermissionDenied", { call: "1" }]], "working"],
  [
    "a notification of it",
    [...begun, ["Notification", { kind: "permission_prompt", text: "Claude needs you" }]],
    "waiting",
    "Claude needs you",
  ],
  [
    "a question to the person",
    [...begun, call("1", { tool: "AskUserQuestion" })],
    "waiting",
    "an answer to its question",
  ],
  ["a plan", [...begun, call("1", { tool: "ExitPlanMode" })], "waiting", "approval of its plan"],
  ["an elicitation", [...begun, ["Elicitation", { kind: "server" }]], "waiting", "an answer for server"],
  ["its result", [...begun, ["Elicitation", { kind: "server" }], ["ElicitationResult"]], "working"],
  ["the end of the turn", [...begun, ["Stop"]], "idle"],
  ["one with work in the background", [...begun, ["Stop", {}, { backgroundTasks: 2 }]], "idle", "2 in the background"],
  [
    "one after which prompts come by themselves",
    [...begun, ["Stop", {}, { backgroundTasks: 1, scheduled: 3 }]],
    "idle",
    "1 in the background, 3 scheduled",
  ],
  [
    "a turn that failed",
    [...begun, ["StopFailure", { kind: "rate_limit", failed: true }]],
    "idle",
    "the turn failed: rate_limit",
  ],
  [
    "its answer, while another question is open",
    [
      ...begun,
      call("1"),
      call("2", { tool: "Edit" }),
      ["PermissionRequest", { tool: "Bash" }],
      ["PermissionRequest", { tool: "Edit" }],
      done("1"),
    ],
    "waiting",
    "permission for Edit",
  ],
  [
    "the end of another call, while a question is open",
    [...begun, call("1"), call("2", { tool: "Read" }), ["PermissionRequest", { tool: "Bash" }], done("2")],
    "waiting",
    "permission for Bash",
  ],
  [
    "work of a subagent, while a question of the main agent is open",
    [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }], call("2", inAgent), done("2", inAgent)],
    "waiting",
    "permission for Bash",
  ],
  [
    "a late notification of what is known",
    [
      ...begun,
      call("1"),
      ["PermissionRequest", { tool: "Bash" }],
      ["Notification", { kind: "permission_prompt", text: "Claude needs you" }],
    ],
    "waiting",
    "permission for Bash",
  ],
  [
    "a question of a subagent that outlived the turn",
    [...background, ["Stop"], call("2", inAgent), ["PermissionRequest", { tool: "Bash", ...inAgent }]],
    "waiting",
    "permission for Bash",
  ],
  [
    "its answer, between turns",
    [
      ...background,
      ["Stop"],
      call("2", inAgent),
      ["PermissionRequest", { tool: "Bash", ...inAgent }],
      done("2", inAgent),
    ],
    "idle",
  ],
  [
    "work in the background while it waits for a prompt",
    [...background, ["Stop"], ["Notification", { kind: "idle_prompt" }], call("2", inAgent)],
    "waiting",
    "your next prompt",
  ],
  [
    "nobody comes for a while, and there was no end",
    [...begun, ["Notification", { kind: "idle_prompt" }]],
    "interrupted",
  ],
  [
    "nobody comes for a while, and a call has no end",
    [...begun, call("1"), ["Notification", { kind: "idle_prompt" }]],
    "interrupted",
    "while Bash ran",
  ],
  ["a compaction by hand", [...begun, ["Stop"], ["PreCompact", { kind: "manual" }]], "working", "compacting"],
  [
    "its end",
    [
      ...begun,
      ["Stop"],
      ["PreCompact", { kind: "manual" }],
      ["PostCompact", { kind: "manual" }],
      ["SessionStart", { kind: "compact" }],
    ],
    "idle",
  ],
  [
    "nobody comes for a while",
    [...begun, ["Stop"], ["Notification", { kind: "idle_prompt" }]],
    "waiting",
    "your next prompt",
  ],
  ["compaction", [...begun, ["PreCompact", { kind: "auto" }]], "working", "compacting"],
  [
    "the start that follows it",
    [...begun, ["PreCompact", {}], ["PostCompact", {}], ["SessionStart", { kind: "compact" }]],
    "working",
  ],
  ["the end", [...begun, ["SessionEnd", { kind: "logout" }]], "ended", "logout"],
  [
    "going on after the end",
    [...begun, ["SessionEnd", { kind: "other" }], ["SessionStart", { kind: "resume" }]],
    "idle",
    "resume",
  ],
  ["an event in the middle", [done("9")], "working"],
  ["an event of a later host", [...begun, ["SomethingNew", { kind: "x" }]], "working"],
  ["an event named like a method", [...begun, ["constructor"], ["__proto__"]], "working"],
  ["work of a subagent in the background", [...begun, ["Stop"], call("1", inAgent)], "idle"],
];

describe("a session, after", () => {
  for (const [what, events, state, detail] of STATES)
    test(`${what}: ${state}${detail ? `, ${detail}` : ""}`, () => {
      const session = shown(after(...events));
      assert.deepEqual([session.state, session.detail], [state, detail]);
    });
});
