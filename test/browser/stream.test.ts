// The page after a break of the stream: what it shows is what is stored, whatever happened meanwhile.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { envelope, runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { freePort, tempWorld } from "../world.ts";
import { closeBrowser, go, openPage, storeAll } from "./page.ts";

const test = testWith("chromium");

after(closeBrowser);

const said = (session: string, seq: number, name: string, data: Record<string, unknown> = {}) => ({
  ...envelope(seq, { session, ...data }),
  hook_event_name: name,
  project_dir: `/home/dana/${session}`,
});
const begun = (session: string) => said(session, 1, "UserPromptSubmit", { prompt: `Work on ${session}` });
const ended = (session: string, seq: number) => said(session, seq, "SessionEnd", { reason: "other" });
const card = (page: Page, session: string) => page.locator(`.card [data-session="${session}"]`);

/** A monitor that can go and come back, at the same port for the page or at another one behind its back. */
async function monitors(t: TestContext) {
  const world = tempWorld(t);
  const port = String(await freePort());
  return {
    world,
    here: () => runMonitor(t, { world, args: ["--port", port] }),
    elsewhere: () => runMonitor(t, { world }),
  };
}

test("what ended, or was forgotten, while the page had lost the monitor, is on Now no more", async (t) => {
  const { here, elsewhere } = await monitors(t);
  const first = await here();
  await first.store(begun("stays"), begun("ends"), begun("goes"));
  const page = await openPage(t, first);
  for (const session of ["stays", "ends", "goes"]) await card(page, session).waitFor();
  await first.kill("SIGTERM");
  const second = await elsewhere();
  await second.store(ended("ends", 2));
  await storeAll(
    second,
    Array.from({ length: 60 }, (_, index) => [begun(`other-${index}`), ended(`other-${index}`, 2)]).flat(),
  );
  assert.equal((await second.ask("/api/forget?session=goes", { method: "POST" })).status, 200);
  await second.kill("SIGTERM");
  await here();
  await card(page, "goes").waitFor({ state: "detached" });
  await page.locator(".card [data-session='ends']").waitFor({ state: "detached" });
  await card(page, "stays").waitFor();
});

test("after a damaged store was set aside the page shows the new one, and what comes", async (t) => {
  const { here, world } = await monitors(t);
  const first = await here();
  await first.store(begun("before"), said("before", 2, "Stop"), said("before", 3, "UserPromptSubmit", { prompt: "x" }));
  const page = await openPage(t, first);
  await card(page, "before").waitFor();
  await first.kill("SIGTERM");
  for (const end of ["-wal", "-shm"]) rmSync(join(world.mpmHome, `monitor.db${end}`), { force: true });
  writeFileSync(join(world.mpmHome, "monitor.db"), "no database ".repeat(1000));
  const second = await here();
  await card(page, "before").waitFor({ state: "detached" });
  await second.store(begun("after"));
  await card(page, "after").waitFor();
});

test("a session that ended leaves the list of those that work, and the count says as many as are listed", async (t) => {
  const { here } = await monitors(t);
  const monitor = await here();
  await monitor.store(begun("stays"), begun("ends"));
  const page = await openPage(t, monitor, "#/sessions?state=working");
  const rows = page.locator(".session-row");
  await rows.nth(1).waitFor();
  await monitor.store(ended("ends", 2));
  await rows.nth(1).waitFor({ state: "detached" });
  assert.match((await page.locator(".sessions .counts").textContent()) ?? "", /^1 session/);
});

test("alerts are asked for at their round, however many events come", async (t) => {
  const { here } = await monitors(t);
  const monitor = await here();
  const page = await openPage(t, monitor);
  let asked = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api/alerts") asked++;
  });
  await go(page, "#/alerts");
  await page.getByRole("heading", { name: "Channels" }).waitFor();
  const began = Date.now();
  for (let seq = 1; seq <= 40; seq++) await monitor.store(said("busy", seq, "Stop"));
  await go(page, "#/");
  await card(page, "busy").waitFor();
  const rounds = Math.ceil((Date.now() - began) / 5000) + 1;
  assert.ok(asked <= 1 + rounds, `${asked} requests in ${rounds} rounds`);
});

for (const [tab, shown] of [
  ["turns", ".turn-prompt"],
  ["files", "[aria-label='Changed files'], .files-view, .empty:not(.is-failed):not(.is-loading), ul"],
  ["timeline", "#rows .list-row"],
  ["conversation", ".talk-body"],
] as const)
  test(`a session that was opened while the monitor was away is there when it is back: ${tab}`, async (t) => {
    const { here } = await monitors(t);
    const first = await here();
    await first.store(begun("pier"), said("pier", 2, "Stop"));
    const page = await openPage(t, first);
    await card(page, "pier").waitFor();
    await page.route("**/api/sessions/pier/**", (route) => route.abort());
    await go(page, `#/session/pier?tab=${tab}`);
    await page.locator(".is-failed, .is-bad").first().waitFor();
    await first.kill("SIGTERM");
    await page.locator(".connection.is-live").waitFor({ state: "detached" });
    await page.unroute("**/api/sessions/pier/**");
    await here();
    await page.locator(".is-failed, .talk-failure").first().waitFor({ state: "detached" });
    await page
      .locator(`.session-page ${shown.split(", ").join(", .session-page ")}`)
      .first()
      .waitFor();
    if (tab === "conversation") await page.getByText("Work on pier").first().waitFor();
  });
