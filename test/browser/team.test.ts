// The page of a team: who is active and what it costs, machines, who read what; each sees what their role lets them see.

import assert from "node:assert/strict";
import { after, type TestContext } from "node:test";
import { openPostgres } from "../../src/store/postgres/store.ts";
import { startProvider } from "../process/team/provider.ts";
import { mpm, startTeam, type TestTeam, type World } from "../process/team/team.ts";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { violations } from "./axe.ts";
import { closeBrowser, newContext } from "./page.ts";
import { Story } from "./story.ts";

const test = testWith("chromium", "postgresql");
after(closeBrowser);

async function signedIn(t: TestContext, team: TestTeam, world: World, hash: string) {
  const { link } = JSON.parse((await mpm(world.env, "team", "open", "--json")).out);
  const context = await newContext({ viewport: { width: 1280, height: 900 } });
  t.after(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(link.replace(/^https?:\/\/[^/]+/, team.monitor.url));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".connection.is-live").waitFor();
  await page.goto(`${team.monitor.url}/${hash}`);
  return { page, errors };
}

test("an admin sees who does what at what cost, which machines send, and who read whose session", async (t) => {
  const team = await startTeam(t);
  const [bo, cy] = [await team.join("bo"), await team.join("cy", { role: "admin" })];
  for (const [world, id] of [
    [bo, "5e551011-0000-4000-8000-000000000001"],
    [cy, "5e551012-0000-4000-8000-000000000002"],
  ] as const) {
    const monitor = await runMonitor(t, { world });
    const story = new Story({ session: id, project: "/home/dana/code/tidepool", start: Date.now() - 60_000 });
    await monitor.store(...story.begin().prompt("Mend the gauge").bash("npm test", "9 passed").prompt("Again").events);
  }
  const shared = await openPostgres({ url: team.server.url, now: Date.now });
  assert.ok(shared.ok);
  const { page, errors } = await signedIn(t, team, cy, "#/team");
  await page.getByRole("heading", { name: "Crew" }).waitFor();
  await page.getByRole("row", { name: /bos-laptop/ }).waitFor();
  const read = page.waitForResponse(/api\/sessions\/5e551011.*timeline/);
  await page.locator("a.session-row").filter({ hasText: "bo5e551011" }).first().click();
  assert.equal((await read).status(), 200);
  await page.goto(`${team.monitor.url}/#/team`);
  const tokens = { input: 100_000, output: 0, cacheRead: 0, cacheWrite: 0 };
  const answers = [{ id: "a", t: Date.now() - 1000, model: "claude-sonnet-4-5", tokens }];
  await shared.value.record([
    { session: "5e551011-0000-4000-8000-000000000001", facts: [{ kind: "answers", answers }] },
  ]);
  await shared.value.close();
  await page.reload();
  await page.getByText("$0.30").waitFor();
  await page.getByText("bo's session").waitFor();
  await page.getByRole("button", { name: "Add a machine of mine" }).click();
  await page.getByText(/mpm team join http\S+ [0-9A-Z-]{24}/).waitFor();
  const own = page.getByRole("row", { name: /^cy a machine admin/ });
  await own.waitFor();
  assert.deepEqual(await violations(page), []);
  await own.getByRole("button", { name: "Cancel the invitation of cy" }).click();
  await own.waitFor({ state: "detached" });
  if (process.env["MPM_SHOTS"]) {
    await page.screenshot({ path: `${process.env["MPM_SHOTS"]}/team.png`, fullPage: true });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${process.env["MPM_SHOTS"]}/team-dark.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 390, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  if (process.env["MPM_SHOTS"])
    await page.screenshot({ path: `${process.env["MPM_SHOTS"]}/team-narrow.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.getByRole("link", { name: "bo", exact: true }).first().click();
  await page.waitForURL(/#\/sessions\?person=/);
  await page.locator(".counts", { hasText: "1 session" }).waitFor();
  assert.equal(await page.locator("a.session-row").count(), 1);
  if (process.env["MPM_SHOTS"]) await page.screenshot({ path: `${process.env["MPM_SHOTS"]}/team-sessions.png` });
  assert.deepEqual(errors, []);
});

test("a member sees their own sessions, no one else's name, and what the page leaves out for them", async (t) => {
  const team = await startTeam(t);
  const [bo, cy] = [await team.join("bo"), await team.join("cy")];
  const monitor = await runMonitor(t, { world: cy });
  const story = new Story({
    session: "5e551012-0000",
    project: "/home/dana/code/tidepool",
    start: Date.now() - 60_000,
  });
  await monitor.store(...story.begin().prompt("Mend the gauge").events);
  const { page, errors } = await signedIn(t, team, bo, "#/team");
  await page.getByText("you see your own sessions").waitFor();
  await page.getByText("bos-laptop").waitFor();
  assert.doesNotMatch(await page.content(), /cys-laptop|Who read and did what/);
  await page.goto(`${team.monitor.url}/#/sessions`);
  await page.getByText("No session has been seen yet").waitFor();
  assert.deepEqual(errors, []);
});

test("a browser signs in through an identity provider, and is told plainly why not", async (t) => {
  const provider = await startProvider(t);
  const team = await startTeam(t, [], { env: provider.env });
  const { url } = team.monitor;
  provider.allow(`${url}/login/oidc/callback`);
  await mpm(team.operator.env, "team", "invite", "--email", "ada@x.example");
  const context = await newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url);
  provider.account = { sub: "2", email: "eve@x.example" };
  await page.getByRole("link", { name: /^Sign in through/ }).click();
  await page.getByText("Nobody in the team has been invited as eve@x.example.").waitFor();
  assert.deepEqual(await violations(page), []);
  provider.account = { sub: "1", email: "ada@x.example" };
  await context.clearCookies({ domain: "127.0.0.1", path: "/" }); // or the provider would know eve again
  await page.getByRole("link", { name: "Try again" }).click();
  await page.locator(".connection.is-live").waitFor();
  await page.goto(`${url}/#/team`);
  await page.getByText("You are ada@x.example, member").waitFor();
  const kept = await context.cookies(url);
  assert.deepEqual(
    kept
      .filter(({ name }) => name.startsWith("mpm_"))
      .map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
    [["mpm_team", true, "Lax"]],
  );
  assert.deepEqual(errors, []);
});
