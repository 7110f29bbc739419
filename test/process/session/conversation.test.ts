// What was said, from rows in any order; and which files were changed, from the ends of calls.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Envelope } from "../../../src/contract/envelope.ts";
import type { EventRow } from "../../../src/contract/row.ts";
import { changedFiles, editOf } from "../../../src/session/changes.ts";
import { messageAt, placesOf } from "../../../src/session/conversation.ts";
import { envelope } from "../trust/monitor.ts";

let n = 0;
const row = (t: number, event: string, text?: string, more: Partial<EventRow> = {}): EventRow => ({
  n: ++n,
  id: `e${n}`,
  t,
  session: "s",
  seq: n,
  event,
  bytes: 1,
  ...(text === undefined ? {} : { text }),
  ...more,
});
const said = (...rows: EventRow[]) =>
  placesOf(rows, (t) => Math.floor(t / 100)).map(({ id, role, turn, final }) => [
    rows.find((one) => one.id === id)?.text,
    role,
    turn,
    final ?? false,
  ]);

describe("a conversation", () => {
  test("is in order of time, whenever its parts were stored", () => {
    assert.deepEqual(
      said(row(130, "Stop", "done"), row(110, "AssistantMessage", "I look"), row(100, "UserPromptSubmit", "go")),
      [
        ["go", "user", 1, false],
        ["I look", "assistant", 1, false],
        ["done", "assistant", 1, true],
      ],
    );
  });

  test("says once what the transcript and the end of the turn both tell", () => {
    assert.deepEqual(
      said(
        row(100, "UserPromptSubmit", "go"),
        row(128, "AssistantMessage", "done "),
        row(130, "Stop", "done"),
        row(140, "AssistantMessage", "from a subagent", { agent: "a" }),
        row(141, "SubagentStop", "from a subagent", { agent: "a" }),
        row(200, "UserPromptSubmit", "again"),
        row(230, "Stop", "other words"),
      ),
      [
        ["go", "user", 1, false],
        ["done ", "assistant", 1, true],
        ["from a subagent", "assistant", 1, false],
        ["again", "user", 2, false],
        ["other words", "assistant", 2, true],
      ],
    );
  });

  test("keeps the same words of two turns apart, though the transcript of one of them was not read", () => {
    const texts = said(
      row(100, "AssistantMessage", "Done."),
      row(130, "Stop", "Done."),
      row(200_000, "UserPromptSubmit", "again"),
      row(230_000, "Stop", "Done."),
    );
    assert.deepEqual(
      texts.map(([text]) => text),
      ["Done.", "again", "Done."],
    );
  });

  test("says a prompt once that hook and transcript both tell, and twice what was asked twice", () => {
    const told = { source: "transcript" } as const;
    const prompts = said(
      row(100, "UserPromptSubmit", "again"),
      row(150, "UserPromptSubmit", "again", told),
      row(90_000, "UserPromptSubmit", "again", told),
    );
    assert.equal(prompts.length, 2);
  });

  test("has what was thought with the words that follow, of the same agent", () => {
    const rows = [
      row(100, "UserPromptSubmit", "go"),
      row(101, "AssistantMessage"),
      row(102, "AssistantMessage", undefined, { agent: "a" }),
      row(103, "AssistantMessage", "now"),
    ];
    const place = placesOf(rows, () => 1).at(-1) ?? assert.fail();
    assert.deepEqual(place.thoughts, [rows[1]?.id]);
    const event = (data: object): Envelope => ({ ...envelope(1), data: { ...data } });
    const { text, thinking, model } = messageAt(place, event({ message: "now", model: "m" }), [
      event({ thinking: "first" }),
    ]);
    assert.deepEqual([text, thinking, model], ["now", "first", "m"]);
  });
});

describe("changed files", () => {
  const edit = (input: object, response: unknown, more: Partial<Envelope> = {}): Envelope => ({
    ...envelope(1),
    id: `x${++n}`,
    hook_event_name: "PostToolUse",
    ...more,
    data: { tool_name: "Edit", tool_input: { ...input }, tool_response: response },
  });
  const patch = (...lines: string[]) => [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines }];
  const filesOf = (...events: Envelope[]) =>
    changedFiles(
      events.flatMap((event) => editOf(event) ?? []),
      () => 3,
    );

  test("count the lines of what the host says, by file, with who changed it and when", () => {
    const files = filesOf(
      edit(
        { file_path: "/p/a" },
        { structuredPatch: patch("-x", "+y", "+z", " w") },
        { timestamp: "2026-01-01T00:00:01.000Z" },
      ),
      edit(
        { file_path: "/p/b", content: "1\n2\n" },
        { type: "create", structuredPatch: [] },
        { timestamp: "2026-01-01T00:00:02.000Z" },
      ),
      edit(
        { file_path: "/p/a" },
        { structuredPatch: patch("+v") },
        { agent_id: "a1", timestamp: "2026-01-01T00:00:03.000Z" },
      ),
    );
    assert.deepEqual(
      files.map(({ path, edits, added, removed, agents, turns, created }) => [
        path,
        edits,
        added,
        removed,
        agents,
        turns,
        created,
      ]),
      [
        ["/p/a", 2, 3, 1, ["", "a1"], [3], undefined],
        ["/p/b", 1, 2, 0, [""], [3], true],
      ],
    );
  });

  test("are counted from the call where the host says nothing of its outcome", () => {
    const [file] = filesOf(
      edit(
        {
          file_path: "/p/a",
          edits: [
            { old_string: "a", new_string: "b\nc" },
            { old_string: "d", new_string: "" },
          ],
        },
        "ok",
      ),
      edit({ notebook_path: "/p/a", new_source: "x" }, { old_source: "y\nz" }),
    );
    assert.deepEqual([file?.edits, file?.added, file?.removed], [2, 3, 4]);
  });

  test("know a file's text before and after where the event holds it uncut, and only there", () => {
    const whole = editOf(edit({ file_path: "/a", old_string: "b$&", new_string: "$&c" }, { originalFile: "ab$&d" }));
    assert.deepEqual([whole?.before, whole?.after], ["ab$&d", "a$&cd"]);
    const cut = editOf(
      edit({ file_path: "/a", old_string: "b", new_string: "c" }, { originalFile: "ab…[cut: 9 characters]…" }),
    );
    assert.deepEqual([cut?.before, cut?.after], [undefined, undefined]);
  });

  test("leave out what is no edit, and take strange payloads", () => {
    for (const event of [
      edit({ file_path: "/a" }, {}, { hook_event_name: "PreToolUse" }),
      edit({}, {}),
      { ...edit({}, {}), data: { tool_input: 7 } },
    ])
      assert.equal(editOf(event), undefined);
    assert.ok(
      editOf(edit({ file_path: "/a", edits: 7, old_string: 5 }, { structuredPatch: [{}, 3], originalFile: [] })),
    );
  });
});
