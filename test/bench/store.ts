// What a store of years answers: 1,000,000 events, 20,000 sessions, 100 projects, written as version 1 wrote them.
// - First the migration: how long a monitor that was upgraded takes until the first event is stored.
// - Then the questions of the page, each several times, at the port. EVENTS sets another number of events.
// - STORE names a file of version 1 that is kept, made if it is not there: making it takes minutes.

import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "../../src/store/port.ts";
import { openSqlite } from "../../src/store/sqlite/store.ts";
import { random, Story } from "../browser/story.ts";
import { openOldStore } from "../unit/store/old.ts";
import { median, quantile, type Row, table } from "./table.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 1_000_000);
const PROJECTS = 100;
const PER_SESSION = 50;
const SESSIONS = EVENTS / PER_SESSION;
const DAY_MS = 86_400_000;
const DAYS = 90;
const NOW = Date.UTC(2026, 10, 27, 12);
const BATCH = 5000;
const ROUNDS = 20;

const WORDS = Array.from({ length: 4000 }, (_, index) => `word${(index * 7919) % 9973}`);
const project = (index: number) => `/home/dana/code/project-${index % PROJECTS}`;
const sessionId = (index: number) =>
  `${((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0")}-0000-4000-8000-${String(index).padStart(12, "0")}`;

/** A session of PER_SESSION events: prompts, commands, files, an answer. */
function sessionOf(index: number): Story {
  const story = new Story({
    session: sessionId(index),
    project: project(index),
    start: NOW - DAYS * DAY_MS + (index * DAYS * DAY_MS) / SESSIONS,
    seed: index,
  });
  const pick = random(index * 31 + 7);
  const words = (count: number) =>
    Array.from({ length: count }, () => WORDS[Math.floor(pick() ** 2 * WORDS.length)]).join(" ");
  story.begin();
  while (story.events.length < PER_SESSION - 8) {
    story.wait(1000).prompt(`Please look at ${words(12)}`);
    for (let step = 0; step < 6; step++) {
      if (pick() < 0.6)
        story.wait(500).bash(`npm test -- ${words(3)}`, words(60), { ms: 100 + Math.floor(pick() * 5000) });
      else story.wait(500).read(`src/${words(1)}.ts`, words(60), { ms: 20 });
    }
    story.wait(1000).stop(`Done: ${words(20)}`);
  }
  while (story.events.length < PER_SESSION - 1) story.wait(500).prompt(words(8));
  return story.end();
}

function makeOld(file: string): void {
  const old = openOldStore(file);
  let batch: Story["events"] = [];
  for (let index = 0; index < SESSIONS; index++) {
    batch.push(...sessionOf(index).events);
    if (batch.length < BATCH) continue;
    old.add(batch);
    batch = [];
    if (index % 1000 < BATCH / PER_SESSION) process.stderr.write(`\r${index} sessions`);
  }
  old.add(batch);
  for (let index = 0; index < SESSIONS; index++) old.addUsage(sessionId(index), "claude-opus-5", 1000 + index, 500);
  old.close();
  process.stderr.write("\r");
}

function opened(file: string): Store {
  const store = openSqlite({ file, now: () => NOW });
  if (!store.ok) throw new Error(store.reason.code);
  return store.value;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function times(work: (round: number) => Promise<unknown>, rounds = ROUNDS): Promise<number[]> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) taken.push(await timed(() => work(round)));
  return taken;
}

async function migrate(file: string): Promise<Row[]> {
  const begun = performance.now();
  const store = opened(file);
  const open = performance.now() - begun;
  const event = { ...sessionOf(SESSIONS).events[0], id: "first-after-upgrade" };
  const added = await store.append([event as Story["events"][number]]);
  const first = performance.now() - begun;
  if (added.outcomes[0]?.kind !== "stored") throw new Error("the first event was not stored");
  // What goes on in the background is over when nothing has to be done any more.
  while ((await store.figures()).migrating) await pause(100);
  const all = performance.now() - begun;
  await store.close();
  return [
    [
      "a store of version 1 is opened and led to this version",
      open,
      "ms",
      `${Math.round(statSync(file).size / 2 ** 20)} MiB`,
    ],
    ["until its first event is stored", first, "ms", ""],
    ["until nothing is left to do in the background", all, "ms", ""],
  ];
}

async function questions(store: Store): Promise<Row[]> {
  const rows: Row[] = [];
  const ask = async (what: string, goal: string, work: (round: number) => Promise<unknown>, rounds = ROUNDS) => {
    process.stderr.write(`${what} `);
    await work(0);
    const taken = await times(work, rounds);
    process.stderr.write(`${median(taken).toFixed(1)} ms\n`);
    rows.push([what, median(taken), "ms", `p95 ${quantile(taken, 0.95).toPrecision(3)} ms${goal && `; goal ${goal}`}`]);
  };
  const next = (await store.sessions({ limit: 100 })).next ?? undefined;
  await ask("the newest 100 sessions", "50", () => store.sessions({ limit: 100 }));
  await ask("the newest 500 sessions", "", () => store.sessions({ limit: 500 }));
  await ask("the next page", "50", () => store.sessions({ limit: 100, before: next }));
  let deep = next;
  for (let page = 0; page < 100 && deep; page++)
    deep = (await store.sessions({ limit: 100, before: deep })).next ?? deep;
  await ask("the hundredth page", "50", () => store.sessions({ limit: 100, before: deep }));
  await ask("sessions of a project, by name", "50", (round) =>
    store.sessions({ limit: 100, project: `project-${round}` }),
  );
  await ask("sessions by words of a prompt", "50", (round) => store.sessions({ limit: 100, q: WORDS[round * 40] }));
  await ask("sessions of a day that wait", "50", () =>
    store.sessions({ limit: 100, states: ["waiting"], since: NOW - 30 * DAY_MS, until: NOW - 29 * DAY_MS }),
  );
  await ask("projects", "50", () => store.projects());
  await ask(
    "search, a common word, with snippets",
    "150",
    (round) => store.rows({ q: WORDS[round] }, { limit: 100 }),
    40,
  );
  await ask("search, a rare word", "150", (round) => store.rows({ q: WORDS[3000 + round] }, { limit: 100 }), 40);
  await ask(
    "search, three words",
    "150",
    (round) => store.rows({ q: `${WORDS[round]} ${WORDS[round + 40]} ${WORDS[round + 200]}` }, { limit: 100 }),
    40,
  );
  await ask("search, a beginning", "150", (round) => store.rows({ q: `word${10 + round}*` }, { limit: 100 }), 40);
  await ask(
    "search in a project",
    "150",
    (round) => store.rows({ q: WORDS[round], project: `project-${round}` }, { limit: 100 }),
    40,
  );
  await ask(
    "search in an old week",
    "150",
    (round) => store.rows({ q: WORDS[round], since: NOW - 60 * DAY_MS, until: NOW - 53 * DAY_MS }, { limit: 100 }),
    40,
  );
  await ask("events of a project", "150", (round) => store.rows({ project: `project-${round}` }, { limit: 100 }));
  await ask("failures of a tool, lower case", "150", () => store.rows({ tool: "bash", failed: true }, { limit: 100 }));
  await ask("statistics of a day", "300", () => store.statistics({ since: NOW - DAY_MS, until: NOW }));
  await ask("statistics of a week", "300", () => store.statistics({ since: NOW - 7 * DAY_MS, until: NOW }));
  await ask("statistics of everything", "", () => store.statistics({ since: 0, until: NOW }), 3);
  await ask("statistics of a project's week", "300", () =>
    store.statistics({ since: NOW - 7 * DAY_MS, until: NOW, project: "project-7" }),
  );
  await ask("figures", "", () => store.figures());
  return rows;
}

const dir = mkdtempSync(join(tmpdir(), "mpm-bench-store-"));
try {
  const kept = process.env["STORE"] ?? join(dir, "old.db");
  if (!existsSync(kept)) makeOld(kept);
  const file = join(dir, "monitor.db");
  copyFileSync(kept, file);
  table(`The store, ${EVENTS} events, ${SESSIONS} sessions`, await migrate(file), "once");
  const store = opened(file);
  table("The same store, asked", await questions(store));
  await store.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
