// The pages Cost and Alerts: what they say, that they lead on, and that everybody can use them.

import assert from "node:assert/strict";
import { after } from "node:test";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { openReceiver, status } from "../unit/alerts/receiver.ts";
import { openTestStore } from "../unit/store/open.ts";
import { until } from "../world.ts";
import { closeBrowser, openPage, storeAll } from "./page.ts";
import { Story } from "./story.ts";

const test = testWith("chromium");
after(closeBrowser);

const PROJECT = "/home/dana/code/tidepool";

test("Cost adds up by day, project, model and session, names what has no price, and leads to the session", async (t) => {
  const monitor = await runMonitor(t, { config: { monitor: { prices: { "reef-1": { input: 1, output: 10 } } } } });
  const story = new Story({ session: "5e551011-0000", project: PROJECT, start: Date.now() - 60_000 });
  await storeAll(monitor, story.begin().prompt("Mend the gauge").stop("Mended.").events);
  const answer = (id: string, model: string, input: number, output: number) => ({
    ...{ id, model, t: Date.now() - 1000 },
    tokens: { input, output, cacheRead: 0, cacheWrite: 0 },
  });
  const answers = [answer("a", "reef-1", 1_000_000, 100_000), answer("b", "unheard-of", 5, 5)];
  await openTestStore(t, monitor.home).record([{ session: "5e551011-0000", facts: [{ kind: "answers", answers }] }]);
  const page = await openPage(t, monitor, "#/cost?range=today");
  await page.getByText("$2.00").first().waitFor();
  assert.match((await page.locator(".note").textContent()) ?? "", /unheard-of/);
  await page.getByRole("link", { name: "tidepool" }).click();
  await page.getByRole("button", { name: /tidepool.*show all/ }).waitFor();
  await page.waitForURL(/project=/);
  await page.getByRole("link", { name: "Mend the gauge" }).click();
  await page.waitForURL(/#\/session\/5e551011-0000/);
  assert.deepEqual(page.trouble.errors, []);
});

test("Alerts says rules and channels, tries a channel out, and shows what was told and what became of it", async (t) => {
  const { url, received } = await openReceiver(t, status(404));
  const channels = [{ name: "ops", type: "webhook", url: `${url}/very-secret` }];
  const rules = [{ when: "turn_ended", over: "1s", to: ["ops"] }];
  const monitor = await runMonitor(t, { config: { alerts: { channels, rules, quiet: "03:00-03:01" } } });
  const page = await openPage(t, monitor, "#/alerts");
  await page.getByText("a turn that took longer than 1s has ended").waitFor();
  await page.getByRole("button", { name: "Send a test through ops" }).click();
  await page.getByText(/It was not taken: .*status 404/).waitFor();
  await page.getByRole("button", { name: "Send a test through ops" }).click();
  await page.getByText("It was taken.").waitFor();
  const story = new Story({ session: "s-1", project: PROJECT, start: Date.now() - 60_000 });
  await storeAll(monitor, story.begin().prompt("Mend the gauge").wait(30_000).stop("Mended.").events);
  await until(() => received.length === 3, 15_000, "the alert");
  await page.getByRole("link", { name: "tidepool is done after" }).waitFor();
  await page.getByText("ops: delivered").waitFor();
  assert.doesNotMatch(await page.content(), /very-secret/);
  await page.setViewportSize({ width: 390, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  assert.deepEqual(page.trouble.errors, []);
});
