// The conversation and the changed files of a session at the API: paged, live, with diffs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FilesAnswer } from "../../../src/contract/changes.ts";
import { MessagesPage } from "../../../src/contract/conversation.ts";
import { ROUTES } from "../../../src/contract/routes.ts";
import { storeAll } from "../../browser/page.ts";
import { Story } from "../../browser/story.ts";
import { runMonitor } from "../trust/monitor.ts";

const START = Date.now() - 600_000;
const PROJECT = "/home/dana/code/tidepool";
const edit = (path: string, before: string, from: string, to: string) => ({
  tool_name: "Edit",
  tool_use_id: `call-${path}-${to}`,
  tool_input: { file_path: path, old_string: from, new_string: to },
  tool_response: {
    filePath: path,
    originalFile: before,
    structuredPatch: [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: [`-${from}`, `+${to}`] }],
  },
});

test("a conversation is read backwards from its end in pages, and forwards as it grows, each message once", async (t) => {
  const monitor = await runMonitor(t);
  const story = new Story({ session: "s", project: PROJECT, start: START }).begin();
  for (let turn = 1; turn <= 7; turn++) story.wait(1000).prompt(`prompt ${turn}`).wait(1000).stop(`answer ${turn}`);
  await storeAll(monitor, story.events);
  const page = async (query: string) =>
    MessagesPage.parse(await (await monitor.ask(`/api/sessions/s/messages?limit=4${query}`)).json());
  const texts: string[] = [];
  let before = "";
  let after: string | null = null;
  for (let pages = 0; pages < 10; pages++) {
    const { messages, next } = await page(before && `&before=${before}`);
    texts.unshift(...messages.map(({ text }) => text));
    after ??= next.after;
    if (next.before === null) break;
    before = next.before;
  }
  const expected = [1, 2, 3, 4, 5, 6, 7].flatMap((turn) => [`prompt ${turn}`, `answer ${turn}`]);
  assert.deepEqual(texts, expected);
  assert.deepEqual((await page(`&after=${after}`)).messages, []);
  await storeAll(monitor, story.wait(1000).prompt("one more").events.slice(-1));
  const grown = await page(`&after=${after}`);
  assert.deepEqual(
    grown.messages.map(({ text, turn }) => [text, turn]),
    [["one more", 8]],
  );
  assert.deepEqual((await page(`&after=${grown.next.after}`)).messages, []);
});

test("a file's edits add up to one diff of before and after, and to the calls' own where the text is not stored", async (t) => {
  const monitor = await runMonitor(t);
  const story = new Story({ session: "s", project: PROJECT, start: START }).begin().prompt("Mend it");
  story.emit("PostToolUse", edit("/p/gauge.ts", "one\ntwo\n", "one", "1")).wait(10);
  story.emit("PostToolUse", edit("/p/reef.ts", `…[cut: 5 characters]…`, "a", "b")).wait(10);
  story.emit("PostToolUse", edit("/p/gauge.ts", "1\ntwo\n", "two", "2"), { id: "a1", type: "Explore" }).wait(10);
  story.emit("PostToolUseFailure", { ...edit("/p/never.ts", "", "x", "y"), error: "not found" });
  await storeAll(monitor, story.events);
  const files = async (query = "") =>
    FilesAnswer.parse(await (await monitor.ask(`/api/sessions/s/files${query}`)).json());
  assert.deepEqual(
    (await files()).files.map(({ path, edits, added, removed, agents, turns }) => [
      path,
      edits,
      added,
      removed,
      agents,
      turns,
    ]),
    [
      ["/p/gauge.ts", 2, 2, 2, ["", "a1"], [1]],
      ["/p/reef.ts", 1, 1, 1, [""], [1]],
    ],
  );
  const whole = await files("?path=%2Fp%2Fgauge.ts&diff=1");
  assert.equal(whole.files.length, 1);
  assert.deepEqual(whole.diff, {
    of: "whole",
    hunks: [{ oldStart: 1, newStart: 1, lines: ["-one", "-two", "+1", "+2"] }],
  });
  assert.deepEqual((await files("?path=%2Fp%2Freef.ts&diff=1")).diff, {
    of: "steps",
    hunks: [{ oldStart: 1, newStart: 1, lines: ["-a", "+b"] }],
  });

  assert.deepEqual(
    (await files("?diff=1")).files.map(({ path, diff }) => [path, diff?.of, diff?.hunks[0]?.lines.length]),
    [
      ["/p/gauge.ts", "whole", 4],
      ["/p/reef.ts", "steps", 2],
    ],
  );

  const other = new Story({ session: "other", project: "/home/dana/code/reef", start: START + 60_000 }).begin();
  await storeAll(monitor, other.emit("PostToolUse", edit("/p/gauge.ts", "x", "x", "y")).events);
  const lately = async (query: string) =>
    FilesAnswer.parse(await (await monitor.ask(`/api/files?${query}`)).json()).files.map(({ session, path }) => [
      session,
      path,
    ]);
  assert.deepEqual(await lately("limit=2"), [
    ["other", "/p/gauge.ts"],
    ["s", "/p/gauge.ts"],
  ]);
  assert.deepEqual(await lately("project=tidepool"), [
    ["s", "/p/gauge.ts"],
    ["s", "/p/reef.ts"],
  ]);
});

test("of a session with very many edits and turns the latest are told, and from when on", async (t) => {
  const monitor = await runMonitor(t);
  const story = new Story({ session: "s", project: PROJECT, start: START }).begin();
  for (let turn = 0; turn < 1003; turn++) {
    story.wait(1).prompt(`turn ${turn}`);
    for (const path of ["/p/a.ts", "/p/b.ts"])
      story.emit("PostToolUse", edit(path, `${turn}\n`, `${turn}`, `${turn + 1}`));
    story.stop("Done.");
  }
  await storeAll(monitor, story.events);
  const at = story.events.filter(({ hook_event_name: name }) => name === "PostToolUse").at(-2000);
  const { files, since } = FilesAnswer.parse(await (await monitor.ask("/api/sessions/s/files?diff=1")).json());
  assert.deepEqual([files.map(({ edits }) => edits), since], [[1000, 1000], Date.parse(at?.timestamp ?? "")]);
  assert.deepEqual(files[0]?.diff, { of: "whole", hunks: [{ oldStart: 1, newStart: 1, lines: ["-3", "+1003"] }] });
  const { turns, since: from } = ROUTES.turns.answer.parse(await (await monitor.ask("/api/sessions/s/turns")).json());
  assert.deepEqual([turns.length, turns[0]?.number, turns.at(-1)?.number], [1000, 4, 1003]);
  assert.equal(from, turns[0]?.startedAt);
});
