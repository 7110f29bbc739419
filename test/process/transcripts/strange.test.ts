// Transcripts that are strange and real, through the command: what they say is taken in, what cannot be is counted with its
// place, and none of them stops another.

import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mpm } from "../../world.ts";
import { HOUR_MS, LATER, type Scene, scene } from "./scene.ts";
import { T0, Transcript } from "./transcript.ts";

const MIB = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const PROJECT = "-home-dana-code-pier";

let here: Scene;
let said: {
  readonly skipped: readonly { readonly file: string; readonly line: number; readonly reason: string }[];
  readonly sessions: { readonly new: number };
};
const releases: (() => unknown)[] = [];

const place = (session: string, folder = PROJECT): string => {
  mkdirSync(join(here.claude, "projects", folder), { recursive: true });
  return join(here.claude, "projects", folder, `${session}.jsonl`);
};
/** Writes a session's transcript as one that is over. */
const put = (session: string, text: string | Buffer, { folder = PROJECT, at = LATER } = {}): void => {
  writeFileSync(place(session, folder), text);
  utimesSync(place(session, folder), at, at);
};
const skippedOf = (session: string) =>
  said.skipped.filter(({ file }) => file.includes(session)).map(({ line, reason }) => [line, reason]);
const eventsOf = async (session: string, name: string) =>
  (await here.events(session)).filter(({ event }) => event === name).map(({ data }) => data);
const namesOf = async (session: string) => (await here.events(session)).map(({ event }) => event);
const COUNTED = ["SessionStart", "UserPromptSubmit", "AssistantMessage", "Stop", "SessionEnd"];

/** A text of which a character of three bytes lies across the end of the first chunk, the text beginning at a byte. */
const across = (start: number): string =>
  `${"a".repeat((CHUNK_BYTES - start + 1) % 3)}${"…".repeat(CHUNK_BYTES / 3 + 100)}`;

before(async () => {
  const t = { after: (release: () => unknown) => void releases.push(release) };
  here = await scene(t as never);
  const long = new Transcript("long").prompt("Read it all.").calls("toolu_l", "Read", { file_path: "/big" });
  long.result("toolu_l", "x".repeat(50 * MIB)).says("It is long.");
  put("long", long.text);

  const windows = new Transcript("windows").prompt("Count them.").says("Twelve.");
  put("windows", `\ufeff${windows.lines.join("\r\n\r\n")}\r\n   \r\n`);

  const start = Buffer.byteLength(new Transcript("split").prompt("@").text.split("@")[0] ?? "");
  put("split", new Transcript("split").prompt(across(start)).says("Dots.").text);

  const orphans = new Transcript("orphans").prompt("Look around.");
  const aside = new Transcript("orphans", { isSidechain: true, parentUuid: "00000000-gone" })
    .prompt("look")
    .says("seen");
  put("orphans", orphans.text + aside.text + new Transcript("orphans").says("Done.").text.replace("main-1", "main-9"));

  const leaf = { type: "summary", summary: "Of nobody", leafUuid: "00000000-0000-4000-8000-000000000000" };
  put("summaries", `${JSON.stringify(leaf)}\n${JSON.stringify(leaf)}\n`);

  const meta = new Transcript("meta").prompt("Caveat of the host", { isMeta: true }).prompt("Mine.").says("Yours.");
  put("meta", meta.text);

  const compacted = new Transcript("compacted").prompt("Go on.").says("So far.");
  compacted.line("system", { subtype: "compact_boundary", compactMetadata: { trigger: "auto", preTokens: 150_000 } });
  compacted.prompt("This session is being continued …", { isCompactSummary: true }).says("Further.");
  put("compacted", compacted.text);

  const image = {
    type: "image",
    source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo".repeat(100_000) },
  };
  const pictures = new Transcript("pictures").prompt("Look at both.");
  for (const call of ["toolu_1", "toolu_2"]) pictures.calls(call, "Read", { file_path: `/${call}.png` });
  const content = ["toolu_1", "toolu_2"].map((id) => ({
    type: "tool_result",
    tool_use_id: id,
    content: [{ type: "text", text: `of ${id}` }, image],
  }));
  pictures.line("user", { message: { role: "user", content }, toolUseResult: { only: "the last one's" } });
  put("pictures", pictures.says("Two boats.").text);

  const overloaded = new Transcript("overloaded").prompt("Go.");
  overloaded.says("API Error: 529 overloaded_error", {
    model: "<synthetic>",
    line: { isApiErrorMessage: true, requestId: null },
  });
  put("overloaded", overloaded.text);

  const growing = new Transcript("growing").prompt("Write it.").says("I am at it.");
  put("growing", growing.text.slice(0, -40), { at: new Date() });
  put("cut-off", growing.text.replaceAll("growing", "cut-off").slice(0, -40));

  const twice = new Transcript("twice").prompt("Count.").calls("toolu_t", "Bash", { command: "wc" });
  twice.result("toolu_t", { stdout: "41" }).says("41.");
  for (const folder of [PROJECT, `${PROJECT}-worktree`]) put("twice", twice.text, { folder });

  const zoneless = new Transcript("zoneless").prompt("When?").says("Then.");
  put("zoneless", zoneless.text.replace(/("timestamp":"[^"]*)Z"/g, '$1"'));
  const early = new Transcript("early").prompt("When?").says("Later.");
  put("early", early.text.replaceAll("2026-09-04", "2099-09-04"));

  const command = await mpm(["import", "--json"], { env: here.env });
  assert.equal(command.status, 0, command.stderr);
  said = JSON.parse(command.stdout.trim().split("\n").at(-1) ?? "");
});
after(async () => {
  for (const release of releases.reverse()) await release();
});

test("a line of 50 MB is passed over with its place, and what stands around it is taken in", async () => {
  assert.deepEqual(skippedOf("long.jsonl"), [[3, "too_long"]]);
  assert.deepEqual(await namesOf("long"), [...COUNTED.slice(0, 2), "PreToolUse", ...COUNTED.slice(2)]);
});

test("blank lines, and line ends and byte order marks of Windows, are nothing that has to be counted", async () => {
  assert.deepEqual([skippedOf("windows"), await namesOf("windows")], [[], COUNTED]);
});

test("a character that lies across what is read at a time is read whole", async () => {
  const [prompt] = await eventsOf("split", "UserPromptSubmit");
  assert.doesNotMatch(String(prompt?.["prompt"]), /\ufffd/);
  assert.match(String(prompt?.["prompt"]), /^a*…+/);
});

test("lines of a subagent whose call is not there are a subagent's", async () => {
  const events = await here.events("orphans");
  assert.deepEqual(
    events.filter(({ agent }) => agent !== undefined).map(({ event }) => event),
    ["SubagentStart", "AssistantMessage"],
  );
  assert.equal(events.filter(({ event }) => event === "UserPromptSubmit").length, 1);
});

test("summaries of sessions that are not there make none", async () => {
  assert.deepEqual([skippedOf("summaries"), await namesOf("summaries")], [[], []]);
});

test("what the host says in the place of a person is no prompt", async () => {
  assert.deepEqual(
    (await eventsOf("meta", "UserPromptSubmit")).map(({ prompt }) => prompt),
    ["Mine."],
  );
});

test("a compaction is said, and its summary is no prompt", async () => {
  assert.deepEqual(
    (await eventsOf("compacted", "PostCompact")).map(({ trigger }) => trigger),
    ["auto"],
  );
  assert.equal((await eventsOf("compacted", "UserPromptSubmit")).length, 1);
});

test("results of several calls in one line are each their call's, and pictures take no room", async () => {
  const ends = await eventsOf("pictures", "PostToolUse");
  assert.deepEqual(
    ends.map(({ tool_use_id: call, tool_response: response }) => [
      call,
      /of toolu_\d/.exec(JSON.stringify(response))?.[0],
    ]),
    [
      ["toolu_1", "of toolu_1"],
      ["toolu_2", "of toolu_2"],
    ],
  );
  assert.ok(JSON.stringify(ends).length < 10_000);
});

test("an error of the API is said and costs nothing", async () => {
  assert.deepEqual(
    (await eventsOf("overloaded", "AssistantMessage")).map(({ message }) => message),
    ["API Error: 529 overloaded_error"],
  );
  assert.equal((await here.sessions()).find(({ id }) => id === "overloaded")?.tokens, undefined);
});

test("a last line that is still being written is none yet, one that will never be whole is counted", async () => {
  assert.deepEqual([skippedOf("growing"), skippedOf("cut-off")], [[], [[2, "not_json"]]]);
});

test("a session that lies in two projects is told once", async () => {
  assert.deepEqual(await namesOf("twice"), [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "AssistantMessage",
    "Stop",
    "SessionEnd",
  ]);
});

test("a time without a zone is one of here, and one that is still to come is none", async () => {
  const sessions = new Map((await here.sessions()).map((session) => [session.id, session]));
  assert.equal(sessions.get("zoneless")?.firstAt, new Date(new Date(T0 + 1000).toISOString().slice(0, -1)).getTime());
  const early = sessions.get("early");
  assert.ok(early && early.lastAt < Date.now() + HOUR_MS, `${early?.lastAt}`);
  assert.deepEqual([early.state, early.lastAt], ["ended", LATER.getTime()]);
});
