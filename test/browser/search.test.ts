// Search explains itself: where it matched, in which session, and what else could be typed.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { testWith } from "../tools.ts";
import { closeBrowser, dashboard, go } from "./page.ts";
import { busyMorning } from "./stories.ts";
import { Story } from "./story.ts";

const test = testWith("chromium");

after(closeBrowser);

const shows = (page: Page, selector: string, expected: RegExp) =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

function story(session: string, project: string, start: number): Story {
  return new Story({ session, project: `/home/dana/code/${project}`, start });
}

test("hits stand under their session, one row a call, with the place that matched marked", async (t) => {
  const now = Date.now();
  const first = story("e0000000-1", "tidepool", now - 90_000);
  first
    .begin()
    .prompt("Where are the barnacles counted?")
    .wait(1000)
    .bash("grep -r barnacle src", "src/count.py: barnacle = 1");
  first.batch().stop("In count.py, by the barnacle.");
  const second = story("e0000000-2", "harbour-api", now - 60_000);
  second.begin().prompt("Scrape the barnacle off").wait(1000).stop("Scraped.");
  const { page } = await dashboard(t, [...first.events, ...second.events], "#/search?q=barnacle");
  await shows(page, ".search .counts", /^3 hits in 2 sessions, newest first/);
  const headings = await page.locator(".hits-of").allInnerTexts();
  assert.deepEqual(
    headings.map((text) => text.replace(/\s+/g, " ")),
    ["harbour-api Scrape the barnacle off 1 hit", "tidepool Where are the barnacles counted? 2 hits"],
  );
  const marks = await page.locator("#found mark.is-match").allInnerTexts();
  assert.deepEqual(marks, ["barnacle", "barnacle", "barnacle"]);
  await page.locator("#found .list-row:not(.is-heading)", { hasText: "grep" }).click();
  await shows(page, ".session-event", /PostToolUse/);
  const hit = page.url();
  assert.match(hit, /hit=/);
  await page.reload();
  await shows(page, ".session-event", /PostToolUse/);
  await page.locator(".hits-of", { hasText: "tidepool" }).click();
  await page.waitForURL(/#\/session\/e0000000-1/);
  await page.goBack();
  await shows(page, ".session-event", /PostToolUse/);
});

test("filters take what the page itself shows: names, types, short ids, in any case", async (t) => {
  const events = busyMorning(Date.now()).flatMap((one) => one.events);
  const { page } = await dashboard(t, events, "#/search");
  const hits = async (params: string): Promise<number> => {
    await go(page, `#/search?${params}&hit=`);
    await page.waitForFunction((asked) => location.hash.includes(asked), params);
    await page.locator("#found .list-row, .search .empty").first().waitFor();
    return Number.parseInt((await page.locator(".search .counts").innerText()) || "0", 10);
  };
  for (const params of [
    "project=Tidepool",
    "tool=bash",
    "agent=explore",
    "session=7f3c1d9e",
    "event=stop",
    "day=today",
  ])
    assert.ok((await hits(params)) > 0, params);
});

test("a search that finds nothing offers what would find more", async (t) => {
  const now = Date.now();
  const one = story("e0000000-3", "tidepool", now - 60_000);
  one.begin().prompt("Count the barnacles").wait(1000).stop("Counted.");
  const { page } = await dashboard(t, one.events, "#/search?q=barnacle+prow&project=tidepool");
  await shows(page, ".empty", /Nothing matches[\s\S]*Words are found whole[\s\S]*The filters narrow it/);
  await page.getByRole("button", { name: "Search for barnacle* prow*" }).waitFor();
  await page.getByRole("button", { name: "Search for barnacle OR prow" }).waitFor();
  await page.locator(".search-words").fill("barnacle");
  await page.getByRole("button", { name: "Search for barnacle*" }).click();
  await shows(page, ".search .counts", /^1 hit in 1 session/);
  assert.equal(await page.locator("#search-help").isVisible(), true);
});

test("a search that takes long says how far it came, goes on by itself, and then when it is told to", async (t) => {
  const one = story("e0000000-6", "tidepool", Date.now() - 60_000);
  one.begin().prompt("Count the barnacles").wait(1000).stop("Counted.");
  const { page } = await dashboard(t, one.events, "#/search");
  /** Steps that find nothing, before the monitor is asked. */
  let empty = 40;
  await page.route(/api\/events\?.*withinMs=/, async (asked) => {
    empty--;
    if (empty < 0) return asked.continue();
    const reached = { n: 1000 + empty, t: Date.UTC(2026, 10, 12, 12) };
    return asked.fulfill({ json: { events: [], next: { before: reached.n, after: null }, reached } });
  });
  await page.locator(".search-words").fill("barnacles");
  await shows(page, ".counts", /^Nothing found yet. Looked back to 2026-11-12 \d\d:\d\d/);
  await page.getByRole("button", { name: "Look further" }).click();
  await shows(page, ".search .counts", /^1 hit in 1 session, newest first/);
  assert.equal(await page.getByText("Looked back").count(), 0);
  assert.equal(await page.getByText("Nothing matches").count(), 0);
});

test("a span of time from another view is kept, shown and narrowed", async (t) => {
  const start = Date.now() - 7_200_000;
  const one = story("e0000000-4", "tidepool", start);
  one.begin().prompt("Count the barnacles").wait(3_600_000).prompt("And the barnacles again");
  const { page } = await dashboard(t, one.events, `#/search?q=barnacles&since=${start - 1000}&until=${start + 60_000}`);
  await shows(page, ".search .counts", /^1 hit/);
  assert.match(await page.getByLabel("From", { exact: true }).inputValue(), /^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  await page.getByLabel("When").selectOption("");
  await shows(page, ".search .counts", /^2 hits/);
  await page.waitForURL(/#\/search\?q=barnacles$/);
});

test("on a telephone a hit shows the match and its time in full", async (t) => {
  const now = Date.now();
  const one = story("e0000000-5", "tidepool", now - 60_000);
  one.begin().prompt("Look in tests for the barnacles that the harbour has lost since");
  const { page } = await dashboard(t, one.events, "#/search?q=barnacles", { viewport: { width: 390, height: 700 } });
  const [match, said, when] = [".said mark.is-match", ".said", ".when"].map((part) =>
    page.locator(`#found .line ${part}`).first(),
  );
  assert.ok(match && said && when);
  await match.waitFor();
  const [inner, outer] = [await match.boundingBox(), await said.boundingBox()];
  assert.ok(inner && outer && inner.x + inner.width <= outer.x + outer.width, JSON.stringify({ inner, outer }));
  assert.ok(await when.evaluate((element) => element.scrollWidth <= element.clientWidth));
});
