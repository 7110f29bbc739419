// What the page promises whatever the view: it is live, loses nothing, has a link and a key for everything.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import type { Envelope } from "../../src/contract/envelope.ts";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { tempWorld } from "../world.ts";
import { closeBrowser, dashboard, go, newContext, openPage, storeAll } from "./page.ts";
import { busyMorning, harbour } from "./stories.ts";
import { tidepool } from "./tidepool.ts";

const test = testWith("chromium");

after(closeBrowser);

async function shows(page: Page, selector: string, expected: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).first().waitFor();
}

test("what happens is shown as it happens, in every view that shows it", async (t) => {
  const story = tidepool(Date.now());
  const { monitor, page } = await dashboard(t, []);
  await storeAll(monitor, story.events.slice(0, 3));
  await shows(page, ".card", /tidepool/);
  await go(page, `#/session/${story.cast.session}?tab=timeline`);
  await shows(page, ".rows-tools", /^\D*3 shown/);
  await storeAll(monitor, story.events.slice(3));
  await shows(page, ".rows-tools", new RegExp(`^\\D*${story.events.length} shown`));
  await go(page, "#/");
  await shows(page, ".card", /--dry-run/);
  const waiting = harbour(Date.now());
  await storeAll(monitor, waiting.events);
  await shows(page, ".card.is-blocked", /harbour-api/);
});

test("a monitor that is lost is said in a banner; when it is back, nothing has been missed", async (t) => {
  const world = tempWorld(t);
  const first = await runMonitor(t, { world });
  const story = tidepool(Date.now());
  await storeAll(first, story.events.slice(0, 50));
  const page = await openPage(t, first, `#/session/${story.cast.session}?tab=timeline`);
  await shows(page, ".rows-tools", /^\D*50 shown/);
  await first.kill("SIGKILL");
  await shows(page, ".banner", /The monitor has not answered[\s\S]*mpm monitor start/);
  await shows(page, ".connection", /Not connected/);
  const again = await runMonitor(t, { world, args: ["--port", String(first.port)] });
  assert.equal(again.url, first.url);
  await storeAll(again, story.events.slice(50));
  await page.locator(".connection.is-live").waitFor();
  assert.equal(await page.locator(".banner").count(), 0);
  await shows(page, ".rows-tools", new RegExp(`^\\D*${story.events.length} shown`));
});

test("a page whose cookie is none any more says how to get a new one", async (t) => {
  const monitor = await runMonitor(t);
  const context = await newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(monitor.url);
  assert.match(await page.locator("body").innerText(), /has not been let in[\s\S]*mpm monitor open/);
  const border = await page
    .locator("pre")
    .first()
    .evaluate((pre) => getComputedStyle(pre).borderStyle);
  assert.equal(border, "solid", "the page has its style although nothing is loaded for it");
});

test("the search is in the link: it can be shared, gone back to, and kept by name", async (t) => {
  const story = tidepool(Date.now());
  const { monitor, page } = await dashboard(t, story.events, "#/search");
  await page.locator(".search-words").fill("pytest");
  await page.locator("label", { hasText: "Tool" }).locator("input").fill("Bash");
  await page.locator("label", { hasText: "Failed only" }).click();
  await shows(page, ".search .counts", /^1 hit in 1 session,/);
  await page.waitForURL(/#\/search\?q=pytest&tool=Bash&failed=1$/);
  await page.getByRole("button", { name: "Save this search" }).click();
  await shows(page, ".chip.is-on", /pytest, Bash, failed/);
  const shared = new URL(page.url()).hash;
  await page.reload();
  await page.locator(".chip", { hasText: "pytest, Bash, failed" }).waitFor();
  await page.getByRole("link", { name: "Clear" }).click();
  await page.waitForURL(/#\/search$/);
  await page.locator(".chip a").click();
  await page.waitForURL(new RegExp(shared.replaceAll("?", "\\?")));
  await page.getByRole("button", { name: "Forget pytest, Bash, failed" }).click();
  assert.equal(await page.locator(".chip").count(), 0);
  const other = await openPage(t, monitor, shared);
  await shows(other, ".search .counts", /^1 hit in 1 session,/);
  assert.equal(await other.locator(".search-words").inputValue(), "pytest");
});

test("a link to an event opens the session at it, and the event by itself", async (t) => {
  const story = tidepool(Date.now());
  const event = story.events[40] as Envelope;
  const other = story.events[60] as Envelope;
  const { page } = await dashboard(t, story.events, `#/session/${story.cast.session}?event=${event.id}`);
  await shows(page, ".session-event .meta", /event 41/);
  assert.equal(await page.locator("#rows .list-row.is-selected").getAttribute("aria-posinset"), "41");
  await go(page, `#/session/${story.cast.session}?event=${other.id}`);
  await shows(page, ".session-event .meta", /event 61/);
  await page.getByRole("link", { name: "Permanent link" }).click();
  await page.waitForURL(new RegExp(`#/event/${other.id}$`));
  await shows(page, ".event.is-wide .meta", /event 61/);
});

test("everything has a key, and ? lists them", async (t) => {
  const now = Date.now();
  const story = tidepool(now);
  const { page } = await dashboard(
    t,
    busyMorning(now).flatMap(({ events }) => events),
  );
  const press = (key: string) => page.keyboard.press(key);
  await press("?");
  await shows(page, "dialog", /search; in a list, its filter/);
  await press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  for (const [key, place] of [
    ["3", "search"],
    ["6", "statistics"],
    ["8", "health"],
    ["1", ""],
  ] as const) {
    await press(key);
    await page.waitForURL(new RegExp(`#/${place}$`));
  }
  await page.locator(".cards").waitFor();
  await press("]");
  await page.locator("a:focus", { hasText: /^harbour-api$/ }).waitFor();
  await press("Enter");
  await page.waitForURL(/#\/session\/2b8e6f40/);
  await press("Escape");
  await page.locator(".cards").waitFor();
  await press("/");
  await page.waitForURL(/#\/search$/);
  await go(page, `#/session/${story.cast.session}?tab=timeline`);
  const follow = page.locator(".tools button", { hasText: "Follow" });
  await page.locator(`#rows [aria-posinset="${story.events.length}"]`).waitFor();
  await press("f");
  assert.equal(await follow.getAttribute("aria-pressed"), "false");
  await press("j");
  await page.locator(".session-event").waitFor();
  const chosen = () => page.locator(".list-row.is-selected").getAttribute("aria-posinset");
  const before = Number(await chosen());
  await press("k");
  await page.waitForFunction(
    (at) => Number(document.querySelector(".list-row.is-selected")?.getAttribute("aria-posinset")) === at - 1,
    before,
  );
  await press("Escape");
  await page.locator(".session-event").waitFor({ state: "detached" });
  await press("/");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Filter these events");
  await press("Escape");
  await press("r");
  await page.locator(".replay").waitFor();
  await press(" ");
  await shows(page, ".replay button", /Play/);
  await press("t");
  assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "light");
  await press("t");
  assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
});

test("whoever has only a keyboard reaches every control, and sees where he is", async (t) => {
  const story = tidepool(Date.now());
  const { page } = await dashboard(t, story.events, `#/session/${story.cast.session}?tab=timeline`);
  await page.locator("#rows .list-row").first().waitFor();
  const reached = new Set<string>();
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press("Tab");
    reached.add(
      await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement;
        return `${focused.getAttribute("aria-label") ?? focused.textContent?.trim()}|${getComputedStyle(focused).outlineStyle}`;
      }),
    );
  }
  for (const name of [
    "To the content",
    "Search",
    "Keyboard shortcuts",
    "Replay",
    "Export HTML",
    "Export JSONL",
    "Filter these events",
    "Events of the session",
  ])
    assert.ok(
      [...reached].some((one) => one.startsWith(name) && !one.endsWith("|none")),
      `${name} in ${[...reached].join(", ")}`,
    );
});

/** In place of the browser's own: remembers what would have been shown. */
const spy = () => {
  const shown: string[] = [];
  class Spy {
    static permission = "default";
    static requestPermission = async () => {
      Spy.permission = "granted";
      return "granted";
    };
    onclick: unknown;
    constructor(title: string) {
      shown.push(title);
    }
    close() {}
  }
  Object.assign(window, { Notification: Spy, shown });
};

test("notifications come only to who asked for them: a wait, a burst of failures", async (t) => {
  const now = Date.now();
  const story = harbour(now);
  const quiet = story.events.slice(0, -2);
  const { monitor, page } = await dashboard(t, quiet, "#/", { init: spy });
  const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown);
  await storeAll(monitor, story.events.slice(-2, -1));
  await shows(page, ".card.is-blocked", /harbour-api/);
  assert.deepEqual(await shown(), []);
  await page.keyboard.press("n");
  await page.locator("[data-key=n][aria-pressed=true]").waitFor();
  const other = tidepool(now);
  const failures = other.events.filter((event) => event.hook_event_name === "PostToolUse").slice(0, 5);
  await storeAll(monitor, other.events.slice(0, 4));
  await shows(page, ".card", /tidepool/);
  await storeAll(
    monitor,
    failures.map((event, index) => ({
      ...event,
      id: `burst-${index}`,
      seq: 1000 + index,
      hook_event_name: "PostToolUseFailure",
      timestamp: new Date(now + index).toISOString(),
    })),
  );
  await page.waitForFunction(() => (window as unknown as { shown: string[] }).shown.length === 1);
  assert.deepEqual(await shown(), ["5 failures in a minute: tidepool"]);
  story
    .wait(200_000)
    .emit("PostToolUse", { tool_name: "Bash", tool_use_id: "toolu_2b8e6f_15", tool_input: {}, tool_response: {} });
  story.wait(10).emit("PermissionRequest", { tool_name: "Write", tool_input: { file_path: "/a" } });
  story.wait(6000).emit("Notification", { message: "Claude needs you", notification_type: "permission_prompt" });
  await storeAll(monitor, story.events.slice(-3, -2));
  await shows(page, ".card.is-working", /harbour-api/);
  await storeAll(monitor, story.events.slice(-2));
  await page.waitForFunction(() => (window as unknown as { shown: string[] }).shown.length === 2);
  assert.match((await shown())[1] ?? "", /harbour-api waits for you/);
});

test("who wants less motion gets none", async (t) => {
  const { page } = await dashboard(t, tidepool(Date.now()).events, "#/", { reducedMotion: "reduce" });
  await page.locator(".card").waitFor();
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.waitForFunction(() => document.getAnimations().length > 0);
});

test("whoever scrolls back in a session that goes on is left where he reads", async (t) => {
  const story = tidepool(Date.now());
  const { monitor, page } = await dashboard(t, story.events, `#/session/${story.cast.session}?tab=timeline`);
  const follow = page.locator(".tools button[aria-pressed=true]", { hasText: "Following" });
  await follow.waitFor();
  await page.locator("#rows").hover();
  await page.mouse.wheel(0, -2000);
  await follow.waitFor({ state: "detached" });
  const seen = () => page.locator("#rows").evaluate((list) => list.scrollTop);
  const before = await seen();
  story.wait(100).read("src/more.py", "pass\n");
  await storeAll(monitor, story.events.slice(-2));
  await shows(page, ".rows-tools", new RegExp(`^\\D*${story.events.length} shown`));
  assert.equal(await seen(), before);
});
