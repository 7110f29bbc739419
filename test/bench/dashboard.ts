// The dashboard in a real Chromium, with a real monitor over a store of a million events, one session of a hundred thousand.
// - Frames are what requestAnimationFrame is given: a frame that is late was kept up by the page's own work.
// - Live events come over Socket.IO as from a relay; the last figure runs the real hook and a real relay.
// - EVENTS, LONG and SECONDS make it smaller; STORE is as in monitor.ts.

import type { CDPSession, Page } from "playwright-core";
import { io, type Socket } from "socket.io-client";
import type { Envelope } from "../../src/contract/envelope.ts";
import { closeBrowser, go, visit } from "../browser/page.ts";
import { HOOK, run, until } from "../world.ts";
import { fillStore, LONG_SESSION, longSession } from "./fill.ts";
import { type BenchMonitor, withMonitor } from "./monitor.ts";
import { spentIn, spentRow } from "./spent.ts";
import { median, quantile, type Row, table } from "./table.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 1_000_000);
const LONG = Number(process.env["LONG"] ?? 100_000);
const SECONDS = Number(process.env["SECONDS"] ?? 60);
const RATE = 500;
const ROUNDS = 5;
const HOOKS = 60;
const KB = 1000;
const MIB = 2 ** 20;

/** Loads the page anew at a hash. @returns ms from the start of the navigation until the selector can be seen, painted */
let base = "";

async function paintOf(page: Page, hash: string, selector: string): Promise<number> {
  await page.goto("about:blank");
  await page.goto(`${base}/${hash}`, { waitUntil: "commit" });
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = () => {
          const found = document.querySelector<HTMLElement>(wanted);
          if (found?.offsetParent) requestAnimationFrame(() => resolve(performance.now()));
          else requestAnimationFrame(look);
        };
        look();
      }),
    selector,
  );
}
interface Frames {
  /** ms between two frames, each. */
  readonly gaps: readonly number[];
  /** Of the page's own tasks longer than 50 ms, each, ms: on a busy machine a frame is late without any. */
  readonly tasks: readonly number[];
}

/** Records frames while something is done. */
async function framesOf(page: Page, act: () => Promise<unknown>): Promise<Frames> {
  await page.evaluate(() => {
    const gaps: number[] = [];
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    });
    observer.observe({ type: "longtask" });
    let before = 0;
    let on = true;
    const step = (at: number) => {
      if (before) gaps.push(at - before);
      before = at;
      if (on) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    Object.assign(window, {
      stopFrames: () => {
        on = false;
        observer.disconnect();
        return { gaps, tasks };
      },
    });
  });
  await act();
  return page.evaluate(() => (window as unknown as { stopFrames(): Frames }).stopFrames());
}

async function heapOf(page: Page): Promise<number> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return (usedSize + (backingStorageSize ?? 0)) / MIB;
}

const nextFrames = (page: Page, count: number) =>
  page.evaluate(
    (frames) =>
      new Promise<void>((resolve) => {
        const step = (left: number): void =>
          void (left === 0 ? resolve() : requestAnimationFrame(() => step(left - 1)));
        step(frames);
      }),
    count,
  );

/** What a browser is given for Now on its first visit. */
async function sizes(page: Page): Promise<Row> {
  await page.locator(".card, .ended li").first().waitFor();
  const bytes = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry): entry is PerformanceResourceTiming => entry instanceof PerformanceResourceTiming)
      .filter(({ name }) => /\.(?:js|css)$/.test(name))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  );
  return ["JavaScript and CSS of Now, gzipped", bytes / KB, "kB", "goal 120"];
}

async function paints(page: Page): Promise<Row[]> {
  const place = `#/session/${LONG_SESSION}?tab=timeline`;
  const [now, first, whole, talk]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    now.push(await paintOf(page, "#/", ".card, .ended li"));
    first.push(await paintOf(page, place, "#rows .list-row"));
    whole.push(await paintOf(page, place, ".session .tools"));
    talk.push(await paintOf(page, `#/session/${LONG_SESSION}?tab=conversation`, ".talk-message"));
  }
  return [
    ["first useful paint, Now", median(now), "ms", "goal 1000"],
    [`first useful paint, session of ${LONG} events`, median(first), "ms", "goal 1000"],
    ["all of it read and drawn", median(whole), "ms"],
    ["first useful paint, its conversation", median(talk), "ms", "goal 1000"],
  ];
}

async function motion(page: Page): Promise<Row[]> {
  await paintOf(page, `#/session/${LONG_SESSION}?tab=timeline`, ".session .tools");
  await nextFrames(page, 60);
  const list = page.locator("#rows");
  const canvas = page.locator(".timeline canvas").first();
  const acts: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      "scrolling the list",
      async () => {
        await list.hover();
        for (let step = 0; step < 60; step++) await page.mouse.wheel(0, step % 2 ? -700 : 4000);
      },
    ],
    [
      "zooming out and in",
      async () => {
        for (let step = 0; step < 24; step++) await page.keyboard.press(step < 12 ? "-" : "+");
      },
    ],
    [
      "moving all of it",
      async () => {
        await page.keyboard.press("0");
        for (let step = 0; step < 6; step++) await page.keyboard.press("+");
        for (let step = 0; step < 40; step++) await page.keyboard.press(step < 20 ? "ArrowLeft" : "ArrowRight");
      },
    ],
    [
      "pointing at it",
      async () => {
        await page.keyboard.press("0");
        await canvas.hover();
        for (let step = 0; step < 60; step++) await page.mouse.move(200 + step * 15, 260 + (step % 5) * 3);
      },
    ],
    [
      "choosing events",
      async () => {
        await list.focus();
        for (let step = 0; step < 30; step++) await page.keyboard.press("ArrowUp");
      },
    ],
  ];
  const rows: Row[] = [];
  const watch = async (name: string, act: () => Promise<unknown>) => {
    const { value, spent } = await spentIn(page, () => framesOf(page, act));
    rows.push(frameRow(name, value), spentRow(name, value.gaps.length, spent));
  };
  for (const [name, act] of acts) await watch(name, act);
  await paintOf(page, `#/session/${LONG_SESSION}?tab=conversation`, ".talk-message");
  const talk = page.locator(".talk-scroll");
  await talk.hover();
  await page.keyboard.press("End");
  await nextFrames(page, 60);
  await watch("scrolling the conversation", async () => {
    for (let step = 0; step < 120; step++) await page.mouse.wheel(0, step < 80 ? -900 : 900);
  });
  rows.push(["heap of the tab, collected", await heapOf(page), "MiB", "goal 200"]);
  return rows;
}

function frameRow(name: string, { gaps, tasks }: Frames): Row {
  const p95 = quantile(gaps, 0.95).toFixed(0);
  return [
    `longest frame, ${name}`,
    Math.max(...gaps),
    "ms",
    `goal 50; p95 ${p95} ms; tasks over 50 ms: ${tasks.length}`,
  ];
}

function relayTo({ url, token }: BenchMonitor): Promise<Socket> {
  const socket = io(url, { auth: { token }, transports: ["websocket"] });
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("connect_error", reject);
  });
}

/** Sends at a steady rate, a batch every few milliseconds, each event with the time it is sent. */
async function sendSteadily(socket: Socket, events: readonly Envelope[], rate: number): Promise<void> {
  const begin = performance.now();
  const acks: Promise<unknown>[] = [];
  for (let sent = 0; sent < events.length; ) {
    const due = Math.min(events.length, Math.ceil(((performance.now() - begin) / 1000) * rate));
    for (; sent < due; sent++)
      acks.push(socket.emitWithAck("claude_event", { ...events[sent], timestamp: new Date().toISOString() }));
    await new Promise((wake) => setTimeout(wake, 4));
  }
  await Promise.all(acks);
}

async function live(page: Page, monitor: BenchMonitor): Promise<Row[]> {
  const id = "live-0001";
  const { events } = longSession(id, "/home/dana/code/live", RATE * SECONDS, Date.now(), 5);
  const socket = await relayTo(monitor);
  await socket.emitWithAck("claude_event", { ...events[0], timestamp: new Date().toISOString() });
  await go(page, `#/session/${id}?tab=timeline`);
  await page.locator("#rows .list-row").first().waitFor();
  const { gaps, tasks } = await framesOf(page, () => sendSteadily(socket, events.slice(1), RATE));
  const count = events.length.toLocaleString("en");
  await page.locator(".rows-tools", { hasText: `${count} shown` }).waitFor({ timeout: 20_000 });
  const missing = await page.locator(".session-head", { hasText: "missing" }).count();
  socket.close();
  const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1000;
  return [
    [
      `frames a second at ${RATE} events a second, for ${SECONDS} s`,
      gaps.length / seconds,
      "",
      `goal 30; longest ${Math.max(...gaps).toFixed(0)} ms; tasks over 50 ms: ${tasks.length}`,
    ],
    ["of them missed or out of order", missing, "", "goal 0"],
  ];
}

async function arrival(page: Page, monitor: BenchMonitor): Promise<Row[]> {
  const session = "hook-0001";
  const hook = (index: number) =>
    run(HOOK, ["UserPromptSubmit"], {
      env: monitor.env,
      input: JSON.stringify({
        session_id: session,
        hook_event_name: "UserPromptSubmit",
        cwd: "/tmp",
        prompt: `marker-${index};`,
      }),
    });
  await hook(0);
  await until(async () => (await monitor.ask(`/api/sessions/${session}`)).ok, 20_000, "the first event");
  await go(page, `#/session/${session}?tab=timeline`);
  await page.locator("#rows .list-row", { hasText: "marker-0;" }).waitFor();
  const times: number[] = [];
  for (let index = 1; index <= HOOKS; index++) {
    const seen = page.evaluate(
      (marker) =>
        new Promise<number>((resolve) => {
          const look = () => {
            const rows = document.querySelector("#rows")?.textContent ?? "";
            if (rows.includes(marker)) requestAnimationFrame(() => resolve(Date.now()));
            else requestAnimationFrame(look);
          };
          look();
        }),
      `marker-${index};`,
    );
    await hook(index);
    const exited = Date.now();
    times.push((await seen) - exited);
  }
  return [
    ["hook exit to visible, p95", quantile(times, 0.95), "ms", "goal 150"],
    ["hook exit to visible, median", median(times), "ms"],
  ];
}

async function search(monitor: BenchMonitor): Promise<Row> {
  const words = ["pytest", "keyring", "gauges mend", "part_7", "Turn 512", "rg part_3", "import csv", "nosuchword"];
  const times: number[] = [];
  for (let round = 0; round < 8; round++)
    for (const word of words) {
      const begin = performance.now();
      await (await monitor.ask(`/api/events?view=rows&limit=200&q=${encodeURIComponent(word)}`)).text();
      times.push(performance.now() - begin);
    }
  return ["full-text search at the API, p95", quantile(times, 0.95), "ms", "goal 200"];
}

export async function benchDashboard(): Promise<void> {
  const fill = (file: string) => fillStore(file, EVENTS, LONG);
  await withMonitor(fill, async (monitor) => {
    base = monitor.url;
    try {
      const { page } = await visit(monitor, "#/");
      const rows = [
        await sizes(page),
        ...(await paints(page)),
        ...(await motion(page)),
        ...(await live(page, monitor)),
        ...(await arrival(page, monitor)),
        await search(monitor),
      ];
      table(`Dashboard, over a store of ${EVENTS.toLocaleString("en")} events`, rows);
    } finally {
      await closeBrowser();
    }
  });
}

if (import.meta.main) await benchDashboard();
