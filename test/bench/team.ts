// A shared PostgreSQL database with fsync, started here: what two writers store in it, and what a page then asks of it.
// - The floors: two bare clients that insert the same rows in the same groups, once with the same index of words, by blocks,
//   and once with what PostgreSQL offers for it, a tsvector a row; alternately with the stores in two rounds of EVENTS each.
//   Events are made before; reading, folding and indexing them is in the figures.
// - At the port: HTTP, Socket.IO and relays are not in these figures.

import { setTimeout as pause } from "node:timers/promises";
import type { Envelope } from "../../src/contract/envelope.ts";
import { openPostgres } from "../../src/store/postgres/store.ts";
import { random } from "../browser/story.ts";
import { startServer } from "../process/store/server.ts";
import { envelope } from "../process/trust/monitor.ts";
import { connectBare, insertByBlocks, insertEach } from "./bare.ts";
import { quantile, type Row, table } from "./table.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 60_000);
const ROUNDS = 2;
const WRITERS = 2;
const GROUP = 250;
const TEXT_WORDS = 200;
const QUESTIONS = 20;
const WORDS = Array.from({ length: 4000 }, (_, index) => `word${(index * 7919) % 9973}`);
const pick = random(7);
const words = (count: number) =>
  Array.from({ length: count }, () => WORDS[Math.floor(pick() ** 2 * WORDS.length)]).join(" ");

let made = 0;
/** Groups as a monitor gathers them: events of twenty sessions. */
function group(writer: number): Envelope[] {
  return Array.from({ length: GROUP }, (_, at) => {
    const session = `w${writer}-${Math.floor(made / 20_000)}-${at % 20}`;
    const id = `e${made++}`;
    const data = {
      session_id: session,
      hook_event_name: "PostToolUse",
      tool_name: "Bash",
      tool_input: { command: words(TEXT_WORDS) },
      tool_response: { stdout: words(10) },
      duration_ms: 20,
    };
    return {
      ...envelope(0, { session }),
      id,
      seq: 0,
      hook_event_name: "PostToolUse",
      timestamp: new Date().toISOString(),
      data,
    };
  });
}

const server = await startServer(undefined, ["shared_buffers = 256MB", "max_wal_size = 2GB"]);
process.once("exit", () => void server.close());
const took: number[] = [];

/** Events a second of all writers together. */
async function rate(write: (writer: number, events: Envelope[]) => Promise<void>, times?: number[]): Promise<number> {
  const groups = Array.from({ length: EVENTS / GROUP }, (_, index) => group(index % WRITERS));
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let index = writer; index < groups.length; index += WRITERS) {
        const before = performance.now();
        await write(writer, groups[index] ?? []);
        times?.push(performance.now() - before);
      }
    }),
  );
  return (EVENTS / (performance.now() - begun)) * 1000;
}

const bare = await connectBare(server.url, WRITERS);
const stores = await Promise.all(
  Array.from({ length: WRITERS }, async () => {
    const opened = await openPostgres({ url: server.url, now: Date.now });
    if (!opened.ok) throw new Error(JSON.stringify(opened.reason));
    return opened.value;
  }),
);

const floors: number[] = [];
const eachFloors: number[] = [];
const reached: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  floors.push(await rate((writer, events) => insertByBlocks(bare[writer], events)));
  eachFloors.push(await rate((writer, events) => insertEach(bare[writer], events)));
  reached.push(
    await rate(async (writer, events) => {
      const appended = await stores[writer]?.append(events);
      if (appended?.trouble) throw new Error(JSON.stringify(appended.trouble));
    }, took),
  );
}
const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
table("Two writers, groups of 250 events of 2 kB, PostgreSQL 15 with fsync", [
  ["bare clients, words by blocks", mean(floors), "rows/s", floors.map(Math.round).join(", ")],
  ["bare clients, words by events", mean(eachFloors), "rows/s", eachFloors.map(Math.round).join(", ")],
  ["the store", mean(reached), "events/s", reached.map(Math.round).join(", ")],
  ["ratio to the first", mean(reached) / mean(floors), ""],
  ["ratio to the second", mean(reached) / mean(eachFloors), ""],
  ["append to answer, p95", quantile(took, 0.95), "ms"],
]);

const [store] = stores;
if (!store) throw new Error("no store");
const ask = async (what: string, work: () => Promise<unknown>): Promise<Row> => {
  const times: number[] = [];
  for (let at = 0; at < QUESTIONS; at++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
    await pause(5);
  }
  return [what, quantile(times, 0.95), "ms", `median ${Math.round(quantile(times, 0.5))} ms`];
};
const { events } = await store.figures();
const day = () => ({ since: Date.now() - 86_400_000, until: Date.now() });
table(
  `Questions to a store of ${events} events`,
  [
    await ask("search, two words", () => store.rows({ q: words(2) }, { limit: 50 })),
    await ask("search, a word that is not there", () => store.rows({ q: `none${made++}` }, { limit: 50 })),
    await ask("a page of sessions", () => store.sessions({ limit: 50 })),
    await ask("the newest events", () => store.rows({}, { limit: 50 })),
    await ask("statistics of a day", () => store.statistics(day())),
  ],
  "p95",
);
await Promise.all([...stores.map((each) => each.close()), ...bare.map((client) => client.end())]);
await server.close();
