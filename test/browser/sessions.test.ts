// The sessions of a store: all of them, by day, found and come back to; and what a card says of those that wait.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { violations } from "./axe.ts";
import { closeBrowser, dashboard, go, openPage, storeAll, titled } from "./page.ts";
import { Story } from "./story.ts";

const test = testWith("chromium");

after(closeBrowser);

const HOUR_MS = 3_600_000;
const PROJECTS = ["tidepool", "harbour-api", "buoy-firmware"];

/** One of many that have ended, the latest first: an hour and a half between two of them. */
function ended(index: number, now: number): Story {
  const project = `/home/dana/code/${PROJECTS[index % PROJECTS.length]}`;
  const session = `${(0xa0000000 + index).toString(16)}-0000-4000-8000-000000000000`;
  const story = new Story({ session, project, start: now - (index + 1) * 1.5 * HOUR_MS, seed: index });
  story
    .begin()
    .prompt(`Errand number ${index}`)
    .wait(60_000 * (1 + (index % 20)));
  return story.stop("Done.").end();
}

const many = (count: number, now: number) =>
  Array.from({ length: count }, (_, index) => ended(index, now)).flatMap(({ events }) => events);
const shows = (page: Page, selector: string, expected: RegExp) =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

test("Sessions reaches every session, page by page, under the day it was in, and holds few of them at a time", async (t) => {
  const { page } = await dashboard(t, many(330, Date.now()), "#/sessions");
  await shows(page, ".sessions .counts", /^330 sessions/);
  await shows(page, ".windowed .day", /Today|Yesterday/);
  const list = page.locator(".windowed");
  const last = page.locator(".session-row", { hasText: "Errand number 329" });
  for (let step = 0; step < 40 && !(await last.isVisible()); step++)
    await list.evaluate((box) => {
      box.scrollTop = box.scrollHeight;
    });
  await last.waitFor();
  assert.ok((await page.locator(".session-row").count()) < 80);
  assert.deepEqual(page.trouble.errors, []);
});

test("who has scrolled away from a session does not find the focus on another one, and goes on with the keys in sight", async (t) => {
  const { page } = await dashboard(t, many(200, Date.now()), "#/sessions");
  await shows(page, ".session-row", /Errand number 3/);
  const focused = () => page.evaluate(() => document.activeElement?.closest(".session-row")?.textContent ?? "");
  for (let step = 0; step < 3; step++) await page.keyboard.press("j");
  assert.match(await focused(), /Errand number 2/);
  await page.locator(".windowed").evaluate((box) => {
    box.scrollTop = 2000;
  });
  await shows(page, ".session-row", /Errand number 60/);
  await page.waitForFunction(() => document.activeElement?.classList.contains("session-row") !== true);
  await page.keyboard.press("j");
  const { inSight, number } = await page.evaluate(() => {
    const box = document.querySelector(".windowed")?.getBoundingClientRect();
    const row = document.activeElement?.getBoundingClientRect();
    return {
      inSight: box && row ? row.top >= box.top && row.bottom <= box.bottom : false,
      number: Number(/number (\d+)/.exec(document.activeElement?.textContent ?? "")?.[1]),
    };
  });
  assert.ok(inSight && number > 40, `errand ${number}`);
});

test("Back leads to the place in the list from which a session was opened, and so does a reload", async (t) => {
  const { page } = await dashboard(t, many(150, Date.now()), "#/sessions?project=tidepool");
  await shows(page, ".sessions .counts", /^50 sessions/);
  const list = page.locator(".windowed");
  const row = page.locator(".session-row", { hasText: "Errand number 120" });
  await list.evaluate((box) => {
    box.scrollTop = box.scrollHeight * 0.8;
  });
  await row.waitFor();
  const placed = () => list.evaluate((box) => box.scrollTop);
  const before = await placed();
  await page.waitForFunction((top) => history.state?.scroll?.sessions === top, Math.round(before));
  await row.click();
  await page.waitForURL(/#\/session\//);
  await page.goBack();
  await row.waitFor();
  assert.ok(Math.abs((await placed()) - before) < 2, "after Back");
  await page.waitForURL(/project=tidepool/);
  await page.reload();
  await row.waitFor();
  assert.ok(Math.abs((await placed()) - before) < 2, "after a reload");
});

test("sessions are found by words, project, state, day and length, and the link says which", async (t) => {
  const now = Date.now();
  const open = new Story({ session: "b0000000-1", project: "/home/dana/code/tidepool", start: now - 60_000 });
  open.begin().prompt("Still at it").wait(1000).bash("make", "ok");
  const loops = new Story({ session: "b0000000-2", project: "/home/dana/code/tidepool", start: now - 50_000 });
  loops.begin().prompt("Make it build");
  for (let round = 0; round < 3; round++) loops.wait(1000).bash("make all", "", { error: "Exit code 2\nno rule" });
  loops.stop("No.").end();
  const { page } = await dashboard(t, [...many(120, now), ...open.events, ...loops.events], "#/sessions");
  const count = (expected: RegExp) => shows(page, ".sessions .counts", expected);
  await count(/^122 sessions/);
  await page.getByLabel("Signals").selectOption({ label: "with signals" });
  await count(/^1 session(?!s)/);
  await shows(page, ".session-row", /Make it build/);
  await page.waitForURL(/#\/sessions\?signals=1$/);
  await page.getByLabel("Signals").selectOption("");
  await page.getByLabel("Find a session").fill("number 119");
  await count(/^1 session(?!s)/);
  await page.getByLabel("Find a session").fill("errand");
  await count(/^120 sessions/);
  await page.getByLabel("Project").fill("Harbour-API");
  await count(/^40 sessions/);
  await page.waitForURL(/#\/sessions\?q=errand&project=Harbour-API$/);
  await page.locator(".clear").click();
  await count(/^122 sessions/);
  await page.getByLabel("State").selectOption("working");
  await count(/^1 session(?!s)/);
  await shows(page, ".session-row", /Working[\s\S]*tidepool[\s\S]*Still at it/);
  await page.getByLabel("State").selectOption("");
  await page.getByLabel("Length").selectOption({ label: "10 minutes or more" });
  await count(/^66 sessions/);
  await page.getByLabel("When").selectOption("yesterday");
  await page.waitForURL(/day=yesterday/);
  // One that went on over midnight stands under the day on which it ended.
  await page.waitForFunction(() => {
    const days = [...document.querySelectorAll(".day")].map(({ textContent }) => textContent ?? "");
    return days.includes("Yesterday") && days.every((day) => ["Today", "Yesterday"].includes(day));
  });
  await page.getByLabel("Find a session").fill("nothing of the kind");
  await shows(page, ".empty", /No session matches/);
});

test("a session that was found is named by the API, however old it is", async (t) => {
  const now = Date.now();
  const { page } = await dashboard(t, many(120, now), "#/session/a0000077");
  await page.waitForFunction(() => document.title.includes("Errand number 119"));
  await titled(page, /^Errand number 119, buoy-firmware · mpm$/);
});

function waiting(now: number): readonly Story[] {
  const story = (session: string, at: number) =>
    new Story({ session, project: "/home/dana/code/dana's pier", start: now - at });
  const asks = story("c0000000-1", 60_000);
  asks.begin().prompt("Which format?").wait(2000);
  const options = [{ label: "CSV", description: "as before" }, { label: "Parquet" }];
  asks.open("AskUserQuestion", { questions: [{ question: "Which format should it have?", options }] });
  const plans = story("c0000000-2", 50_000);
  plans.begin().prompt("Plan it").wait(2000).open("ExitPlanMode", { plan: "1. Read the exporter\n2. Write Parquet" });
  const done = story("c0000000-3", 40_000);
  done.begin().prompt("Count them").wait(2000).stop("There are **seven** gauges.");
  const denied = story("c0000000-4", 30_000);
  denied.begin().prompt("Clear it").wait(500).bash("rm -rf /", "", { asked: 3000, denied: true });
  return [asks, plans, done, denied];
}

test("a card says what is asked, with the options; what was concluded; and copies the command that resumes it", async (t) => {
  const { page } = await dashboard(
    t,
    waiting(Date.now()).flatMap(({ events }) => events),
    "#/",
    { permissions: ["clipboard-read", "clipboard-write"] },
  );
  await shows(
    page,
    ".card.is-blocked",
    /an answer to its question[\s\S]*Which format should it have\?[\s\S]*CSV[\s\S]*Parquet/,
  );
  await shows(page, ".card.is-blocked", /approval of its plan[\s\S]*1\. Read the exporter/);
  const concluded = page.locator(".card", { hasText: "seven" });
  await shows(page, ".card", /There are \*\*seven\*\* gauges/);
  await shows(page, ".card", /denied[\s\S]*⊘ 1/);
  await concluded.getByRole("button", { name: "Copy resume command" }).click();
  await shows(page, ".card", /Copied/);
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    "cd '/home/dana/code/dana'\\''s pier' && claude --resume c0000000-3",
  );
});

for (const [colorScheme, width] of [
  ["light", 1280],
  ["dark", 390],
] as const)
  test(`axe finds nothing on cards that ask, in open filters and on a first run (${colorScheme}, ${width} px)`, async (t) => {
    const options = { colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" } as const;
    const { page } = await dashboard(
      t,
      waiting(Date.now()).flatMap(({ events }) => events),
      "#/",
      options,
    );
    await shows(page, ".card.is-blocked", /approval of its plan/);
    assert.deepEqual(await violations(page), [], "cards");
    for (const place of ["#/sessions", "#/search?q=format"]) {
      await go(page, place);
      await page.locator(".session-row, .list-row").first().waitFor();
      if (width === 390) await page.locator(".filters-button").click();
      assert.deepEqual(await violations(page), [], place);
    }
    const { page: first } = await dashboard(t, [], "#/", options);
    await shows(first, ".first-run", /left no transcripts/);
    assert.deepEqual(await violations(first), [], "first run");
  });

test("what is new is at the top of the list while one looks at it", async (t) => {
  const monitor = await runMonitor(t);
  const now = Date.now();
  await storeAll(monitor, many(5, now));
  const page = await openPage(t, monitor, "#/sessions");
  await shows(page, ".sessions .counts", /^5 sessions/);
  const fresh = new Story({ session: "d0000000-1", project: "/home/dana/code/tidepool", start: Date.now() });
  await storeAll(monitor, fresh.begin().prompt("Something new").events);
  await shows(page, ".windowed li:nth-child(2)", /Something new/);
  await go(page, "#/");
  await shows(page, ".ended h2", /all 6 sessions/);
});
