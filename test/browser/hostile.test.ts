// What comes in is never markup, whatever it holds and wherever it is shown; and the page asks nobody but its monitor.

import assert from "node:assert/strict";
import { after } from "node:test";
import type { Page } from "playwright-core";
import { io } from "socket.io-client";
import type { Envelope } from "../../src/contract/envelope.ts";
import { runMonitor } from "../process/trust/monitor.ts";
import { testWith } from "../tools.ts";
import { violations } from "./axe.ts";
import { closeBrowser, dashboard, go, openPage, storeAll } from "./page.ts";
import { RECORDINGS, recording, sessionOf } from "./recordings.ts";
import { busyMorning } from "./stories.ts";
import { tidepool } from "./tidepool.ts";

const test = testWith("chromium");

after(closeBrowser);

const OWNED = "globalThis.owned=1";
const HOSTILE = [
  `<script>${OWNED};alert(1)</script>`,
  `<img src=x onerror="${OWNED};alert(2)">`,
  `"><svg onload="${OWNED};alert(3)"><iframe src="javascript:parent.owned=1">`,
  `' autofocus onfocus='${OWNED};alert(4)' x='`,
  `javascript:${OWNED};alert(5)//`,
  `</textarea></title></style><base href="https://stranger.example/"><link rel=stylesheet href="https://stranger.example/x.css">`,
  `[click](javascript:${OWNED}) ![x](https://stranger.example/pixel.png) https://stranger.example/`,
  `{{constructor.constructor('${OWNED}')()}} \${${OWNED}} <%= ${OWNED} %>`,
  `\u202Egnp.exe\u0000\u001b]0;owned\u0007\u001b[2J<b>x</b>`,
  "__proto__",
  "constructor",
];

/** An event that holds the text in every place that takes text. */
function loaded(text: string, seq: number, event: string, more: Record<string, unknown> = {}): Envelope {
  return {
    id: `hostile-${HOSTILE.indexOf(text)}-${seq}`,
    schema: 1,
    event: "claude_event",
    type: text.slice(0, 64),
    subtype: text.slice(0, 64),
    source: text.slice(0, 64),
    hook_event_name: event.slice(0, 128),
    timestamp: new Date().toISOString(),
    session_id: `${text}`.slice(0, 250),
    cwd: `/home/${text}`,
    project_dir: `/home/${text}`,
    correlation_id: `call ${seq} ${text}`.slice(0, 250),
    prompt_id: text,
    host: { name: text, pid: 1, entrypoint: text.slice(0, 64) },
    seq,
    data: {
      tool_name: text,
      agent_type: text,
      model: text,
      session_title: text,
      prompt: text,
      message: text,
      error: text,
      reason: text,
      source: text,
      notification_type: text,
      last_assistant_message: text,
      [text]: text,
      tool_input: { command: text, description: text, file_path: text, content: text, [text]: { [text]: [text] } },
      tool_response: {
        stdout: text,
        stderr: text,
        filePath: text,
        structuredPatch: [{ lines: [`+${text}`, `-${text}`] }],
        [text]: text,
      },
      ...more,
    },
  };
}

const TOOLS = [
  "Bash",
  "Edit",
  "Write",
  "Read",
  "Grep",
  "Glob",
  "Agent",
  "TodoWrite",
  "WebFetch",
  "WebSearch",
  "AskUserQuestion",
  "mcp__a__b",
];

function corpus(): Envelope[] {
  return HOSTILE.flatMap((text) => {
    let seq = 0;
    const one = (event: string, more?: Record<string, unknown>, head: Partial<Envelope> = {}) => ({
      ...loaded(text, ++seq, event, more),
      ...head,
    });
    return [
      one("SessionStart"),
      one("UserPromptSubmit"),
      one("SubagentStart", {}, { agent_id: text }),
      ...TOOLS.flatMap((tool) => [
        one("PostToolUse", {
          tool_name: tool,
          tool_input: {
            command: text,
            file_path: text,
            old_string: text,
            new_string: `${text} `,
            pattern: text,
            url: text,
            query: text,
            prompt: text,
            subagent_type: text,
            todos: [{ content: text, activeForm: text, status: text }],
            questions: [{ question: text, header: text, options: [{ label: text, description: text }] }],
          },
          tool_response: {
            stdout: text,
            content: text,
            result: text,
            filenames: [text],
            agentId: text,
            file: { content: text, filePath: text },
            results: [text, { content: [{ title: text, url: text }] }],
          },
        }),
      ]),
      one(text || "x"),
      one("PostToolUseFailure", { tool_name: "Bash" }),
      one("Notification"),
      one("PreToolUse"),
      one("PermissionRequest"),
    ];
  });
}

/** What may never be there: elements that the page does not make, attributes that run, the marks of a script that ran. */
async function assertHarmless(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    return {
      elements: all
        .filter(
          (one) =>
            /^(IFRAME|IMG|OBJECT|EMBED|BASE|FORM|STYLE|B|TEMPLATE|VIDEO)$/i.test(one.tagName) && !one.closest(".flow"),
        )
        .map((one) => one.outerHTML.slice(0, 200)),
      scripts: document.scripts.length,
      handlers: all
        .filter((one) => [...one.attributes].some(({ name }) => name.startsWith("on")))
        .map((one) => one.outerHTML.slice(0, 200)),
      links: all
        .filter(
          (one) =>
            /^\s*(javascript|data|https?):/i.test(one.getAttribute("href") ?? "") && one.getAttribute("rel") !== "icon",
        )
        .map((one) => one.outerHTML.slice(0, 200)),
      owned: "owned" in globalThis || document.title === "owned" || /[\p{Cc}\p{Cf}]/u.test(document.title),
      polluted: Object.keys(Object.prototype),
    };
  });
  assert.deepEqual(found, { elements: [], scripts: 1, handlers: [], links: [], owned: false, polluted: [] }, where);
}

test("payload text in every field of every view makes no element, runs no script, opens no dialog and asks nobody", async (t) => {
  const monitor = await runMonitor(t);
  const events = corpus();
  await storeAll(monitor, events);
  const hostile = HOSTILE[1] as string;
  const relay = io(monitor.url, { auth: { token: monitor.token() }, transports: ["websocket"] });
  t.after(() => relay.close());
  await new Promise((resolve) => relay.once("connect", () => resolve(undefined)));
  const counters = { received: 1, forwarded: 1, repeated: 0, rejected: 1, cut: 1, dropped: 1 };
  relay.emit("relay_status", {
    pid: 1,
    version: hostile,
    host: hostile,
    startedAt: 1,
    updatedAt: 2,
    url: hostile,
    connected: false,
    trouble: hostile,
    counters,
    spool: { pending: 1, bytes: 1, oldestAt: 1 },
  });
  const page = await openPage(t, monitor);
  await page.locator(".card").first().waitFor();
  await assertHarmless(page, "now");
  for (const text of HOSTILE) {
    await go(page, `#/session/${encodeURIComponent(text)}`);
    await page.locator("#rows .list-row").first().waitFor();
    await assertHarmless(page, `the session ${text}`);
  }
  for (const event of events) {
    await go(page, `#/event/${event.id}`);
    await page.locator(".event .json", { hasText: event.id }).waitFor();
    await assertHarmless(page, `the event ${event.id}`);
  }
  for (const [index, text] of HOSTILE.entries()) {
    await go(page, `#/search?q=${encodeURIComponent(text)}&project=${encodeURIComponent(`/home/${text}`)}`);
    await page.locator("#found .list-row, .search .empty").first().waitFor();
    await assertHarmless(page, `the search ${index}`);
  }
  await page.getByRole("button", { name: "Save this search" }).click();
  await assertHarmless(page, "a saved search");
  await go(page, "#/statistics?range=all");
  await page.locator(".plot canvas").waitFor();
  await assertHarmless(page, "statistics");
  await go(page, "#/health");
  await page.locator(".sign-card", { hasText: hostile }).first().waitFor();
  await assertHarmless(page, "health");
  assert.deepEqual([page.trouble.dialogs, page.trouble.strangers, page.trouble.errors], [[], [], []]);
});

test("no view asks any other site for anything, and none breaks the content security policy", async (t) => {
  const now = Date.now();
  const story = tidepool(now);
  const { monitor, page } = await dashboard(t, [...story.events, ...recording("hostile", now)]);
  const policy = (await monitor.ask("/")).headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  await page.evaluate(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  for (const hash of [
    "#/",
    `#/session/${story.cast.session}?tab=timeline`,
    `#/session/${sessionOf(recording("hostile", now))}?tab=timeline`,
    `#/event/${story.events[40]?.id}`,
    "#/search?q=pytest",
    "#/statistics",
    "#/health",
  ]) {
    await go(page, hash);
    await page.locator("main :is(.card, .list-row, .json, .plot canvas, .sign-card)").first().waitFor();
  }
  await page.keyboard.press("?");
  await page.locator("dialog").waitFor();
  assert.deepEqual([page.trouble.strangers, page.trouble.errors], [[], []]);
  // That a violation would be seen here, one is made.
  await page.evaluate(() => {
    const image = document.createElement("img");
    image.src = "https://stranger.example/pixel.png";
    document.body.append(image);
  });
  await page.waitForTimeout(0);
  assert.notEqual(page.trouble.errors.length + page.trouble.strangers.length, 0);
});

for (const colorScheme of ["light", "dark"] as const)
  for (const width of [1280, 360])
    test(`axe finds nothing in any view, and none scrolls sideways (${colorScheme}, ${width} px)`, async (t) => {
      const now = Date.now();
      const story = tidepool(now);
      const events = [
        ...busyMorning(now).flatMap((one) => one.events),
        ...RECORDINGS.flatMap((name, index) => recording(name, now - (index + 1) * 120_000)),
      ];
      const { page } = await dashboard(t, events, "#/", {
        colorScheme,
        viewport: { width, height: 800 },
        reducedMotion: "reduce",
      });
      const failed = story.events.find(({ hook_event_name: name }) => name === "PostToolUseFailure");
      const places: readonly (readonly [string, string])[] = [
        ["#/", ".card"],
        [`#/session/${story.cast.session}?tab=timeline`, ".list-row"],
        [`#/session/${story.cast.session}?event=${failed?.id}`, ".session-event .event"],
        [`#/session/${story.cast.session}?tab=conversation`, ".talk-message"],
        [`#/session/${story.cast.session}?tab=turns`, ".turn"],
        [`#/session/${story.cast.session}?tab=files`, ".file"],
        ["#/files", ".file"],
        [`#/event/${story.events.find(({ data }) => data["tool_name"] === "Edit")?.id}`, ".json"],
        [`#/event/${failed?.id}`, ".json"],
        ["#/sessions", ".session-row"],
        ["#/search?q=pytest", ".list-row"],
        ["#/search?q=nothinglikethis", ".empty"],
        ["#/statistics", ".plot canvas"],
        ["#/cost", ".cost .empty"],
        ["#/alerts", ".alert-list"],
        ["#/health", ".sign-card.is-trouble"],
      ];
      for (const [hash, ready] of places) {
        await go(page, hash);
        await page.locator(ready).first().waitFor();
        assert.deepEqual(await violations(page), [], hash);
        assert.equal(await sideways(page), 0, `${hash} is wider than the window`);
      }
      await page.keyboard.press("?");
      await page.locator("dialog").waitFor();
      assert.deepEqual(await violations(page), [], "the keys");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.locator(".palette .place").first().waitFor();
      assert.deepEqual(await violations(page), [], "the palette");
    });

/** How far the page could be scrolled to the side, pixels. */
function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}
