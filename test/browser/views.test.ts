// One test a view: what it shows of sessions that the real host has written, and of a busy morning.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import type { Envelope } from "../../src/contract/envelope.ts";
import { testWith } from "../tools.ts";
import { closeBrowser, dashboard, go, storeAll, titled } from "./page.ts";
import { recording, sessionOf } from "./recordings.ts";
import { busyMorning, harbour, lighthouse, slipway } from "./stories.ts";
import { tidepool } from "./tidepool.ts";

const test = testWith("chromium");

after(closeBrowser);

const eventsOf = (stories: readonly { readonly events: readonly Envelope[] }[]) =>
  stories.flatMap(({ events }) => events);
const textOf = async (page: Page, selector: string) => (await page.locator(selector).innerText()).replace(/\s+/g, " ");
/** The text once it is as expected; the test fails by its own deadline otherwise. */
async function shows(page: Page, selector: string, expected: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).first().waitFor();
}

test("Now puts the session that waits for a person first, largest, and in the title of the tab", async (t) => {
  const now = Date.now();
  const { page } = await dashboard(t, eventsOf(busyMorning(now)));
  const first = page.locator(".card").first();
  assert.match(
    await first.innerText(),
    /harbour-api[\s\S]*Waits for you[\s\S]*permission for Bash[\s\S]*rm -r var\/cache/,
  );
  const sizes = await page.locator(".card").evaluateAll((cards) => cards.map((card) => card.clientWidth));
  assert.ok((sizes[0] as number) > 2 * (sizes[1] as number), `widths are ${sizes}`);
  const colour = (at: number) =>
    page
      .locator(".card")
      .nth(at)
      .evaluate((card) => getComputedStyle(card).backgroundColor);
  assert.notEqual(await colour(0), await colour(2));
  await titled(page, /^\(2 waiting\) Now · mpm$/);
  assert.match(await textOf(page, ".counts"), /2 sessions wait for you 2 working/);
});

test("Now says what each session does, for how long, with which subagents, tokens and failures", async (t) => {
  const now = Date.now();
  const { page } = await dashboard(t, eventsOf([tidepool(now), lighthouse(now)]));
  const card = page.locator(".card", { hasText: "tidepool" });
  await card.waitFor();
  const text = (await card.innerText()).replace(/\s+/g, " ");
  assert.match(text, /Working Bash python -m ingest --all --dry-run \d+ s/);
  assert.match(text, /❯?\s?Good\. Now the nightly job/);
  assert.match(text, /migration-reviewer/);
  assert.match(text, /turns 2 tool calls \d+ failed ✕ 2/);
  assert.match((await card.locator("svg.spark").getAttribute("aria-label")) ?? "", /\d+ events in the last 30 minutes/);
});

test("a session that its user broke off is interrupted, in a sign and in words, on its card and in its head", async (t) => {
  const story = slipway(Date.now());
  const { page } = await dashboard(t, story.events);
  await shows(page, ".card.is-interrupted", /slipway[\s\S]*Interrupted[\s\S]*you interrupted it[\s\S]*while Bash ran/);
  assert.equal(await page.locator(".card .state [data-icon=interrupted]").count(), 1);
  assert.match(await textOf(page, ".counts"), /1 interrupted/);
  assert.doesNotMatch(await page.title(), /waits/);
  await go(page, `#/session/${story.cast.session}?tab=timeline`);
  await shows(page, ".session-head", /Interrupted/);
  await titled(page, /, slipway · mpm$/);
});

test("Now groups what has ended by project, newest first", async (t) => {
  const { page } = await dashboard(t, eventsOf(busyMorning(Date.now())));
  assert.deepEqual(await page.locator(".ended h3").allInnerTexts(), [
    "tidepool",
    "harbour-api",
    "lighthouse",
    "buoy-firmware",
  ]);
  const titles = await page.locator(".ended section").first().locator(".title").allInnerTexts();
  assert.deepEqual(titles, [
    "Make the importer stream instead of reading whole files",
    "Why is the nightly job slow on Sundays?",
  ]);
});

test("a resumed, a forked and a cleared session are shown as that", async (t) => {
  const now = Date.now();
  const resumed = recording("resume", now - 60_000);
  const cleared = recording("clear", now - 30_000);
  const { page } = await dashboard(t, [...resumed, ...cleared]);
  await go(page, `#/session/${resumed[0]?.session_id}`);
  await shows(page, ".session-head", /resumed/);
  await go(page, `#/session/${sessionOf(resumed)}?tab=timeline`);
  await shows(page, ".session-head", /forked from another session/);
  await go(page, `#/session/${sessionOf(cleared)}?tab=timeline`);
  await shows(page, ".session-head", /after \/clear/);
});

test("a session is a timeline: its events below, a chosen one beside, both in step with it", async (t) => {
  const story = tidepool(Date.now());
  const { page } = await dashboard(t, story.events, `#/session/${story.cast.session}?tab=timeline`);
  await page.locator("#rows .list-row").first().waitFor();
  await shows(page, ".rows-tools", new RegExp(`${story.events.length} shown`));
  assert.match(await textOf(page, "#rows .list-row:last-child"), /PreToolUse Bash.*--dry-run/, "it follows the end");
  await page.locator(".chips label", { hasText: "Failed" }).click();
  await shows(page, ".rows-tools", /2 shown/);
  await page.locator("#rows .list-row").first().click();
  await shows(page, ".session-event", /PostToolUseFailure\s*Bash/);
  await page.waitForURL(/event=/);
  assert.equal(await page.locator(".tools button", { hasText: "Follow" }).getAttribute("aria-pressed"), "false");
  const canvas = page.locator(".timeline canvas").first();
  const before = await canvas.screenshot();
  await page.keyboard.press("0");
  await page.waitForFunction(() => document.activeElement !== null);
  await assertChanges(canvas, before);
});

/** A canvas is drawn in a frame of its own. */
async function assertChanges(canvas: ReturnType<Page["locator"]>, before: Buffer): Promise<void> {
  for (let look = 0; look < 50; look++) if (!(await canvas.screenshot()).equals(before)) return;
  assert.fail("the picture stays as it was");
}

test("every recorded session opens without an error, with all of its events", async (t) => {
  const names = [
    "tour",
    "forty",
    "subagents",
    "failures",
    "permission",
    "interrupt",
    "compaction",
    "background",
    "stop-failure",
  ];
  const now = Date.now();
  const recorded = names.map((name, index) => recording(name, now - (index + 1) * 60_000));
  const { page } = await dashboard(t, recorded.flat());
  for (const events of recorded) {
    const session = sessionOf(events);
    const count = events.filter((event) => event.session_id === session).length;
    await go(page, `#/session/${session}?tab=timeline`);
    await shows(page, ".rows-tools", new RegExp(`^\\D*${count} shown`));
  }
  assert.deepEqual(page.trouble.errors, []);
});

for (const [what, pick, expected] of [
  [
    "a command and its output",
    (e) => e.data["tool_name"] === "Bash" && e.hook_event_name === "PostToolUse",
    /git status --short && git log[\s\S]*a41c2de Import tide gauges/,
  ],
  [
    "an edit as a difference",
    (e) => e.data["tool_name"] === "Edit" && e.hook_event_name === "PostToolUse",
    /range\(len\(rows\) - 1\):[\s\S]*range\(len\(rows\)\):/,
  ],
  [
    "a file with its lines' numbers",
    (e) => e.data["tool_name"] === "Read" && e.hook_event_name === "PostToolUse",
    /import csv[\s\S]*def read_rows/,
  ],
  [
    "a subagent's prompt and answer",
    (e) => e.data["tool_name"] === "Agent" && e.hook_event_name === "PostToolUse",
    /List every caller of read_rows[\s\S]*Three callers/,
  ],
  ["todos as a list", (e) => e.data["tool_name"] === "TodoWrite", /Find where rows are dropped/],
] as const satisfies readonly (readonly [string, (event: Envelope) => boolean, RegExp])[])
  test(`an event shows ${what}, and its JSON beside it`, async (t) => {
    const story = tidepool(Date.now());
    const event = story.events.find(pick);
    assert.ok(event);
    const { page } = await dashboard(t, story.events, `#/event/${event.id}`);
    await shows(page, ".event .side:first-child", expected);
    await shows(page, ".event .json", new RegExp(event.id));
    assert.equal(await page.locator(".is-removed").count(), event.data["tool_name"] === "Edit" ? 1 : 0);
  });

test("redactions and cuts are marked where they are", async (t) => {
  const story = tidepool(Date.now());
  const cut = story.events.find((event) => JSON.stringify(event.data).includes("…[cut: 184220 characters]…"));
  const redacted = story.events.find((event) => JSON.stringify(event.data).includes("[redacted:assignment]"));
  const { page } = await dashboard(t, story.events, `#/event/${cut?.id}`);
  await page.locator(".side:first-child mark.is-cut").first().waitFor();
  await go(page, `#/event/${redacted?.id}`);
  await page.locator(".side:first-child mark.is-redacted").first().waitFor();
});

test("Search finds words anywhere in the payload, and filters narrow it", async (t) => {
  const { page } = await dashboard(t, eventsOf(busyMorning(Date.now())), "#/search?q=keyring");
  await shows(page, ".search .counts", /^\d+ hits in \d+ sessions?, newest first/);
  const all = Number.parseInt(await textOf(page, ".search .counts"), 10);
  await page.locator("label", { hasText: "Tool" }).locator("input").fill("Edit");
  await page.waitForFunction(
    (before) => Number.parseInt(document.querySelector(".search .counts")?.textContent ?? "", 10) < before,
    all,
  );
  const tools = await page.locator("#found .tool").allInnerTexts();
  assert.deepEqual([...new Set(tools)], ["Edit"]);
  await page.locator(".search-words").fill("nosuchwordanywhere");
  await shows(page, ".empty", /Nothing matches/);
});

test("Statistics counts calls, failures, waits and files, and plots them", async (t) => {
  const { page } = await dashboard(t, eventsOf(busyMorning(Date.now())), "#/statistics");
  await page.locator(".plot canvas").waitFor();
  assert.match(
    await textOf(page, ".figures.is-large"),
    /sessions \d+ events \d+ tool calls \d+ failed [\d.]+ % waited for you [\d.]+ m?s? ?/,
  );
  assert.match(await textOf(page, ".latency tbody tr:first-child"), /^Bash \d+ ✕ \d+, [\d.]+ %/);
  assert.equal(await page.locator(".slowest li").count(), 20);
  assert.match(await textOf(page, ".sheets"), /Waiting for you, by what asked Edit/);
  assert.match(await textOf(page, ".sheets"), /Files most touched read, edited/);
  await page.locator(".latency td a").first().click();
  await page.waitForURL(/#\/search\?tool=Bash&failed=1&since=\d+$|#\/search\?tool=Bash&since=\d+&failed=1$/);
  await shows(page, ".search .counts", /^\d+ hits/);
  await page.goBack();
  await page.locator(".chips label", { hasText: "All" }).click();
  await page.waitForURL(/range=all/);
  await page.locator(".plot canvas").waitFor();
});

test("Health says that all is well, and which session has lost how many events", async (t) => {
  const story = harbour(Date.now());
  const { monitor, page } = await dashboard(t, story.events, "#/health");
  await shows(page, ".overall", /Everything arrives/);
  await shows(page, ".facts", new RegExp(`stored\\s*${story.events.length} events`));
  const gap = lighthouse(Date.now()).lose(3).end();
  await storeAll(monitor, gap.events);
  await shows(page, ".sign-card.is-trouble", /Gaps[\s\S]*3 events are missing, in 1 session/);
  await shows(page, ".sheet", /lighthouse[\s\S]*3 events missing/);
});

test("without any session each view says what it is for", async (t) => {
  const { page } = await dashboard(t, []);
  await shows(page, ".empty", /No session has been seen yet[\s\S]*mpm install/);
  await go(page, "#/search");
  await shows(page, ".empty", /Nothing is stored yet/);
  await go(page, "#/statistics");
  await shows(page, ".empty", /No events in this time/);
  await go(page, "#/session/nobody");
  await shows(page, ".empty", /This session is not stored[\s\S]*no session has the id nobody/);
  await go(page, "#/event/nothing");
  await shows(page, ".empty", /no event has the id nothing/i);
  await go(page, "#/elsewhere");
  await shows(page, ".empty", /no such page/);
});
