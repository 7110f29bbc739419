// What people come with, on a store of two thousand sessions: each is answered in two steps at most.
// - A step is one thing that a person does: a click, or words and Enter.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { dollars } from "../../src/dashboard/model/format.ts";
import { openPrices } from "../../src/prices/prices.ts";
import { openSqlite } from "../../src/store/sqlite/store.ts";
import { type RunningMonitor, runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { tempWorld } from "../world.ts";
import { closeBrowser, openPage } from "./page.ts";
import { Story } from "./story.ts";

const test = testWith("chromium");
const COUNT = 2000;
const BATCH = 200;
const HOUR_MS = 3_600_000;
const PROJECTS = ["tidepool", "harbour-api", "buoy-firmware", "lighthouse", "pier-notes"];

let monitor: RunningMonitor;
const releases: (() => unknown)[] = [];

const story = (session: string, project: string, start: number) =>
  new Story({ session, project: `/home/dana/code/${project}`, start });

/** One of those that are over: an hour and a half between two of them. */
function past(index: number, now: number): Story {
  const project = PROJECTS[index % PROJECTS.length] ?? "";
  const one = story(`${(0xb0000000 + index).toString(16)}-0000`, project, now - (index + 8) * 1.5 * HOUR_MS);
  one.begin().prompt(`Errand ${index} in ${project}`).wait(2000);
  return one.stop(`Errand ${index} is done: it was the unit.`).end();
}

/** What goes on now. */
function present(now: number): Story[] {
  const asks = story("c1000000-0000", "harbour-api", now - 120_000);
  asks.begin().prompt("Deploy the preview").wait(3000);
  const input = { command: "make deploy ENV=production", description: "Deploy" };
  asks.open("Bash", input);
  asks.wait(50).emit("PermissionRequest", { tool_name: "Bash", tool_input: input }).wait(6000);
  asks.emit("Notification", { message: "Claude needs your permission", notification_type: "permission_prompt" });
  const slow = story("c2000000-0000", "lighthouse", now - 600_000);
  slow.begin().prompt("Why does the lamp flicker?").wait(4000);
  slow.bash("sleep 200; measure-lamp", "lamp ok", { ms: 200_000, asked: 9000 });
  slow.edit("lamp/driver.py", "hz = 50", "hz = 60").bash("pytest -q", "", { error: "Exit code 1: 2 failed", ms: 900 });
  const agent = { id: "a1b2c3d4e5f60718", type: "Explore" };
  slow.open("Agent", { description: "Find the flicker", prompt: "Look", subagent_type: "Explore" });
  slow.wait(100).emit("SubagentStart", {}, agent).wait(500);
  slow.open("Grep", { pattern: "flicker" }, agent);
  const loops = story("c3000000-0000", "buoy-firmware", now - 300_000);
  loops.begin().prompt("Flash the buoy");
  for (let index = 0; index < 6; index++)
    loops.wait(20_000).bash("make flash", "", { error: "Exit code 2\nno device on /dev/ttyUSB0", ms: 700 });
  return [asks, slow, loops];
}

const MODEL = "claude-opus-4-5";
/** Of the latest ones, all of them this week; each project has its own price. */
const PAID = 100;
const prices = openPrices({});
const tokensOf = (index: number) => ({
  input: 1000 * (1 + (index % PROJECTS.length)),
  output: 2000,
  cacheRead: 90_000,
  cacheWrite: 3000,
});
/** US dollars of the paid sessions, of one project or of all. */
const spent = (project?: string): number =>
  Array.from({ length: PAID }, (_, index) => index)
    .filter((index) => project === undefined || PROJECTS[index % PROJECTS.length] === project)
    .reduce((sum, index) => sum + (prices.cost(MODEL, tokensOf(index), Date.now()) ?? 0), 0);

/** A store as a monitor has left it that has read transcripts, too. */
async function fill(home: string): Promise<void> {
  const now = Date.now();
  const opened = openSqlite({ file: join(home, "monitor.db"), now: () => now, pricing: prices });
  assert.ok(opened.ok);
  const store = opened.value;
  const stories = [...Array.from({ length: COUNT }, (_, index) => past(index, now)), ...present(now)];
  for (let at = 0; at < stories.length; at += BATCH)
    await store.append(stories.slice(at, at + BATCH).flatMap(({ events }) => events));
  await store.record(
    stories.slice(0, PAID).map(({ cast }, index) => ({
      session: cast.session,
      facts: [
        {
          kind: "answers" as const,
          answers: [{ id: `answer-${index}`, t: cast.start + 1000, model: MODEL, tokens: tokensOf(index) }],
        },
      ],
    })),
  );
  await store.close();
}

before(async () => {
  const t = { after: (release: () => unknown) => void releases.push(release) } as never;
  const world = tempWorld(t);
  mkdirSync(world.mpmHome, { recursive: true, mode: 0o700 });
  await fill(world.mpmHome);
  monitor = await runMonitor(t, { world, config: { monitor: { retentionMs: 4000 * 86_400_000 } } });
});
after(async () => {
  await closeBrowser();
  for (const release of releases.reverse()) await release();
});

const shows = (page: Page, selector: string, expected: RegExp) =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

test("which session needs me, and what does it ask? No step", async (t) => {
  const page = await openPage(t, monitor);
  await shows(
    page,
    ".card.is-blocked",
    /harbour-api[\s\S]*permission for Bash[\s\S]*Deploy[\s\S]*make deploy ENV=production/,
  );
});

test("what is agent Explore doing? No step", async (t) => {
  const page = await openPage(t, monitor);
  await shows(page, ".card .agents", /Explore\s*Grep flicker/);
});

test("why was this turn slow? Two steps: its session, its turns", async (t) => {
  const page = await openPage(t, monitor);
  await page.locator(".card a", { hasText: "lighthouse" }).click();
  await page.locator(".tabs a", { hasText: "Turns" }).click();
  await shows(page, ".turn", /Why does the lamp flicker\?[\s\S]*slowest: Bash, 3 m 20 s/);
});

test("what changed in my repository? One step: Files", async (t) => {
  const page = await openPage(t, monitor);
  await page.locator(".views a", { hasText: "Files" }).click();
  await shows(page, ".file-list", /lamp\/driver\.py[\s\S]*lighthouse/);
});

test("what did I ask yesterday in pier-notes, and what was the answer? Two steps: the project, the session", async (t) => {
  const page = await openPage(t, monitor);
  await page.keyboard.press("Control+k");
  await page.locator(".palette").waitFor();
  await page.keyboard.type("pier-notes");
  await shows(page, ".place.is-selected", /project\s*pier-notes/);
  await page.keyboard.press("Enter");
  await shows(page, ".windowed .day", /Yesterday/);
  const asked = page.locator(".session-row", { hasText: /Errand \d+ in pier-notes/ }).first();
  const [, errand] = /Errand (\d+)/.exec(await asked.innerText()) ?? [];
  await asked.click();
  await shows(
    page,
    ".talk",
    new RegExp(`Errand ${errand} in pier-notes[\\s\\S]*Errand ${errand} is done: it was the unit`),
  );
});

test("what did this week cost, per project? One step: Cost", async (t) => {
  const page = await openPage(t, monitor);
  await page.locator(".views a", { hasText: "Cost" }).click();
  const said = (usd: number) => dollars(usd).replace(/[$.]/g, "\\$&");
  await shows(page, ".cost .figures", new RegExp(`in all\\s*${said(spent())}`));
  for (const project of PROJECTS)
    await shows(page, ".cost .ranking li", new RegExp(`${project}[\\s\\S]*${said(spent(project))}`));
  assert.equal(new Set(PROJECTS.map(spent)).size, PROJECTS.length);
  assert.deepEqual(page.trouble.errors, []);
});

test("which commands touched production? One step: words", async (t) => {
  const page = await openPage(t, monitor);
  await page.keyboard.press("/");
  await page.waitForURL(/#\/search/);
  await page.locator(".search-words").fill("production OR prod");
  await shows(page, ".hits-of", /harbour-api[\s\S]*Deploy the preview/);
  await shows(page, "#found .list-row", /Bash[\s\S]*make deploy ENV=production/);
});

test("what failed, and why? Two steps: Search, failed only", async (t) => {
  const page = await openPage(t, monitor);
  await page.locator(".views a", { hasText: "Search" }).click();
  await page.locator(".check", { hasText: "Failed only" }).click();
  await shows(page, "#found .list-row", /PostToolUseFailure[\s\S]*Exit code 1: 2 failed/);
});

test("did it loop? No step; one to the event that shows it", async (t) => {
  const page = await openPage(t, monitor);
  await shows(page, ".card", /buoy-firmware[\s\S]*failed 6 times the same way[\s\S]*make flash/);
  await page.locator(".card .signals a", { hasText: "failed 6 times" }).click();
  await shows(page, ".session-event", /no device on[\s\S]*make flash/);
});

test("which session was the dearest? Two steps: Sessions, dearest first", async (t) => {
  const page = await openPage(t, monitor);
  await page.locator(".views a", { hasText: "Sessions" }).click();
  await page.getByLabel("Order").selectOption("cost");
  await page.waitForURL(/order=cost/);
  const dearest = Math.max(...PROJECTS.map((_, index) => prices.cost(MODEL, tokensOf(index), Date.now()) ?? 0));
  const first = page.locator(".session-row").first();
  await first.filter({ hasText: dollars(dearest) }).waitFor();
  assert.match(await first.innerText(), /pier-notes/);
  assert.equal(await page.locator(".windowed .day").count(), 0, "not by day");
  assert.deepEqual(page.trouble.errors, []);
});
