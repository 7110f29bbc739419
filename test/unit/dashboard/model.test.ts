import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { cutMark, depthMark, redactionMark } from "../../../src/contract/marks.ts";
import type { RelayStatus } from "../../../src/contract/relay-status.ts";
import { diffLines, patchLines } from "../../../src/dashboard/model/diff.ts";
import * as format from "../../../src/dashboard/model/format.ts";
import { type Chain, signsOf, worst } from "../../../src/dashboard/model/health.ts";
import { EMPTY_QUERY, paramsOf, queryFrom, requestOf } from "../../../src/dashboard/model/query.ts";
import { readable } from "../../../src/dashboard/model/readable.ts";
import { pieces, withoutEscapes } from "../../../src/dashboard/model/text.ts";
import { escapeHtml } from "../../../src/dashboard/record/escape.ts";
import { htmlBegin, htmlCall, htmlMessage } from "../../../src/dashboard/record/html.ts";
import { textBegin, textCall, textMessage, textNote } from "../../../src/dashboard/record/text.ts";
import { advance } from "../../../src/dashboard/session/advance.ts";
import { fit, pan, ticks, zoom } from "../../../src/dashboard/timeline/viewport.ts";
import { character } from "../../holds.ts";

for (const [ms, said] of [
  [0, "0 ms"],
  [85, "85 ms"],
  [4230, "4.2 s"],
  [42_900, "42 s"],
  [187_000, "3 m 07 s"],
  [7_500_000, "2 h 05 m"],
  [Number.NaN, "–"],
] as const)
  test(`${ms} ms reads ${said}`, () => assert.equal(format.duration(ms), said));

test("numbers are short and have their unit", () => {
  assert.deepEqual([950, 12_345, 4_100_000].map(format.short), ["950", "12.3 k", "4.1 M"]);
  assert.deepEqual([512, 1_500_000].map(format.size), ["512 B", "1.4 MiB"]);
  assert.deepEqual([format.share(1, 31), format.share(1, 0)], ["3.2 %", "–"]);
});

test("redactions, cuts and characters that hide or turn text are told apart from the text", () => {
  const text = "key [redacted:aws_key] and …[cut: 42 characters]… and \u202egnp.exe";
  assert.deepEqual(
    pieces(text).map((piece) => piece.kind),
    ["plain", "redacted", "plain", "cut", "plain", "control", "plain"],
  );
});

test("each character that turns or hides text, or that a terminal obeys, is named where it stands", () => {
  for (const [sign, name] of [
    ["\u009b", "U+009B"],
    ["\u061c", "U+061C"],
    ["\u200b", "U+200B"],
    ["\u2028", "U+2028"],
    ["\ufffa", "U+FFFA"],
    ["\u{e0041}", "U+E0041"],
  ])
    assert.deepEqual(pieces(`a${sign}b`)[1], { kind: "control", text: sign, about: name });
  assert.deepEqual(
    pieces("👩‍👩‍👧 a\tb\nc").map(({ kind }) => kind),
    ["plain"],
  );
});

test("a session as Markdown has no markup of its names, and nothing that a terminal obeys", () => {
  const evil = "\u001b]8;;https://evil\u0007[bank](https://evil)\u202e <img src=x>\u009b2J `";
  const call = { id: "c", tool: evil, text: evil, since: 0, outcome: "done" as const, event: "e", version: 0 };
  const note = { kind: "note" as const, id: "n", t: 0, text: evil };
  const said = { id: "m", role: "user" as const, at: 0, turn: 1, text: evil };
  const written = [
    textBegin({ title: evil, facts: [evil] }),
    textMessage(said),
    textCall(call, 1),
    textNote(note),
  ].join("");
  assert.doesNotMatch(written, /[\u001b\u0007\u009b\u202e]/);
  assert.match(written, /^# \\\[bank\\\]\(https:\/\/evil\)\\\[U\+202E\\\] \\<img src=x\\> \\`$/m);
});

test("pieces of any text join to that text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: character }),
      (text) =>
        pieces(text)
          .map((piece) => piece.text)
          .join("") === text,
    ),
  );
});

test("terminal colours are left out of output", () => {
  assert.equal(withoutEscapes("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007done"), "red done");
});

test("a diff turns the old text into the new one, whatever they are", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const side = (sign: string) =>
        lines.filter((line) => line.sign === " " || line.sign === sign).map((line) => line.text);
      return side("-").join("\n") === before && side("+").join("\n") === after;
    }),
  );
});

test("the host's own patch keeps its line numbers", () => {
  const lines = patchLines([
    { oldStart: 4, newStart: 5, lines: [" same", "-old", "+new"] },
    { lines: "no list" },
    null,
  ]);
  assert.deepEqual(
    lines.map((line) => [line.sign, line.oldLine, line.newLine]),
    [
      ["@", undefined, undefined],
      [" ", 4, 5],
      ["-", 5, undefined],
      ["+", undefined, 6],
    ],
  );
});

test("a search is the same after a way through its link", () => {
  const query = { ...EMPTY_QUERY, q: 'a "b" & c=d', tool: "Bash", failed: true, since: "2026-11-24T02:00" };
  assert.deepEqual(queryFrom(new URLSearchParams(paramsOf(query).toString())), query);
  assert.equal(paramsOf(EMPTY_QUERY).toString(), "");
});

test("a time that does not parse is not asked for", () => {
  assert.equal(requestOf({ ...EMPTY_QUERY, since: "soon" }, 0).toString(), "");
});

const sample = (tool_name: string, tool_input: unknown, tool_response: unknown) =>
  readable({ hook_event_name: "PostToolUse", data: { tool_name, tool_input, tool_response } });

for (const [what, blocks, kinds] of [
  [
    "a shell call is its command and output",
    sample("Bash", { command: "ls" }, { stdout: "a", stderr: "" }),
    ["code", "code"],
  ],
  [
    "an edit is a difference, also without a patch",
    sample("Edit", { file_path: "/a", old_string: "x", new_string: "y" }, undefined),
    ["diff"],
  ],
  ["a write is code", sample("Write", { file_path: "/a", content: "x" }, {}), ["code"]],
  [
    "an agent is its prompt and answer",
    sample("Task", { prompt: "p" }, { content: [{ type: "text", text: "a" }] }),
    ["prose", "prose"],
  ],
  ["to-dos are a list", sample("TodoWrite", { todos: [{ content: "x", status: "pending" }] }, {}), ["list"]],
  [
    "a tool that nobody knows shows its fields",
    sample("mcp__x__y", { a: 1, b: { c: 2 } }, "fine"),
    ["facts", "code", "code"],
  ],
] as const)
  test(what, () =>
    assert.deepEqual(
      blocks.map((block) => block.kind),
      kinds,
    ),
  );

test("no payload, however odd, keeps an event from being shown", () => {
  const events = ["PreToolUse", "PostToolUse", "PostToolBatch", "Stop", "Notification", "PermissionRequest", "Unheard"];
  const tools = [
    "Bash",
    "Edit",
    "Write",
    "Read",
    "Grep",
    "WebSearch",
    "Agent",
    "TodoWrite",
    "AskUserQuestion",
    "__proto__",
  ];
  const odd = fc.record(
    {
      tool_input: fc.anything(),
      tool_response: fc.anything(),
      tool_calls: fc.anything(),
      background_tasks: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.constantFrom(...events), fc.constantFrom(...tools), odd, (event, tool, data) => {
      // Payloads come through JSON: what JSON cannot say cannot be there.
      const json = JSON.parse(
        JSON.stringify({ ...data, tool_name: tool }, (_, value) => (typeof value === "bigint" ? 1 : value)),
      );
      readable({ hook_event_name: event, data: json });
    }),
    { numRuns: 300 },
  );
});

test("the exported page holds nothing but escaped text of the payload", () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`;
  const event = envelopeOf({ tool_name: evil, tool_input: { command: evil, [evil]: evil } }, evil);
  const call = { id: evil, tool: evil, text: evil, since: 0, outcome: "done" as const, event: evil, version: 0 };
  const said = { id: evil, role: "user" as const, at: 0, turn: 1, thinking: evil };
  const html = [
    htmlBegin({ title: evil, facts: [evil] }),
    htmlCall(call, event),
    ...[evil, `[x](javascript:alert(1)) ![y](https://z/${evil})`, `\`\`\`${evil}\n${evil}`, `> # ${evil}`].map((text) =>
      htmlMessage({ ...said, text }),
    ),
  ].join("");
  assert.doesNotMatch(html, /href="(?!https?:|mailto:)/);
  const tags = [...html.matchAll(/<\/?([a-z0-9]+)/gi)].map((match) => match[1]);
  assert.ok(!tags.includes("script") && !tags.includes("img"));
  assert.match(html, /default-src 'none'/);
  assert.equal(escapeHtml(`<a href="x">&'`), "&#60;a href=&#34;x&#34;&#62;&#38;&#39;");
});

function envelopeOf(data: Record<string, unknown>, event: string) {
  return {
    id: "1",
    schema: 1 as const,
    event: "claude_event" as const,
    type: "hook",
    subtype: "x",
    source: "mpm_hook",
    hook_event_name: event,
    timestamp: "2026-11-24T02:00:00.000Z",
    session_id: "s",
    host: { name: "h" },
    seq: 1,
    data,
  };
}

test("zooming keeps the time under the pointer where it is, and never leaves the session", () => {
  const bounds = fit(0, 100_000);
  const view = zoom({ from: 0, to: 10_000 }, 0.5, 2500, bounds);
  assert.deepEqual(view, { from: 1250, to: 6250 });
  assert.deepEqual(zoom(view, 1e9, 2500, bounds), bounds);
  assert.equal(pan(view, -1e9, bounds).from, bounds.from);
});

test("ticks are round and have room", () => {
  const { step, times } = ticks({ from: 0, to: 60_000 }, 600, 90);
  assert.equal(step, 10_000);
  assert.ok(times.every((t) => t % step === 0));
});

test("a replay passes over long pauses but for their last seconds", () => {
  const times = [0, 1000, 600_000];
  assert.equal(advance(times, 3, 0, 16), 16);
  assert.equal(advance(times, 3, 1000, 16), 597_000);
  assert.equal(advance(times, 3, 599_000, 5000), 600_000);
});

const relay = (more: Partial<RelayStatus> = {}): RelayStatus => ({
  pid: 1,
  version: "1",
  host: "h",
  startedAt: 0,
  updatedAt: 1_000_000,
  url: "http://127.0.0.1:1",
  connected: true,
  counters: { received: 9, forwarded: 9, repeated: 0, rejected: 0, cut: 0, dropped: 0, discarded: 0 },
  spool: { pending: 0, bytes: 0, oldestAt: null },
  ...more,
});

const STORED: Chain["monitor"] = {
  status: "healthy",
  service: "mpm-monitor",
  version: "1",
  pid: 1,
  instance: "i",
  startedAt: 0,
  now: 0,
  host: "h",
  events: 3,
  retentionMs: 1,
  maxBytes: 1,
  relays: [],
};

for (const [what, chain, state, named] of [
  ["all is well when everything arrives", { relays: [relay()] }, "good", undefined],
  ["a monitor that is lost is trouble", { relays: [relay()], connected: false }, "trouble", "Monitor"],
  [
    "a relay that is not connected is trouble",
    { relays: [relay({ connected: false, trouble: "refused" })] },
    "trouble",
    "Relay",
  ],
  [
    "events that are dropped are trouble",
    { relays: [relay({ counters: { ...relay().counters, dropped: 2 } })] },
    "trouble",
    "Dropped",
  ],
  [
    "events that were rejected and removed since are trouble",
    { relays: [relay({ counters: { ...relay().counters, discarded: 2 } })] },
    "trouble",
    "Discarded",
  ],
  [
    "a backlog that is old asks for a look",
    { relays: [relay({ spool: { pending: 4, bytes: 10, oldestAt: 900_000 } })] },
    "care",
    "Spool",
  ],
  [
    "a backlog that has just come is well",
    { relays: [relay({ spool: { pending: 4, bytes: 10, oldestAt: 999_000 } })] },
    "good",
    undefined,
  ],
  ["no relay at all asks for a look", { relays: [] }, "care", "Relay"],
  [
    "no relay since the monitor started is at rest, where events have come",
    { relays: [], monitor: STORED },
    "good",
    undefined,
  ],
] as const)
  test(what, () => {
    const signs = signsOf({ connected: true, broken: undefined, now: 1_001_000, ...chain });
    assert.equal(worst(signs), state);
    assert.equal(signs.find((sign) => sign.state === state && sign.remedy)?.name, named);
  });

test("the page's own promise: no markup is ever made of payload text", () => {
  // The sources are read, so that a later change cannot bring it in unseen.
  const { web } = JSON.parse(readFileSync(new URL("../../../dist/meta/bundle.json", import.meta.url), "utf8")) as {
    web: string[];
  };
  const own = web.filter((file) => file.startsWith("src/dashboard/") && /\.tsx?$/.test(file));
  assert.ok(own.length > 20);
  for (const file of own)
    assert.doesNotMatch(
      readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"),
      /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|new Function|eval\(/,
      file,
    );
});

test("the page knows every mark that the relay writes", () => {
  const marks = [redactionMark("jwt"), cutMark(5), cutMark(6, "elements"), cutMark(7, "keys"), depthMark(200)];
  for (const mark of marks) {
    const found = pieces(`before ${mark} after`);
    assert.deepEqual(
      found.map(({ text }) => text),
      ["before ", mark, " after"],
    );
    assert.equal(found[1]?.kind, mark.includes("redacted") ? "redacted" : "cut");
  }
});
