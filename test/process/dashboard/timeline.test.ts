// GET /api/sessions/:id/timeline: the whole session in lines, as the page reads it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventRow } from "../../../src/contract/row.ts";
import { rowFromTuple, type TimelineRow } from "../../../src/contract/timeline.ts";
import { storeAll } from "../../browser/page.ts";
import { recording, sessionOf } from "../../browser/recordings.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";

const linesOf = async (answer: Response) =>
  (await answer.text())
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TimelineRow[]);

test("a timeline has every row of its session, as the events' pages have it, and none of another", async (t) => {
  const monitor = await runMonitor(t);
  const events = recording("subagents", Date.now());
  const session = sessionOf(events);
  await storeAll(monitor, [...events, ...recording("forty", Date.now())]);
  const rows = (await linesOf(await monitor.ask(`/api/sessions/${session}/timeline`))).flat();
  const page = (await (await monitor.ask(`/api/events?view=rows&limit=1000&after=0&session=${session}`)).json()) as {
    events: EventRow[];
  };
  assert.deepEqual(
    rows.map((values) => rowFromTuple(values, session)),
    page.events.map(({ prompt, ...row }) => ({
      ...row,
      ...(row.event === "UserPromptSubmit" ? { prompt } : {}),
      bytes: 0,
    })),
  );
});

test("a long session comes in several lines, none longer than a thousand rows, in order", async (t) => {
  const monitor = await runMonitor(t);
  await storeAll(
    monitor,
    Array.from({ length: 2500 }, (_, index) => ({
      ...envelope(index + 1, { session: "a/b ü?" }),
      id: `long-${index}`,
    })),
  );
  const lines = await linesOf(await monitor.ask(`/api/sessions/${encodeURIComponent("a/b ü?")}/timeline`));
  assert.deepEqual(
    lines.map((line) => line.length),
    [1000, 1000, 500],
  );
  assert.deepEqual(
    lines.flat().map(([, , , seq]) => seq),
    Array.from({ length: 2500 }, (_, index) => index + 1),
  );
});

test("what is no session, no timeline or no business of the asker's is refused in words", async (t) => {
  const monitor = await runMonitor(t);
  await storeAll(monitor, [envelope(1)]);
  const says = async (path: string, status: number, message: RegExp) => {
    const answer = await monitor.ask(path);
    const { error } = (await answer.json()) as { error: { message: string } };
    assert.equal(answer.status, status, path);
    assert.match(error.message, message);
  };
  await says("/api/sessions/nobody/timeline", 404, /no session has the id nobody/);
  await says("/api/sessions/s/elsewhere", 404, /there is nothing at/);
  await says("/api/sessions/s/timeline/more", 404, /there is nothing at/);
  await says("/api/events/x/timeline", 404, /there is nothing at/);
  await says("/api/sessions/s/timeline?limit=1", 400, /expected no parameters, received "limit"/);
  assert.equal((await fetch(`${monitor.url}/api/sessions/s/timeline`)).status, 401);
});
