// What the page shows of sessions whose machines share no text with their team: that it is not shared, and no holes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import type { Page } from "playwright-core";
import type { Envelope } from "../../src/contract/envelope.ts";
import type { ContentLevel } from "../../src/contract/team.ts";
import { projectEnvelope } from "../../src/team/content.ts";
import { testWith } from "../tools.ts";
import { violations } from "./axe.ts";
import { closeBrowser, dashboard, go } from "./page.ts";
import { harbour } from "./stories.ts";
import { talk } from "./talk.ts";
import { tidepool } from "./tidepool.ts";

const test = testWith("chromium");
const TALK_MS_AGO = 600_000;

after(closeBrowser);

const leaving = (events: readonly Envelope[], level: ContentLevel): Envelope[] =>
  events.map((event) => projectEnvelope(event, level, "a key"));
const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const bodyOf = (page: Page) => page.locator("body").innerText();

/** Words of the stories that do not leave. */
const SAID = /gauge|offset|Brannoc|brannoc|reef|csv|reader|curl|cache|\/home|dana/;

test("what a machine does not share is said to be not shared: on cards, in the conversation, in files, turns, events, search", async (t) => {
  const now = Date.now();
  const said = talk(now - TALK_MS_AGO);
  const stories = [harbour(now), tidepool(now), said];
  const { page } = await dashboard(
    t,
    stories.flatMap(({ events }) => leaving(events, "metadata")),
  );
  const looked = async (): Promise<void> => {
    assert.doesNotMatch((await bodyOf(page)).replace("Search for gauge*", ""), SAID);
    assert.deepEqual(await violations(page), []);
  };
  await shows(page, "permission for Bash");
  await shows(page, "What is said in it is not shared.");
  await looked();

  const { session } = said.cast;
  await go(page, `#/session/${session}?tab=conversation`);
  await shows(page, /Its machine shares names, times and sizes/);
  await page.locator(".talk-message", { hasText: "not shared" }).first().waitFor();
  await page.getByRole("button", { name: /7 tool calls/ }).click();
  await page.locator(".talk-call.is-failed > button").click();
  await shows(page, /bytes of it stayed on its machine/);
  await looked();

  await go(page, `#/session/${session}?tab=files`);
  await shows(page, "Which files were changed is not shared.");
  await looked();
  await go(page, `#/session/${session}?tab=turns`);
  await shows(page, "Turn 2");
  await looked();
  await go(page, `#/session/${session}?tab=timeline`);
  await page.locator(".rows").first().waitFor();
  await looked();
  await go(page, "#/files");
  await shows(page, /No tool edited a file, or which is not shared/);
  await looked();
  await go(page, "#/search?q=gauge");
  await shows(page, /What machines do not share cannot be found/);
  await looked();
  assert.deepEqual(page.trouble, { errors: [], strangers: [], dialogs: [] });

  await go(page, `#/session/${session}`);
  for (const form of ["Markdown", "HTML"]) {
    const button = page.getByRole("button", { name: `Export ${form}` });
    const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
    const record = readFileSync(await file.path(), "utf8");
    assert.match(record, /not shared/);
    assert.doesNotMatch(record, SAID);
  }
});

test("hashes of paths tell files apart that nobody can read", async (t) => {
  const said = talk(Date.now() - TALK_MS_AGO);
  const { page } = await dashboard(t, leaving(said.events, "hashed"), `#/session/${said.cast.session}?tab=files`);
  await shows(page, /and hashes of paths and commands/);
  await page.locator(".file .path").nth(1).waitFor();
  const paths = await page.locator(".file .path").allInnerTexts();
  assert.equal(new Set(paths).size, 2);
  for (const path of paths) assert.match(path, /^path:[0-9a-f]{24}$/);
  assert.doesNotMatch(await bodyOf(page), SAID);
});
