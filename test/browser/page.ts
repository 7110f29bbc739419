// A real Chromium that looks at a real monitor: every page is let in by a link of its own, as `mpm monitor open` makes it.

import type { TestContext } from "node:test";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Envelope } from "../../src/contract/envelope.ts";
import { type RunningMonitor, runMonitor } from "../process/trust/monitor.ts";
import { CHROMIUM } from "../tools.ts";

/** A deadline for what never comes, and no measure: a machine that others use as well is many times slower. */
export const LIMIT_MS = 90_000;

let shared: Promise<Browser> | undefined;

/** The one browser of this process. */
export function browser(): Promise<Browser> {
  shared ??= chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  return shared;
}

export async function closeBrowser(): Promise<void> {
  await (await shared)?.close();
  shared = undefined;
}

/** A visitor of their own, who has patience. */
export async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await (await browser()).newContext(options);
  context.setDefaultTimeout(LIMIT_MS);
  return context;
}

/** What went wrong on a page, gathered from its first moment. */
export interface Trouble {
  /** Uncaught errors and console messages of level error. */
  readonly errors: string[];
  /** URLs of other origins that were asked for. */
  readonly strangers: string[];
  /** Texts of dialogs. */
  readonly dialogs: string[];
}

export type Watched = Page & { readonly trouble: Trouble };

type Asked = Pick<RunningMonitor, "url" | "ask">;

export interface Visit extends BrowserContextOptions {
  /** Run in the page before anything of it. */
  readonly init?: () => void;
}

/** A page that was let in and stands at the hash. It closes with the test. */
export async function openPage(t: TestContext, monitor: Asked, hash = "#/", options: Visit = {}): Promise<Watched> {
  const { page, close } = await visit(monitor, hash, options);
  t.after(close);
  return page;
}

/** The same for who ends it himself. */
export async function visit(
  monitor: Asked,
  hash: string,
  { init, ...options }: Visit = {},
): Promise<{ page: Watched; close: () => Promise<void> }> {
  const context = await newContext({ viewport: { width: 1280, height: 800 }, ...options });
  if (init) await context.addInitScript(init);
  const page = await context.newPage();
  const trouble: Trouble = { errors: [], strangers: [], dialogs: [] };
  page.on("pageerror", (error) => trouble.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") trouble.errors.push(message.text());
  });
  page.on("dialog", (dialog) => {
    trouble.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== monitor.url) trouble.strangers.push(url.href);
  });
  const { code } = (await (await monitor.ask("/api/login-code", { method: "POST" })).json()) as { code: string };
  await page.goto(`${monitor.url}/login?code=${code}`);
  await page.locator(".connection.is-live").waitFor();
  if (hash !== "#/") await go(page, hash);
  return { page: Object.assign(page, { trouble }), close: () => context.close() };
}

/** The monitor's dashboard, loaded with events, open at a hash. */
export async function dashboard(
  t: TestContext,
  events: readonly Envelope[],
  hash = "#/",
  options: Visit = {},
): Promise<{ monitor: RunningMonitor; page: Watched }> {
  const monitor = await runMonitor(t);
  await storeAll(monitor, events);
  return { monitor, page: await openPage(t, monitor, hash, options) };
}

const BATCH = 200;

export async function storeAll(monitor: Pick<RunningMonitor, "store">, events: readonly Envelope[]): Promise<void> {
  for (let at = 0; at < events.length; at += BATCH) await monitor.store(...events.slice(at, at + BATCH));
}

/** Goes to a place of the dashboard, as a link on it would. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

/** Waits until the tab has a title like this: it follows what is shown. */
export async function titled(page: Page, title: RegExp): Promise<void> {
  await page.waitForFunction(({ source, flags }) => new RegExp(source, flags).test(document.title), {
    source: title.source,
    flags: title.flags,
  });
}
