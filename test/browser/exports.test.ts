// A session that is over: taken along as a file, and played again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { testWith } from "../tools.ts";
import { until } from "../world.ts";
import { closeBrowser, dashboard, newContext, storeAll } from "./page.ts";
import { recording, sessionOf } from "./recordings.ts";
import { earlier } from "./stories.ts";
import type { Story } from "./story.ts";

const test = testWith("chromium");

after(closeBrowser);

async function shows(page: Page, selector: string, expected: RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).first().waitFor();
}

async function download(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  return readFileSync(await file.path(), "utf8");
}

test("a session is exported as the envelopes it came as, one a line", async (t) => {
  const events = recording("forty", Date.now() - 60_000);
  const { page } = await dashboard(t, events, `#/session/${sessionOf(events)}`);
  const lines = (await download(page, "Export JSONL")).trim().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    events,
  );
});

test("a session is exported as one HTML page that needs nothing else, scripts included", async (t) => {
  const events = recording("hostile", Date.now() - 60_000);
  const { page } = await dashboard(t, events, `#/session/${sessionOf(events)}`);
  const html = await download(page, "Export HTML");
  assert.doesNotMatch(html, /<(script|link|img|iframe|object)/i);
  const context = await newContext();
  t.after(() => context.close());
  const alone = await context.newPage();
  const asked: string[] = [];
  const dialogs: string[] = [];
  alone.on("request", (request) => asked.push(request.url()));
  alone.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await alone.setContent(html);
  const calls = new Set(events.flatMap(({ correlation_id: call }) => call ?? []));
  assert.equal(await alone.locator("details").count(), calls.size);
  await alone.locator("summary").first().click();
  assert.deepEqual([asked, dialogs], [[], []]);
  assert.equal(await alone.locator("script, img, iframe, form, object").count(), 0);
});

for (const width of [390, 320])
  test(`at a width of ${width} nothing of tabs and export is cut off`, async (t) => {
    const events = recording("forty", Date.now() - 60_000);
    const viewport = { width, height: 800 };
    const { page } = await dashboard(t, events, `#/session/${sessionOf(events)}`, { viewport });
    await page.getByRole("button", { name: "Export JSONL" }).waitFor();
    const ends = await page
      .locator(".tabs a, .exports button")
      .evaluateAll((shown) => shown.map((one) => one.getBoundingClientRect().right));
    assert.equal(ends.length, 7);
    assert.ok(Math.max(...ends) <= width, ends.join());
  });

test("a past session is played again at the speed one wants, up to its end", async (t) => {
  const { events, cast } = earlier(Date.now())[0] as Story;
  const { page } = await dashboard(t, events, `#/session/${cast.session}?tab=timeline`);
  await page.getByRole("button", { name: "Replay" }).click();
  await page.locator(".replay select").selectOption("1");
  const shown = async () => Number(/([\d,]+) shown/.exec(await page.locator(".rows-tools").innerText())?.[1]);
  assert.ok((await shown()) < events.length);
  await page.locator(".replay select").selectOption("256");
  await shows(page, ".replay button", /Again/);
  assert.equal(await shown(), events.length);
  await page.getByRole("button", { name: "End replay" }).click();
  await page.locator(".replay").waitFor({ state: "detached" });
});

test("a session that goes on while it is played again is played beyond what was its end", async (t) => {
  const { events, cast } = earlier(Date.now())[0] as Story;
  const times = events.map(({ timestamp }) => Date.parse(timestamp));
  // A pause is passed over at once but for its last three seconds.
  const next = times.findIndex((at, index) => index > events.length / 2 && at - (times[index - 1] ?? at) > 5000);
  assert.ok(next > 0);
  const { page, monitor } = await dashboard(t, events.slice(0, next), `#/session/${cast.session}?tab=timeline`);
  await page.getByRole("button", { name: "Replay" }).click();
  await page.locator(".replay select").selectOption("1");
  const place = page.locator(".replay input");
  const end = Number(await place.getAttribute("max"));
  await storeAll(monitor, events.slice(next));
  await until(async () => Number(await place.getAttribute("max")) > end, 20_000, "the new end");
  await place.fill(String(end));
  await until(async () => Number(await place.inputValue()) >= (times[next] ?? 0), 20_000, "what is new");
});
