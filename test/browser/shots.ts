// node test/browser/shots.ts [directory]: the pictures of the README, of a busy morning that never was.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { runMonitor } from "../process/trust/monitor.ts";
import { ROOT } from "../world.ts";
import { closeBrowser, go, storeAll, visit } from "./page.ts";
import { busyMorning } from "./stories.ts";
import { tidepool } from "./tidepool.ts";
import { importTokens } from "./tokens.ts";

const directory = process.argv[2] ?? join(ROOT, "docs/images");
mkdirSync(directory, { recursive: true });
/** Small enough for a README to be quick. */
const viewport = { width: 1200, height: 720 };
const releases: (() => unknown)[] = [];
const scope = { after: (release: () => unknown) => void releases.push(release) } as unknown as TestContext;
try {
  const now = Date.now();
  const monitor = await runMonitor(scope);
  // Of what was lost in that morning a first picture need not tell.
  const stories = busyMorning(now);
  await storeAll(
    monitor,
    stories.flatMap(({ events }) => events.map((event, index) => ({ ...event, seq: index + 1 }))),
  );
  await importTokens(monitor, stories, now);
  const story = tidepool(now);
  const edit = story.events.find(
    ({ hook_event_name: name, data }) => name === "PostToolUse" && data["tool_name"] === "Edit",
  );
  const light = await visit(monitor, "#/", { viewport, colorScheme: "light", reducedMotion: "reduce" });
  await light.page.locator(".card").first().waitFor();
  await light.page.screenshot({ path: join(directory, "dashboard-now.png") });
  await go(light.page, `#/session/${story.cast.session}?tab=conversation`);
  await light.page.locator(".talk-chunk").first().waitFor();
  await light.page.waitForLoadState("networkidle");
  await light.page.screenshot({ path: join(directory, "dashboard-conversation.png") });
  await light.close();
  const dark = await visit(monitor, "#/", { viewport, colorScheme: "dark", reducedMotion: "reduce" });
  await go(dark.page, `#/session/${story.cast.session}?event=${edit?.id}`);
  await dark.page.locator(".session-event .code").first().waitFor();
  await dark.page.mouse.move(0, 0);
  await dark.page.screenshot({ path: join(directory, "dashboard-session.png") });
  await dark.close();
} finally {
  await closeBrowser();
  for (const release of releases.reverse()) await release();
}
