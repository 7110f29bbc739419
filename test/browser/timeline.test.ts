// The timeline under hands: what can be clicked, pinched and moved, with a mouse, fingers and keys.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { testWith } from "../tools.ts";
import { violations } from "./axe.ts";
import { closeBrowser, dashboard, go, openPage } from "./page.ts";
import { Story } from "./story.ts";

const test = testWith("chromium");

after(closeBrowser);

const SESSION = "e1000000-0000-4000-8000-000000000000";
const LINK = `#/session/${SESSION}?tab=timeline`;
const AGENTS = 38;
/** Where the names of those that were there one after the other stand: below the ruler and the main agent. */
const SUBAGENTS_Y = 74;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** Two turns; in the second one, many agents of one kind, each after the other, and in the end two at once. */
function story(): Story {
  const told = new Story({ session: SESSION, project: "/home/dana/code/tidepool", start: Date.now() - 7_200_000 });
  told.begin().wait(1000).prompt("Look around").wait(2000).bash("ls", "reef.ts", { ms: 30_000 }).stop("Seen.");
  told
    .wait(10_000)
    .prompt("Have every gauge checked, one by one, and write down what each of them says about the tide");
  const agent = (id: string, type: string, work: string, ms: number) => {
    const input = { description: work, prompt: work, subagent_type: type };
    const call = told.wait(500).open("Agent", input);
    told.wait(20).emit("SubagentStart", {}, { id, type });
    told.wait(ms / 2).read(`gauges/${id}.csv`, "1,2", { agent: { id, type } });
    told.wait(ms / 2).emit("SubagentStop", { last_assistant_message: "checked" }, { id, type });
    told.close(call, "Agent", input, { status: "completed", agentId: id, content: [] }, { ms });
  };
  for (let index = 0; index < AGENTS; index++) agent(`gauge${index}`, "gauge-checker", `Check gauge ${index}`, 20_000);
  agent("last", "reviewer", "Read what was written", 40_000);
  for (const id of ["tide", "reef"]) told.emit("SubagentStart", {}, { id, type: "archivist" });
  for (const id of ["tide", "reef"]) told.wait(9000).emit("SubagentStop", {}, { id, type: "archivist" });
  return told.wait(2000).stop("All of them are checked.").end();
}

const shows = (page: Page, selector: string, expected: RegExp) =>
  page.locator(selector).filter({ hasText: expected }).first().waitFor();

async function opened(t: Parameters<typeof dashboard>[0], options = {}) {
  const told = story();
  const { page, monitor } = await dashboard(t, told.events, LINK, options);
  await page.locator("#rows .list-row").first().waitFor();
  const canvas = page.locator(".timeline canvas").first();
  const box = async () => (await canvas.boundingBox()) ?? assert.fail("the timeline is drawn");
  return { told, page, monitor, canvas, box };
}

test("forty subagents one after the other are one line, and leave room for the list", async (t) => {
  const { page, box } = await opened(t);
  const { height } = await box();
  assert.ok(height < 200, `${height} px for a main agent and ${AGENTS + 3} others`);
  assert.ok((await page.locator("#rows .list-row").count()) > 8);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(page.trouble.errors, []);
});

test("a click on a subagent chooses its first event, and one on a turn's title leads to the turn", async (t) => {
  const { page, canvas, box } = await opened(t);
  const { width, height } = await box();
  await canvas.click({ position: { x: width * 0.968, y: height - 15 } });
  await shows(page, ".session-event", /SubagentStart[\s\S]*archivist/);
  await canvas.click({ position: { x: width / 2, y: 28 } });
  await page.waitForURL(/\?tab=turns&turn=2$/);
  await shows(page, ".turn.is-chosen", /Have every gauge checked/);
  await page.goBack();
  await page.locator("#rows .list-row").first().waitFor();
  await page.locator(".timeline").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\?tab=turns&turn=2$/);
  assert.deepEqual(page.trouble.errors, []);
});

test("Page Down goes from subagent to subagent, closer, and Page Up back", async (t) => {
  const { page, told } = await opened(t);
  const starts = told.events.filter(({ hook_event_name: event }) => event === "SubagentStart").map(({ id }) => id);
  const shown = () => page.locator(".timeline .in-view").evaluate((mark) => mark.getBoundingClientRect().width);
  const whole = await shown();
  await page.locator(".timeline").focus();
  for (const [key, index] of [
    ["PageDown", 0],
    ["PageDown", 1],
    ["PageDown", 2],
    ["PageUp", 1],
  ] as const) {
    await page.keyboard.press(key);
    await page.waitForURL((url) => url.hash.endsWith(`event=${starts[index]}`));
  }
  assert.ok((await shown()) < whole / 10);
});

test("the words under the pointer are all within the timeline, at its right edge too", async (t) => {
  const { page, box } = await opened(t);
  const { x, y, width, height } = await box();
  for (const [dx, dy] of [
    [width * 0.97, 28],
    [width * 0.968, height - 15],
    [width / 2, 28],
  ] as const) {
    await page.mouse.move(x + dx - 1, y + dy);
    await page.mouse.move(x + dx, y + dy);
    const tip = page.locator(".tip");
    await tip.waitFor();
    const at = (await tip.boundingBox()) ?? assert.fail();
    assert.ok(at.x >= x && at.x + at.width <= x + width + 1, `${JSON.stringify(at)} in ${x} + ${width}`);
    assert.ok(await tip.evaluate((box) => box.scrollWidth <= box.clientWidth + 1), "nothing of it is cut");
  }
});

test("two fingers zoom: what is between them stays there; a tap chooses", async (t) => {
  const { page, canvas, box } = await opened(t, PHONE);
  const { x, y, width } = await box();
  const hands = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...places: readonly number[]) =>
    hands.send("Input.dispatchTouchEvent", { type, touchPoints: places.map((at, id) => ({ x: at, y: y + 60, id })) });
  const shown = () => page.locator(".timeline .in-view").evaluate((mark) => mark.getBoundingClientRect().width);
  const whole = await shown();
  const middle = x + width * 0.6;
  await touch("touchStart", middle - 20, middle + 20);
  for (const apart of [30, 40, 60, 80]) await touch("touchMove", middle - apart, middle + apart);
  await touch("touchEnd");
  await page.waitForFunction(
    (before) => (document.querySelector(".timeline .in-view")?.getBoundingClientRect().width ?? 0) < before / 2,
    whole,
  );
  const zoomed = await shown();
  await touch("touchStart", middle - 80, middle + 80);
  for (const apart of [60, 40, 20]) await touch("touchMove", middle - apart, middle + apart);
  await touch("touchEnd");
  await page.waitForFunction(
    (before) => (document.querySelector(".timeline .in-view")?.getBoundingClientRect().width ?? 0) > before * 2,
    zoomed,
  );
  await canvas.tap({ position: { x: width * 0.6, y: SUBAGENTS_Y } });
  await page.locator(".session-event").waitFor();
  assert.deepEqual(page.trouble.errors, []);
});

test("the lines between timeline, list and event are moved by pointer and keys, and stay where they were put", async (t) => {
  const { page, monitor, canvas, box } = await opened(t);
  const { width } = await box();
  await canvas.click({ position: { x: width / 2, y: SUBAGENTS_Y } });
  const aside = page.locator(".session-event");
  await aside.waitFor();
  const wide = async () => ((await aside.boundingBox()) ?? assert.fail()).width;
  const before = await wide();
  const line = page.getByRole("separator", { name: "Width of the chosen event" });
  const at = (await line.boundingBox()) ?? assert.fail();
  await page.mouse.move(at.x, at.y + 100);
  await page.mouse.down();
  await page.mouse.move(at.x - 100, at.y + 100, { steps: 4 });
  await page.mouse.up();
  const dragged = await wide();
  assert.ok(Math.abs(dragged - before - 100) < 4, `${before} and 100 are ${dragged}`);
  await line.focus();
  await page.keyboard.press("ArrowRight");
  assert.ok((await wide()) < dragged);
  const chosen = await line.getAttribute("aria-valuenow");
  const lanes = page.getByRole("separator", { name: "Height of the timeline" });
  const { height } = await box();
  await lanes.focus();
  for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowUp");
  await page.waitForFunction(
    (was) => (document.querySelector(".timeline canvas")?.clientHeight ?? 0) < was,
    Math.round(height),
  );
  const kept = page.url().slice(page.url().indexOf("#"));
  await page.reload();
  await aside.waitFor();
  assert.equal(await line.getAttribute("aria-valuenow"), chosen, "after a reload");
  await line.dblclick();
  assert.ok(Math.abs((await wide()) - before) < 4, "a double click puts it back");
  await go(page, "#/");
  const narrow = await openPage(t, monitor, kept, { viewport: { width: 640, height: 400 } });
  const sheet = narrow.getByRole("separator", { name: "Height of the chosen event" });
  await sheet.waitFor();
  assert.equal(await narrow.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, "200 % zoom");
  assert.deepEqual(await violations(narrow), []);
  assert.deepEqual([...page.trouble.errors, ...narrow.trouble.errors], []);
});
