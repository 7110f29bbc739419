// A view that fails, and answers that cannot be used: said where they are, and nothing else is lost by it.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page, Route } from "playwright-core";
import { testWith } from "../tools.ts";
import { closeBrowser, dashboard, go, storeAll } from "./page.ts";
import { tidepool } from "./tidepool.ts";

const test = testWith("chromium");

after(closeBrowser);

async function shows(page: Page, selector: string, expected: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).first().waitFor();
}

const json = (body: string) => (route: Route) => route.fulfill({ contentType: "application/json", body });

/** Makes every date fail, as a bug in a view would; the returned function mends it. */
async function breakDates(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    const { getFullYear } = Date.prototype;
    Object.assign(globalThis, { mend: () => Object.assign(Date.prototype, { getFullYear }) });
    Date.prototype.getFullYear = () => {
      throw new Error("broken");
    };
  });
  return () => page.evaluate("mend()");
}

test("a view that fails says so; the others and the stream go on, and it comes back", async (t) => {
  const story = tidepool(Date.now());
  const { monitor, page } = await dashboard(t, story.events.slice(0, 10));
  const place = `#/event/${story.events[2]?.id}`;
  const mend = await breakDates(page);
  await go(page, place);
  await shows(page, ".empty[role=alert]", /This cannot be shown[\s\S]*mpm events/);
  assert.equal(await page.locator(".connection.is-live").count(), 1);
  await mend();
  await storeAll(monitor, story.events.slice(10));
  await go(page, "#/");
  await shows(page, ".card", /--dry-run/);
  await go(page, "#/search?q=pytest");
  await shows(page, ".search .counts", /hits/);
  await go(page, place);
  await shows(page, ".event", new RegExp(`${story.events[2]?.id}`));
});

test("the view that failed is tried again where one stands", async (t) => {
  const story = tidepool(Date.now());
  const { page } = await dashboard(t, story.events.slice(0, 10));
  const mend = await breakDates(page);
  await go(page, `#/event/${story.events[2]?.id}`);
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  await mend();
  await again.click();
  await shows(page, ".event", new RegExp(`${story.events[2]?.id}`));
});

test("an event of another shape than the contract's is said to be unreadable, and shown once it is right", async (t) => {
  const story = tidepool(Date.now());
  const { page } = await dashboard(t, story.events.slice(0, 10));
  const asked = `**/api/events/${story.events[2]?.id}`;
  for (const answer of [
    '{"hook_event_name":"PreToolUse","timestamp":"never","session_id":7,"data":null}',
    '{"hook_event_name":"PreToolUse","data":null}',
  ]) {
    await page.route(asked, json(answer));
    await go(page, `#/event/${story.events[2]?.id}`);
    await page.reload();
    await shows(page, ".empty.is-failed", /cannot be read[\s\S]*mpm doctor/);
    await page.unroute(asked);
    await page.reload();
    await shows(page, ".event", new RegExp(`${story.events[2]?.id}`));
  }
});

for (const [what, answer, said] of [
  ["no JSON", json("<html>a proxy</html>"), /cannot be read[\s\S]*mpm doctor/],
  ["JSON of another shape", json("null"), /cannot be read[\s\S]*mpm doctor/],
  [
    "an error",
    (route: Route) => route.fulfill({ status: 500, body: '{"error":{"code":"E","message":"the disk is full"}}' }),
    /the disk is full/,
  ],
  ["nothing", (route: Route) => route.abort(), /does not answer[\s\S]*mpm monitor start/],
] as const)
  test(`an answer that is ${what} is said in each view that asked, and the next one heals it`, async (t) => {
    const story = tidepool(Date.now());
    const { page } = await dashboard(t, story.events);
    await page.route("**/api/**", answer);
    const session = story.cast.session;
    for (const place of [`#/event/${story.events[2]?.id}`, "#/search?q=pytest"]) {
      await go(page, place);
      await shows(page, ".empty.is-failed", said);
    }
    await page.reload();
    await go(page, "#/");
    await shows(page, ".empty.is-failed", said);
    await page.unroute("**/api/**");
    await go(page, "#/search?q=ingest");
    await shows(page, ".search .counts", /hits/);
    await page.reload();
    await go(page, "#/");
    await page.locator(`.card [data-session="${session}"]`).waitFor();
  });
