// The frame of the page: its way to anything, its first run, and what it says of the monitor.

import assert from "node:assert/strict";
import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { T0, Transcript } from "../process/transcripts/transcript.ts";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { tempWorld } from "../world.ts";
import { closeBrowser, dashboard, go, openPage, storeAll } from "./page.ts";
import { busyMorning } from "./stories.ts";
import { Story } from "./story.ts";
import { tidepool } from "./tidepool.ts";

const test = testWith("chromium");

after(closeBrowser);

const shows = (page: Page, selector: string, expected: RegExp) =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

test("Ctrl-K goes to a view, a project or a session by a few letters, with the keyboard alone", async (t) => {
  const { page } = await dashboard(
    t,
    busyMorning(Date.now()).flatMap(({ events }) => events),
  );
  const press = (key: string) => page.keyboard.press(key);
  const open = async (typed: string): Promise<void> => {
    await press("Control+k");
    await page.locator(".palette").waitFor();
    await page.keyboard.type(typed);
  };
  await open("stat");
  await shows(page, ".place.is-selected", /Statistics/);
  await press("Enter");
  await page.waitForURL(/#\/statistics/);
  await page.locator(".palette").waitFor({ state: "detached" });
  await open("hrb");
  await shows(page, ".place", /project\s*harbour-api/);
  await press("Escape");
  await page.locator(".palette").waitFor({ state: "detached" });
  await open("stream instead");
  await shows(page, ".place.is-selected", /session\s*Make the importer stream/);
  const field = page.getByRole("combobox", { name: /Go to/ });
  const chosen = await field.getAttribute("aria-activedescendant");
  await press("ArrowDown");
  assert.notEqual(await field.getAttribute("aria-activedescendant"), chosen);
  await shows(page, ".place.is-selected", /Search all events for/);
  await press("ArrowUp");
  await press("Enter");
  await page.waitForURL(/#\/session\//);
  await page.waitForFunction(() => document.title.startsWith("(2 waiting) Make the importer stream"));
  await page.getByRole("button", { name: "Go to", exact: true }).click();
  await page.locator(".palette").waitFor();
  await page.keyboard.type("keyring");
  await page.locator(".place", { hasText: "Search all events" }).click();
  await page.waitForURL(/#\/search\?q=keyring/);
  assert.deepEqual(page.trouble.errors, []);
});

test("the empty page says whether hooks are registered, and imports what Claude Code has left", async (t) => {
  const world = tempWorld(t);
  const claude = join(world.home, ".claude");
  mkdirSync(claude, { recursive: true });
  const longAgo = new Date(T0 + 43_200_000);
  for (const session of ["pier-1", "pier-2", "pier-3"])
    utimesSync(new Transcript(session).prompt(`Mend ${session}`).says("Mended.").write(claude), longAgo, longAgo);
  const forever = { monitor: { retentionMs: 4000 * 86_400_000 } };
  const monitor = await runMonitor(t, { world, config: forever });
  const page = await openPage(t, monitor, "#/");
  await shows(
    page,
    ".first-run",
    /Hooks are not registered[\s\S]*mpm install[\s\S]*3 past sessions, back to \d{4}-\d\d-\d\d/,
  );
  await page.getByRole("button", { name: "Import 3 sessions" }).click();
  await shows(page, ".session-row", /Mend pier-3/);
  await go(page, "#/sessions");
  await shows(page, ".sessions .counts", /^3 sessions/);
});

test("an empty store is not called well: nothing has come that could have been lost", async (t) => {
  const { page } = await dashboard(t, [], "#/health");
  await shows(page, ".overall", /No event has come yet/);
  await shows(page, ".health", /Hooks are not registered/);
});

test("a page that is older than its monitor says so, and offers to be loaded again", async (t) => {
  const { page, monitor } = await dashboard(t, []);
  await page.locator(".connection.is-live").waitFor();
  assert.equal(await page.locator(".banner").count(), 0);
  // A newer monitor at the same address, as far as its health tells.
  await page.route("**/health", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), version: "99.0.0" } });
  });
  await page.context().setOffline(true);
  await monitor.ask("/api/login-code", { method: "POST" });
  await page.evaluate(() => dispatchEvent(new Event("offline")));
  await page.locator(".banner.is-bad").waitFor();
  await page.context().setOffline(false);
  await shows(page, ".banner.is-news", /now version 99\.0\.0/);
  await page.getByRole("button", { name: "Reload", exact: true }).waitFor();
});

test("an event that could not be read while the monitor was away is read when it is back", async (t) => {
  const world = tempWorld(t);
  const first = await runMonitor(t, { world });
  const story = tidepool(Date.now());
  await storeAll(first, story.events.slice(0, 20));
  const page = await openPage(t, first, "#/health");
  await go(page, `#/event/${story.events[4]?.id}`);
  await page.locator(".event.is-wide").waitFor();
  await first.kill("SIGKILL");
  await page.locator(".banner.is-bad").waitFor();
  await go(page, `#/event/${story.events[5]?.id}`);
  await shows(page, ".empty", /The monitor does not answer/);
  await runMonitor(t, { world, args: ["--port", String(first.port)] });
  await page.locator(".event.is-wide").waitFor();
});

test("a bell that the browser blocks says so when it is pressed", async (t) => {
  const { page } = await dashboard(t, [], "#/", {
    init: () => {
      Notification.requestPermission = async () => "denied";
      Object.defineProperty(Notification, "permission", { value: "denied" });
    },
  });
  await page.getByRole("button", { name: "Notifications" }).click();
  await shows(page, ".banner", /The browser blocks notifications/);
  await page.getByRole("button", { name: "OK", exact: true }).click();
  await page.locator(".banner").waitFor({ state: "detached" });
});

const MOST_FIRST_BYTES = 120_000;

test("the first view loads no more than 120 kB of code and style, compressed", async (t) => {
  const { page } = await dashboard(
    t,
    busyMorning(Date.now()).flatMap(({ events }) => events),
  );
  await page.locator(".card").first().waitFor();
  const loaded = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry) => entry instanceof PerformanceResourceTiming)
      .filter(({ name }) => /\.(?:js|css)$/.test(name))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  );
  assert.ok(loaded > 10_000 && loaded <= MOST_FIRST_BYTES, `${loaded} bytes`);
});

test("every view is reached on a telephone, and where one is is named", async (t) => {
  const story = new Story({ session: "f0000000-1", project: "/home/dana/code/tidepool", start: Date.now() - 60_000 });
  const { page } = await dashboard(t, story.begin().prompt("Mend it").events, "#/", {
    viewport: { width: 320, height: 700 },
  });
  const links = page.locator(".views a");
  const titles = await links.allInnerTexts();
  const seen = await links.evaluateAll(
    (all) => all.filter((link) => getComputedStyle(link).visibility === "visible").length,
  );
  assert.ok(seen >= 2 && seen < titles.length, `${seen} of ${titles.length}`);
  const keys = await links.evaluateAll((all) => all.map((link) => link.dataset["key"]));
  assert.equal(new Set(keys).size, titles.length, "each has a key of its own");
  await page.getByRole("button", { name: "More" }).click();
  await page.locator(".more-views a", { hasText: "Health" }).click();
  await page.waitForURL(/#\/health/);
  await page.locator(".more.is-current", { hasText: "Health" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
});
