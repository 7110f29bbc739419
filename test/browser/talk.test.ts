// A session's conversation, turns and files as a person reads them, and what must never happen while one does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { until } from "../world.ts";
import { closeBrowser, dashboard, go, openPage, storeAll } from "./page.ts";
import { Story } from "./story.ts";
import { ANSWER, ended, says, talk } from "./talk.ts";

const test = testWith("chromium");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const HOUR_MS = 3_600_000;

after(closeBrowser);

const shown = (page: Page, text: string) => page.getByText(text, { exact: false }).first().waitFor();
const textOf = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  });
}

test("a session that has ended opens with its conversation: Markdown read, calls folded to one row each", async (t) => {
  const events = ended(Date.now() - HOUR_MS);
  const session = events[0]?.session_id ?? "";
  const { page } = await dashboard(t, events, `#/session/${session}`);
  await page.locator(".md table").waitFor(); // until the code that reads Markdown is there, its text stands as it is
  await shown(page, "because the offset was added twice");
  assert.deepEqual(await textOf(page, ".md table th"), ["harbour", "before", "after"]);
  assert.equal(await page.locator(".md em").first().innerText(), "Saint Brannoc");
  assert.equal(await page.locator(".md-code .c-word").first().innerText(), "export", "colours come");
  assert.equal(await page.getByText("The gauge read high because").count(), 1, "the end of the turn says it again");

  await page.getByRole("button", { name: /4 tool calls/ }).click();
  assert.equal(await page.locator(".talk-calls.is-open .talk-call").count(), 4);
  const failed = page.locator(".talk-call.is-failed > button");
  assert.match(await failed.innerText(), /Bash\s+npm test\s+4\.2 s/);
  await failed.click();
  await shown(page, "exit 1: 1 failing");
  await page.getByRole("button", { name: /Explore/ }).click();
  await shown(page, "I search for it.");
  assert.equal(await page.locator(".talk-agent .talk-call").count(), 1);
  await page.getByRole("button", { name: "Thinking" }).click();
  await shown(page, "the tests would not notice");

  await page.getByText("Prompts and answers").click();
  await page.locator(".talk.is-short").waitFor();
  assert.equal(await page.locator(".talk-message").count(), 4);
  assert.equal(await page.locator(".talk-call").count(), 0);
  await page.waitForURL(/show=answers/);
  assert.deepEqual(page.trouble, { errors: [], strangers: [], dialogs: [] });
});

test("what people and models write is never markup, and leads nowhere but to the web", async (t) => {
  const evil = [
    "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>",
    "[go](javascript:alert(3)) [data](data:text/html,<script>alert(4)</script>) [file](file:///etc/passwd)",
    "![pixel](https://evil.example/pixel.png) [ok](https://example.org/a) <https://example.org/b>",
    '[ref]: javascript:alert(5)\n\n[a][ref] ![b][ref] [quote](https://example.org/"onmouseover="alert(6))',
    "\u202egnp.exe and \u2066hidden\u2069",
    `${"long ".repeat(20_000)}end`,
    `${"> ".repeat(3000)}deep\n${"[".repeat(5000)}\n${"*_".repeat(5000)}`,
    "```html\n<script>alert(7)</script>\n```",
    "| a |\n|---|\n| <b onclick=alert(8)>x</b> |",
    "<svg onload=alert(9)>",
  ].join("\n\n");
  const story = new Story({ session: "evil", project: "/p", start: Date.now() - HOUR_MS }).begin();
  for (const text of evil.split("\n\n")) {
    story.wait(1000).prompt(text);
    says(story.wait(1000), text, { thinking: text });
    story.bash(text.slice(0, 5000), text.slice(0, 5000)).wait(100).stop("done");
  }
  const { page } = await dashboard(t, story.end().events, "#/session/evil");
  await page.locator(".talk-message").first().waitFor();
  for (let step = 0; step < 12; step++) {
    await page.locator(".talk-scroll").evaluate((box, at) => box.scrollTo(0, (at * box.scrollHeight) / 11), step);
    await page.waitForFunction(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))),
    );
    await page.getByRole("button", { name: "Thinking", expanded: false }).evaluateAll((folds) => {
      for (const fold of folds) (fold as HTMLElement).click();
    });
  }
  assert.equal(await page.locator("main script, main img, main iframe, main object, main form").count(), 0);
  const links = await page
    .locator(".md a")
    .evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttribute("rel")]));
  assert.ok(links.length > 0);
  for (const [href, rel] of links) {
    assert.match(href ?? "", /^https:\/\/(example\.org|evil\.example)\//);
    assert.match(rel ?? "", /noopener/);
  }
  const handlers = await page.evaluate(
    () =>
      [...document.querySelectorAll("main *")].filter((e) =>
        [...e.attributes].some(({ name }) => name.startsWith("on")),
      ).length,
  );
  assert.equal(handlers, 0);
  assert.deepEqual(page.trouble, { errors: [], strangers: [], dialogs: [] });
});

test("while it goes on, whoever is at the end stays there, and whoever reads further up is not moved", async (t) => {
  const start = Date.now() - 120_000;
  const story = talk(start, "live");
  for (let index = 0; index < 30; index++)
    story.wait(500).prompt(`question ${index}`).wait(500).stop(`answer ${index}`);
  const monitor = await runMonitor(t);
  await storeAll(monitor, story.events);
  const page = await openPage(t, monitor, "#/session/live?tab=conversation");
  await shown(page, "answer 29");
  const early = await openPage(t, monitor, "#/");
  await early.route("**/timeline", () => {}); // all of it never comes
  await go(early, "#/session/live?tab=conversation");
  await shown(early, "answer 29");
  assert.equal(
    await early.locator(".talk-scroll").evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 48),
    true,
    "the end of what goes on comes first",
  );
  const box = page.locator(".talk-scroll");
  const place = () => box.evaluate((e) => ({ top: e.scrollTop, end: e.scrollHeight - e.scrollTop - e.clientHeight }));
  await page.waitForFunction(() => {
    const e = document.querySelector(".talk-scroll");
    return e && e.scrollHeight - e.scrollTop - e.clientHeight < 48;
  });
  const more = async (text: string) => {
    const from = story.events.length;
    story.wait(500).prompt(text).wait(500).stop(`answer to ${text}`);
    await storeAll(monitor, story.events.slice(from));
  };
  await more("one more");
  await shown(page, "answer to one more");
  await page.waitForFunction(() => {
    const e = document.querySelector(".talk-scroll");
    return e && e.scrollHeight - e.scrollTop - e.clientHeight < 48;
  });
  await box.hover();
  await page.mouse.wheel(0, -1500);
  await page.waitForFunction(() => /at=/.test(location.hash));
  const before = await place();
  await more("and another");
  await page.waitForFunction(() => document.querySelector(".talk-scroll")?.innerHTML.includes("and another"));
  const now = await place();
  assert.ok(Math.abs(now.top - before.top) < 2, `${before.top} to ${now.top}`);
  const at = new URL(page.url()).hash;
  const again = await openPage(t, monitor, at);
  const id = new URLSearchParams(at.split("?")[1]).get("at") ?? "";
  const item = again.locator(`[data-item="${id}"]`);
  await item.waitFor();
  await again.waitForFunction((wanted) => {
    const box = document.querySelector(".talk-scroll")?.getBoundingClientRect();
    const one = document.querySelector(`[data-item="${wanted}"]`)?.getBoundingClientRect();
    return box && one && Math.abs(one.top - box.top) < 60;
  }, id);
});

test("of a long conversation the browser looks at what is near; a link far into it leads there, and so does the link it writes", async (t) => {
  const told = new Story({
    session: "f1000000-0000-4000-8000-000000000000",
    project: "/p",
    start: Date.now() - 9 * HOUR_MS,
  });
  told.begin();
  for (let turn = 1; turn <= 300; turn++) told.wait(1000).prompt(`Question ${turn}`).wait(1000).stop(`Answer ${turn}.`);
  told.end();
  const { page } = await dashboard(t, told.events, `#/session/${told.cast.session}?tab=conversation&turn=200`);
  const looked = (text: string) =>
    page
      .getByText(text, { exact: true })
      .first()
      .evaluate((each) => each.checkVisibility({ contentVisibilityAuto: true }));
  const inSight = () =>
    page.evaluate(() => {
      const box = document.querySelector(".talk-scroll")?.getBoundingClientRect();
      const texts = [...document.querySelectorAll<HTMLElement>(".talk-message.is-prompt")].filter((each) => {
        const { top, bottom } = each.getBoundingClientRect();
        return box !== undefined && bottom > box.top && top < box.bottom;
      });
      return texts.map((each) => Number(/Question (\d+)/.exec(each.innerText)?.[1]));
    });
  await shown(page, "Question 200");
  await page.waitForFunction(() => document.querySelectorAll(".talk-stretch").length > 10);
  assert.ok((await inSight()).includes(200));
  assert.equal(await looked("Question 200"), true);
  const talk = page.locator(".talk-scroll");
  await talk.hover();
  for (let isThere = false; !isThere; ) {
    await page.mouse.wheel(0, -1500);
    await until(async () => (await inSight()).length > 0, 20_000, "what is in sight");
    isThere = (await inSight()).some((turn) => turn < 120);
  }
  assert.equal(await looked("Question 200"), false, "what was made and is far away costs nothing");
  // The link follows a moment later: it names what is in sight once it does.
  await page.waitForFunction(() => {
    const id = new URLSearchParams(location.hash.split("?")[1]).get("at");
    const item = document.querySelector(`[data-item="${id}"]`)?.getBoundingClientRect();
    const box = document.querySelector(".talk-scroll")?.getBoundingClientRect();
    return item !== undefined && box !== undefined && item.bottom > box.top && item.top < box.bottom;
  });
  let first = 0;
  const isMade = async () => {
    [first = 0] = await inSight();
    return first > 0;
  };
  await until(isMade, 20_000, "what is in sight");
  await page.reload();
  await until(async () => (await inSight()).includes(first), 20_000, `question ${first} in sight again`);
  assert.deepEqual(page.trouble.errors, []);
});

test("a link to an early turn of very many leads to it, in turns and in the conversation, and on from there", async (t) => {
  const told = new Story({ session: "many", project: "/p", start: Date.now() - 9 * HOUR_MS }).begin();
  for (let turn = 1; turn <= 1200; turn++) told.wait(1000).prompt(`Question ${turn}.`);
  const { page } = await dashboard(t, told.end().events, "#/session/many?tab=turns&turn=300");
  await page.locator("#turn-300.is-chosen").waitFor();
  assert.equal(await page.locator("#turn-300").evaluate((one) => one.getBoundingClientRect().top < innerHeight), true);
  const first = Number((await page.locator(".turn").first().getAttribute("id"))?.replace(/\D/g, ""));
  await page.getByRole("link", { name: "Earlier turns" }).click();
  await page.locator(`#turn-${first - 1}.is-chosen`).waitFor();
  await page.getByRole("link", { name: "Turns", exact: true }).click();
  await page.locator("#turn-1200").waitFor();
  assert.equal(await page.getByRole("link", { name: "Later turns" }).count(), 0);
  await page.goBack();
  await page.locator(`#turn-${first - 1}.is-chosen`).waitFor();
  await page.getByRole("link", { name: "Later turns" }).waitFor();
  await page.locator("#turn-150").getByRole("link", { name: "read it" }).click();
  const led = page.locator(".talk-message.is-chosen");
  await led.getByText("Question 150.", { exact: true }).waitFor();
  assert.equal(await led.evaluate((one) => one.getBoundingClientRect().top < innerHeight), true);
  assert.deepEqual(page.trouble.errors, []);
});

test("turns split their time, and lead to the slowest call and to the files; files lead to their turns", async (t) => {
  const events = ended(Date.now() - HOUR_MS);
  const session = events[0]?.session_id ?? "";
  const { page } = await dashboard(t, events, `#/session/${session}?tab=turns&turn=2`);
  await page.locator(".turn.is-chosen", { hasText: "And the reef?" }).waitFor();
  assert.match((await page.locator(".split svg").first().getAttribute("aria-label")) ?? "", /model .+, tools /);
  await page.getByRole("link", { name: /slowest: Bash, 5\.1 s/ }).click();
  await page.locator(".talk-detail .code").first().waitFor();
  await shown(page, "12 passing");
  await page.getByRole("link", { name: "Turns" }).click();
  await page.getByRole("link", { name: "src/gauge.ts" }).click();
  await page.locator(".file.is-open .is-added", { hasText: "value + offset" }).waitFor();
  await go(page, "#/files?project=tidepool");
  await page.locator(".file").first().waitFor();
  assert.equal(await page.locator(".file").count(), 2);
  await go(page, "#/files?project=nowhere");
  await shown(page, "No tool edited a file");
  assert.deepEqual(page.trouble, { errors: [], strangers: [], dialogs: [] });
});

test("a session opens where there is something to see, however long ago that was", async (t) => {
  const monitor = await runMonitor(t);
  await storeAll(monitor, talk(Date.now() - 20 * HOUR_MS, "idle").events);
  const page = await openPage(t, monitor, "#/session/idle");
  await shown(page, "The reef is as it should be.");
  await go(page, "#/session/idle?tab=timeline");
  await page.locator(".rows .row, [role=option]").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Following" }).count(), 0);
});

for (const colorScheme of ["light", "dark"] as const)
  test(`axe-core finds nothing in conversation, turns and files, ${colorScheme}`, async (t) => {
    const events = ended(Date.now() - HOUR_MS);
    const session = events[0]?.session_id ?? "";
    const { page } = await dashboard(t, events, `#/session/${session}`, { colorScheme, reducedMotion: "reduce" });
    await shown(page, "because the offset was added twice");
    await page.getByRole("button", { name: /4 tool calls/ }).click();
    await page.locator(".talk-call > button").first().click();
    await page.locator(".talk-detail .code").first().waitFor();
    await page.locator(".c-word").first().waitFor();
    assert.deepEqual(await violations(page), []);
    await go(page, `#/session/${session}?tab=turns`);
    await page.locator(".turn").first().waitFor();
    assert.deepEqual(await violations(page), []);
    await go(
      page,
      `#/session/${session}?tab=files&path=${encodeURIComponent("/home/dana/code/tidepool/src/gauge.ts")}`,
    );
    await page.locator(".file.is-open table").waitFor();
    assert.deepEqual(await violations(page), []);
    await go(page, "#/files");
    await page.locator(".file").first().waitFor();
    assert.deepEqual(await violations(page), []);
  });

test("on paper there is all of a conversation, and nothing that is for the hand", async (t) => {
  const story = talk(Date.now() - HOUR_MS, "long");
  for (let index = 0; index < 60; index++)
    story.wait(500).prompt(`question ${index}`).wait(500).stop(`answer ${index}`);
  const { page } = await dashboard(t, story.end().events, "#/session/long");
  await shown(page, "because the offset was added twice");
  assert.equal(await page.getByText("answer 59", { exact: true }).count(), 0, "what is far away is not made");
  await page.emulateMedia({ media: "print" });
  await page.getByText("answer 59", { exact: true }).waitFor();
  assert.equal(await page.getByText(/^answer \d+$/).count(), 60);
  for (const hidden of [".bar", ".tabs", ".talk > .tools"])
    assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
  const [box, body] = await Promise.all(
    [".talk-scroll", ".talk-body"].map((name) => page.locator(name).evaluate((one) => one.scrollHeight)),
  );
  assert.equal(box, body, "nothing is cut off");
});

test("a session is exported as a record: title, times with their zone, prompts and answers, a row a call", async (t) => {
  const events = ended(Date.now() - HOUR_MS);
  const { page } = await dashboard(t, events, `#/session/${events[0]?.session_id}`);
  const download = async (name: string) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    return readFileSync(await file.path(), "utf8");
  };
  const markdown = await download("Export Markdown");
  assert.ok(markdown.includes(ANSWER));
  assert.match(markdown, /^# The gauge of/);
  assert.match(markdown, /- ✕ \*\*Bash\*\* `npm test` \(failed, 4\.2 s\)/);
  assert.match(markdown, /## You, \w+ \d+, \d{4}, \d\d:\d\d:\d\d \S+/);
  const html = await download("Export HTML");
  assert.match(html, /<h1>The gauge of/);
  assert.match(html, /<strong>high<\/strong>/);
  assert.equal(html.match(/<details/g)?.length, 8 + 1, "calls, and a thought");
});
