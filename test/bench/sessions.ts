// The sessions of years: pages of them at the API, and the view that lists them in a real Chromium.
// - SESSIONS makes it smaller; STORE is as in monitor.ts.

import type { Page } from "playwright-core";
import { SessionsPage } from "../../src/contract/routes.ts";
import { openPrices } from "../../src/prices/prices.ts";
import { openSqlite } from "../../src/store/sqlite/store.ts";
import { closeBrowser, visit } from "../browser/page.ts";
import { Story } from "../browser/story.ts";
import { type BenchMonitor, withMonitor } from "./monitor.ts";
import { spentIn, spentRow } from "./spent.ts";
import { median, quantile, type Row, table } from "./table.ts";

const SESSIONS = Number(process.env["SESSIONS"] ?? 20_000);
const PROJECTS = 100;
const BATCH = 200;
const ROUNDS = 20;
const PAINTS = 5;
const GAP_MS = 45 * 60_000;

const ERRANDS = [
  "Mend the gauge importer",
  "Why is the nightly job slow",
  "Add a test for the last row",
  "Upgrade the lamp",
];

async function fill(file: string): Promise<void> {
  const now = Date.now();
  const opened = openSqlite({ file, now: () => now, pricing: openPrices({}) });
  if (!opened.ok) throw new Error(opened.reason.code);
  const store = opened.value;
  for (let at = 0; at < SESSIONS; at += BATCH) {
    const stories = Array.from({ length: BATCH }, (_, offset) => {
      const index = at + offset;
      const session = `${index.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
      const project = `/home/dana/code/project-${index % PROJECTS}`;
      const story = new Story({ session, project, start: now - (index + 1) * GAP_MS, seed: index });
      story
        .begin()
        .prompt(`${ERRANDS[index % ERRANDS.length]}, part ${index}`)
        .wait(60_000 * (index % 40));
      story.bash("npm test", "ok", index % 7 === 0 ? { error: "Exit code 1" } : {});
      return story.stop(`Done with part ${index}: it was the unit, and a test holds it now.`).end();
    });
    await store.append(stories.flatMap(({ events }) => events));
    await store.record(
      stories.map(({ cast }, offset) => ({
        session: cast.session,
        facts: [
          {
            kind: "answers",
            answers: [
              {
                id: `answer-${at + offset}`,
                t: cast.start,
                model: "claude-opus-4-5",
                tokens: { input: 1000 * (offset + 1), output: 2000, cacheRead: 90_000, cacheWrite: 3000 },
              },
            ],
          },
        ],
      })),
    );
  }
  await store.close();
}

async function pages({ ask }: BenchMonitor): Promise<Row[]> {
  const read = async (query: string) =>
    SessionsPage.parse(await (await ask(`/api/sessions?limit=100&${query}`)).json());
  let deep: string | null | undefined;
  for (let page = 0; page < SESSIONS / 200; page++) deep = (await read(deep ? `before=${deep}` : "")).next;
  const rows: Row[] = [];
  for (const [name, query] of [
    ["the first page", ""],
    ["a page in the middle", `before=${deep}`],
    ["of a project", "project=project-7"],
    ["of a state", "state=ended"],
    ["of a week", "since=7d"],
    ["of the dear ones", "minCost=0.5"],
    ["the dearest first", "order=cost"],
    ["the dearest first, by words", "order=cost&q=nightly+part+77"],
    ["of the long ones", "minMs=1800000"],
    ["by words", "q=nightly+part+77"],
  ] as const) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const begin = performance.now();
      await (await ask(`/api/sessions?limit=100&${query}`)).text();
      times.push(performance.now() - begin);
    }
    rows.push([
      `100 sessions, ${name}, p95`,
      quantile(times, 0.95),
      "ms",
      `goal 50; median ${median(times).toFixed(1)} ms`,
    ]);
  }
  return rows;
}

async function paint(page: Page, url: string, hash: string, selector: string): Promise<number> {
  await page.goto("about:blank");
  await page.goto(`${url}/${hash}`, { waitUntil: "commit" });
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (document.querySelector<HTMLElement>(wanted)?.offsetParent)
            requestAnimationFrame(() => resolve(performance.now()));
          else requestAnimationFrame(look);
        };
        look();
      }),
    selector,
  );
}

async function view({ url }: BenchMonitor, page: Page): Promise<Row[]> {
  const [now, list]: [number[], number[]] = [[], []];
  for (let round = 0; round < PAINTS; round++) {
    now.push(await paint(page, url, "#/", ".ended li"));
    list.push(await paint(page, url, "#/sessions", ".session-row"));
  }
  const scroll = async () => {
    const box = document.querySelector<HTMLElement>(".windowed");
    const gaps: number[] = [];
    const tasks: number[] = [];
    const observer = new PerformanceObserver((entries) => {
      for (const { duration } of entries.getEntries()) tasks.push(duration);
    });
    observer.observe({ type: "longtask" });
    let before = 0;
    for (let step = 0; step < 400; step++)
      await new Promise<void>((resolve) =>
        requestAnimationFrame((at) => {
          if (before) gaps.push(at - before);
          before = at;
          if (box) box.scrollTop += 300;
          resolve();
        }),
      );
    observer.disconnect();
    return { gaps, tasks };
  };
  const {
    value: { gaps, tasks },
    spent,
  } = await spentIn(page, () => page.evaluate(scroll));
  const read = await page.locator(".windowed li").last().getAttribute("aria-setsize");
  return [
    ["first useful paint, Now", median(now), "ms", "goal 1000"],
    ["first useful paint, Sessions", median(list), "ms", "goal 1000"],
    [
      "longest frame, scrolling Sessions",
      Math.max(...gaps),
      "ms",
      `goal 50; p95 ${quantile(gaps, 0.95).toFixed(0)} ms; tasks over 50 ms: ${tasks.length}; ${read} rows read`,
    ],
    spentRow("scrolling Sessions", gaps.length, spent),
  ];
}

await withMonitor(fill, async (monitor) => {
  try {
    const { page } = await visit(monitor, "#/");
    const rows = [...(await pages(monitor)), ...(await view(monitor, page))];
    table(`Sessions, over a store of ${SESSIONS.toLocaleString("en")}`, rows, "value");
  } finally {
    await closeBrowser();
  }
});
