// Signals on the page: on the card, in the list, in the session and its turns, with the events that show them.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { testWith } from "../tools.ts";
import { violations } from "./axe.ts";
import { closeBrowser, dashboard, go } from "./page.ts";
import { Story } from "./story.ts";

const test = testWith("chromium");

after(closeBrowser);

const SESSION = "d1000000-0000-4000-8000-000000000000";
const ORDINARY = "d2000000-0000-4000-8000-000000000000";
const NARROW = { viewport: { width: 390, height: 844 } };

/** One that goes in circles, and one in which tests are mended. */
function stories(now: number): Story[] {
  const loops = new Story({ session: SESSION, project: "/home/dana/code/buoy-firmware", start: now - 600_000 });
  loops.begin().prompt("Flash the buoy").wait(1000).stop("Which one?").wait(5000).prompt("The one in the harbour");
  for (let index = 0; index < 4; index++)
    loops
      .wait(8000)
      .edit("src/port.c", index % 2 === 0 ? "port = 0;" : "port = 1;", index % 2 === 0 ? "port = 1;" : "port = 0;");
  for (let index = 0; index < 28; index++)
    loops.wait(9000).bash("make flash", "", { error: "Exit code 2\nno device", ms: 700 });
  const mends = new Story({ session: ORDINARY, project: "/home/dana/code/reef", start: now - 500_000 });
  mends.begin().prompt("Mend the reef");
  for (let index = 0; index < 3; index++)
    mends
      .wait(5000)
      .bash("npm test", "", { error: "Exit code 1\n1 failed" })
      .edit("reef.ts", `${index}`, `${index + 1}`);
  mends.bash("npm test", "9 passed");
  return [loops, mends];
}

const events = () => stories(Date.now()).flatMap((story) => story.events);
const shows = (page: Page, selector: string, expected: RegExp) =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

test("a card says what goes in circles and leads to the first event that shows it; one of ordinary work says nothing", async (t) => {
  const { page } = await dashboard(t, events());
  const card = page.locator(".card", { hasText: "buoy-firmware" });
  await shows(page, ".card .signals", /failed 28 times the same way\s*make flash/);
  await shows(page, ".card .signals", /edited back and forth 3 times\s*src\/port\.c/);
  await shows(page, ".card", /Mend the reef/);
  assert.equal(await page.locator(".card", { hasText: "reef" }).locator(".signals").count(), 0);
  assert.deepEqual(await violations(page), []);
  await card.locator(".signals a", { hasText: "failed 28 times" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`#/session/${SESSION}\\?event=`));
  await shows(page, ".session-event", /no device[\s\S]*make flash/);
  assert.deepEqual(page.trouble.errors, []);
});

test("the head of a session has every signal with its turn and its events, and so has the turn", async (t) => {
  const { page } = await dashboard(t, events(), `#/session/${SESSION}`);
  const failed = page.locator(".session-head .signals li", { hasText: "failed 28 times" });
  await failed.waitFor();
  assert.equal(await failed.locator(".evidence a").count(), 9, "the turn, the first event and the newest seven");
  await failed.getByRole("link", { name: "event 28 of 28" }).click();
  await shows(page, ".session-event", /no device/);
  await failed.locator(".evidence a", { hasText: "turn 2" }).click();
  await shows(page, ".turn.is-chosen", /The one in the harbour[\s\S]*failed 28 times the same way/);
  assert.equal(await page.locator("#turn-1 .signals").count(), 0);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.trouble.errors, []);
});

/** Follows the last signal's newest event in the moment in which the timeline is there, before its effects have run. */
function followAtOnce(): void {
  const seen = new MutationObserver(() => {
    if (!document.querySelector("[role=toolbar][aria-label=Timeline]")) return;
    const link = document.querySelector<HTMLElement>(".session-head [aria-label='event 28 of 28']");
    if (!link) return;
    seen.disconnect();
    link.click();
  });
  seen.observe(document, { childList: true, subtree: true });
}

test("a link that is followed just as the timeline appears leads to its event, and Back to where one was", async (t) => {
  const { page } = await dashboard(t, events(), `#/session/${SESSION}`, { init: followAtOnce });
  await shows(page, ".session-event", /no device/);
  await page.goBack();
  await page.locator(".session-event").waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).hash, `#/session/${SESSION}`);
  assert.deepEqual(page.trouble.errors, []);
});

for (const [name, options] of [
  ["a wide", {}],
  ["a narrow", NARROW],
] as const)
  test(`the list of sessions marks the one that goes in circles, on ${name} page`, async (t) => {
    const { page } = await dashboard(t, events(), "#/sessions", options);
    const mark = page.locator(".session-row", { hasText: "Flash the buoy" }).locator(".signal-mark");
    await mark.waitFor();
    assert.match(await mark.innerText(), /^28×/);
    assert.match((await mark.getAttribute("title")) ?? "", /failed 28 times the same way: make flash\n/);
    assert.equal(await page.locator(".session-row", { hasText: "reef" }).locator(".signal-mark").count(), 0);
    assert.deepEqual(await violations(page), []);
    await go(page, `#/session/${SESSION}`);
    await shows(page, ".session-head .signals", /failed 28 times/);
    const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(overflows, false);
  });
