// Imported sessions that went on when they were imported: over by the age of their last line, without being asked.

import assert from "node:assert/strict";
import { appendFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { createRedactor } from "../../../src/event/redact.ts";
import { sinkOf } from "../../../src/monitor/import.ts";
import { endImported, watchForOver } from "../../../src/monitor/over.ts";
import { thisMachine } from "../../../src/platform/machine.ts";
import { importTranscripts } from "../../../src/transcripts/import.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { tempDir } from "../../world.ts";
import { T0, Transcript } from "../transcripts/transcript.ts";
import { envelope } from "../trust/monitor.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function scene(t: TestContext) {
  const home = tempDir(t);
  const store = openTestStore(t, home);
  const claude = join(home, ".claude");
  let now = T0 + MINUTE_MS;
  const reads: (readonly string[])[] = [];
  const importFrom = (places: readonly string[]) =>
    importTranscripts({
      request: { places, keptSince: 0, dryRun: false },
      sink: sinkOf(store),
      redactor: createRedactor({ enabled: true, patterns: [] }).redactor,
      hostName: "here",
      now: () => now,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  const read = (paths: readonly string[]) => {
    reads.push(paths);
    return { ended: importFrom(paths).then(() => {}), stop: async () => {} };
  };
  return {
    claude,
    store,
    reads,
    import: () => importFrom([claude]),
    /** A look, so long after the sessions began. */
    async look(after: number) {
      now = T0 + after;
      await endImported({ store, places: [claude], now: () => now, read });
      const { sessions } = await store.sessions({ limit: 10 });
      return Object.fromEntries(sessions.map(({ id, state }) => [id, state]));
    },
  };
}

const touch = (file: string, t: number) => utimesSync(file, t / 1000, t / 1000);

test("an imported session that went on is read to its end an hour after its last line, and not before", async (t) => {
  const here = scene(t);
  const file = new Transcript("pier").prompt("Count the posts.").says("So far 12.").write(here.claude);
  touch(file, T0);
  await here.import();
  assert.deepEqual(await here.look(HOUR_MS - MINUTE_MS), { pier: "working" });
  assert.deepEqual(here.reads, []);
  const lines = new Transcript("pier").prompt("Count the posts.").says("So far 12.").says("There are 41.").lines;
  appendFileSync(file, `${lines.at(-1)}\n`);
  touch(file, T0);
  assert.deepEqual(await here.look(HOUR_MS + MINUTE_MS), { pier: "ended" });
  const rows = await here.store.rows({ session: "pier" }, { after: 0, limit: 20 });
  assert.deepEqual(
    rows.map(({ event, text }) => [event, text]).filter(([event]) => event !== "SessionStart"),
    [
      ["UserPromptSubmit", "Count the posts."],
      ["AssistantMessage", "So far 12."],
      ["AssistantMessage", "There are 41."],
      ["Stop", "There are 41."],
      ["SessionEnd", "import"],
    ],
  );
  await here.look(2 * HOUR_MS);
  assert.equal(here.reads.length, 1, "what is over is not read again");
});

test("one whose transcript is gone is over as of its last event", async (t) => {
  const here = scene(t);
  const file = new Transcript("pier").prompt("Count the posts.").says("So far 12.").write(here.claude);
  await here.import();
  rmSync(file);
  assert.deepEqual(await here.look(HOUR_MS + MINUTE_MS), { pier: "lost" });
  const session = await here.store.session("pier");
  assert.equal(session?.since, session?.lastAt);
});

test("one that hooks report is not judged by its age, nor is one of another machine", async (t) => {
  const here = scene(t);
  const event = (session: string, machine: object) => ({
    ...envelope(1, { session }),
    host: { name: "here", ...machine },
  });
  await here.store.append([event("hooked", thisMachine()), event("elsewhere", { machine: "x" })]);
  assert.deepEqual(await here.look(30 * HOUR_MS), { hooked: "idle", elsewhere: "idle" });
  assert.deepEqual(here.reads, []);
});

test("a reading that begins after the end was asked for is stopped, and not waited for", async (t) => {
  const { store, claude, import: importAll } = scene(t);
  touch(new Transcript("pier").prompt("Count the posts.").write(claude), T0);
  await importAll();
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  t.mock.method(store, "rows", async () => {
    asked.resolve();
    await answer.promise;
    return [{ source: "transcript" }];
  });
  const reading = Promise.withResolvers<void>();
  const stop = async () => reading.reject(new Error("it was interrupted"));
  t.mock.timers.enable({ apis: ["setInterval"] });
  const watch = watchForOver({
    store,
    places: [claude],
    now: () => T0 + 2 * HOUR_MS,
    read: () => ({ ended: reading.promise, stop }),
    log: pino({ level: "silent" }),
  });
  t.mock.timers.tick(HOUR_MS);
  await asked.promise;
  const closed = watch.close();
  answer.resolve();
  await closed;
  await assert.rejects(reading.promise, /interrupted/);
});
