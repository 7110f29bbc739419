// Every question of the API that reads the store, over years of work: SESSIONS sessions of a hundred projects, and one of LONG events.
// - Where others work on the machine, too, processor time tells more than time: that of the whole monitor, for one request.
// - LONG and SESSIONS make it smaller, ABOUT (an expression) asks some of the questions alone; STORE is as in
//   monitor.ts.

import { readFileSync } from "node:fs";
import type { Envelope } from "../../src/contract/envelope.ts";
import { TICK_MS } from "../../src/platform/process.ts";
import { openPrices } from "../../src/prices/prices.ts";
import { openSqlite } from "../../src/store/sqlite/store.ts";
import { Story } from "../browser/story.ts";
import { LONG_SESSION, longSession } from "./fill.ts";
import { withMonitor } from "./monitor.ts";
import { median, quantile, type Row, table } from "./table.ts";

const LONG = Number(process.env["LONG"] ?? 1_000_000);
const SESSIONS = Number(process.env["SESSIONS"] ?? 20_000);
const ABOUT = new RegExp(process.env["ABOUT"] ?? "");
const PROJECTS = 100;
const BATCH = 2000;
const PART = 100_000;
const ROUNDS = 20;
/** A question that takes long is asked less often, ms in all. */
const ENOUGH_MS = 10_000;
const GAP_MS = 45 * 60_000;
const MODEL = "claude-opus-4-5";

async function fill(file: string): Promise<void> {
  const now = Date.now();
  const opened = openSqlite({ file, now: () => now, pricing: openPrices({}) });
  if (!opened.ok) throw new Error(opened.reason.code);
  const store = opened.value;
  const add = async (events: readonly Envelope[]) => {
    for (let at = 0; at < events.length; at += BATCH) await store.append(events.slice(at, at + BATCH));
  };
  const pay = (session: string, times: readonly number[]) =>
    store.record([
      {
        session,
        facts: [
          {
            kind: "answers",
            answers: times.map((t, index) => ({
              id: `${session} ${t} ${index}`,
              t,
              model: MODEL,
              tokens: { input: 1000, output: 2000, cacheRead: 90_000, cacheWrite: 3000 },
            })),
          },
        ],
      },
    ]);
  for (let from = 0; from < SESSIONS; from += 200) {
    const stories = Array.from({ length: 200 }, (_, offset) => short(from + offset, now));
    await add(stories.flatMap(({ events }) => events));
    for (const { cast } of stories) await pay(cast.session, [cast.start]);
  }
  // Parts, as all of it at once would take the memory of the machine: each goes on where the one before ended.
  const parts = Math.ceil(LONG / PART);
  for (let part = 0; part < parts; part++) {
    const end = now - 5000 - (parts - part - 1) * PART * 400;
    const { events } = longSession(LONG_SESSION, "/home/dana/code/tidepool", Math.min(PART, LONG), end, 400);
    await add(events.map((event, index) => ({ ...event, id: `p${part}-${index}`, seq: part * PART + index + 1 })));
    const prompts = events.filter(({ hook_event_name: name }) => name === "UserPromptSubmit");
    await pay(
      LONG_SESSION,
      prompts.map(({ timestamp }) => Date.parse(timestamp) + part),
    );
    process.stderr.write(`${((part + 1) * PART).toLocaleString("en")} events\n`);
  }
  await store.close();
}

function short(index: number, now: number): Story {
  const session = `${index.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
  const project = `/home/dana/code/project-${index % PROJECTS}`;
  const story = new Story({ session, project, start: now - (index + 1) * GAP_MS, seed: index });
  story
    .begin()
    .prompt(`Mend the gauge importer, part ${index}`)
    .wait(60_000 * (index % 40));
  story.bash("npm test", "ok", index % 7 === 0 ? { error: "Exit code 1" } : {});
  return story.stop(`Done with part ${index}: it was the unit, and a test holds it now.`).end();
}

const OF = `/api/sessions/${LONG_SESSION}`;
const QUESTIONS: readonly (readonly [name: string, path: string, goalMs?: number])[] = [
  ["health", "/health"],
  ["a page of sessions", "/api/sessions?limit=100", 50],
  ["a page of a project's sessions", "/api/sessions?limit=100&project=project-7", 50],
  ["a page of sessions of a week", "/api/sessions?limit=100&since=7d", 50],
  ["a page of sessions by words", "/api/sessions?limit=100&q=importer+part+77", 50],
  ["a page of sessions, dearest first", "/api/sessions?limit=100&order=cost", 50],
  ["projects", "/api/projects", 50],
  ["statistics of a week", "/api/stats?since=7d", 300],
  ["statistics of a project's week", "/api/stats?since=7d&project=project-7", 300],
  ["statistics of a day", "/api/stats?since=24h", 300],
  ["search, a seldom word", "/api/events?view=rows&limit=50&q=%22part+777%22", 150],
  ["search, a frequent word", "/api/events?view=rows&limit=50&q=pytest", 150],
  ["search, two words", "/api/events?view=rows&limit=50&q=gauges+mend", 150],
  ["search in a project", "/api/events?view=rows&limit=50&q=importer&project=project-7", 150],
  ["search in the long session", `/api/events?view=rows&limit=50&q=part_3&session=${LONG_SESSION}`, 150],
  ["search of failures", "/api/events?view=rows&limit=50&q=exit&failed=1", 150],
  ["the newest rows", "/api/events?view=rows&limit=100"],
  ["the newest failures", "/api/events?view=rows&limit=100&failed=1"],
  ["the newest edits", "/api/events?view=rows&limit=100&tool=Edit&event=PostToolUse"],
  ["events of an agent type", "/api/events?view=rows&limit=100&agent=Explore"],
  ["files changed lately", "/api/files?limit=200"],
  ["files changed lately in a project", "/api/files?limit=200&project=project-7"],
  ["the long session", OF],
  ["its newest rows", `/api/events?view=rows&limit=100&session=${LONG_SESSION}`],
  ["its conversation, the last page", `${OF}/messages?limit=100`],
  ["its turns", `${OF}/turns`],
  ["its files", `${OF}/files`, 1000],
  ["the difference of one of its files", `${OF}/files?diff=1&path=/home/dana/code/tidepool/ingest/part_3.py`, 1000],
  ["its timeline", `${OF}/timeline`],
];

await withMonitor(fill, async ({ ask: request, pid }) => {
  const spent = (): number => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  };
  const rows: Row[] = [];
  for (const [name, path, goal] of QUESTIONS.filter(([name]) => ABOUT.test(name))) {
    const times: number[] = [];
    let bytes = 0;
    const ask = async () => {
      const asked = performance.now();
      const answer = await request(path);
      bytes = (await answer.arrayBuffer()).byteLength;
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      times.push(performance.now() - asked);
    };
    const coldBefore = spent();
    await ask();
    const cold = spent() - coldBefore;
    const before = spent();
    const begun = performance.now();
    const first = times.shift() ?? 0;
    for (let round = 0; round < ROUNDS && (round === 0 || performance.now() - begun < ENOUGH_MS); round++) await ask();
    const each = (spent() - before) / times.length;
    rows.push([
      `${name}, processor time`,
      each,
      "ms",
      `${goal ? `goal ${goal}; ` : ""}first ${cold.toFixed(0)} ms; median ${median(times).toFixed(0)}, p95 ${quantile(times, 0.95).toFixed(0)}, first ${first.toFixed(0)} ms; ${(bytes / 1000).toFixed(0)} kB`,
    ]);
    process.stderr.write(`${rows.at(-1)?.join(" | ")}\n`);
  }
  table(
    `Questions to a store of ${SESSIONS.toLocaleString("en")} sessions and one of ${LONG.toLocaleString("en")} events`,
    rows,
    "value",
  );
});
