// A store as a year of work leaves it: a million events, one session of them very long.

import type { Envelope } from "../../src/contract/envelope.ts";
import { openSqlite } from "../../src/store/sqlite/store.ts";
import { type Agent, Story } from "../browser/story.ts";

export const LONG_SESSION = "10090000-long";
const BATCH = 2000;
const SHORT_SESSION = 1000;

/** A session of turns with calls in turn and at once, failures, and subagents, of at least so many events. */
export function longSession(session: string, project: string, count: number, end: number, spacing: number): Story {
  const story = new Story({ session, project, start: end - count * spacing, seed: count, pid: 77 });
  story.begin();
  for (let turn = 0; story.events.length < count - 60; turn++) {
    story.wait(spacing).prompt(`Turn ${turn}: look at part ${turn % 97} of the gauges and mend what is wrong with it`);
    for (let step = 0; step < 12; step++) {
      const kind = story.random();
      if (kind < 0.5)
        story.wait(spacing).bash(`python -m pytest -q tests/part_${step}.py`, "9 passed in 0.4s", {
          ms: spacing,
          ...(kind < 0.03 ? { error: "Exit code 1" } : {}),
        });
      else if (kind < 0.8) story.wait(spacing).read(`ingest/part_${step}.py`, "import csv\n", { ms: spacing });
      else story.wait(spacing).edit(`ingest/part_${step}.py`, "a = 1", "a = 2", { ms: spacing });
    }
    if (turn % 20 === 0) subagent(story, turn, spacing);
    story.wait(spacing).stop("Done with this part.");
  }
  return story;
}

function subagent(story: Story, turn: number, spacing: number): void {
  const agent: Agent = { id: `agent${turn}`, type: "Explore" };
  const input = { description: `Explore ${turn}`, prompt: "Look around", subagent_type: "Explore" };
  const call = story.wait(spacing).open("Agent", input);
  story.wait(spacing).emit("SubagentStart", {}, agent);
  for (let step = 0; step < 6; step++) story.wait(spacing).bash(`rg part_${step}`, "", { agent, ms: spacing });
  story.emit("SubagentStop", {}, agent).wait(spacing);
  story.close(call, "Agent", input, { status: "completed", agentId: agent.id, content: [] }, { ms: spacing * 14 });
}

/** Fills a new store with so many events, `long` of them in one session. */
export async function fillStore(file: string, total: number, long: number): Promise<void> {
  const now = Date.now();
  const opened = openSqlite({ file, now: () => now });
  if (!opened.ok) throw new Error(opened.reason.code);
  const store = opened.value;
  let count = 0;
  const add = async (events: readonly Envelope[]) => {
    for (let at = 0; at < events.length; at += BATCH) await store.append(events.slice(at, at + BATCH));
    count += events.length;
  };
  for (let index = 0; count < total - long; index++) {
    const id = `${String(index).padStart(8, "0")}-short`;
    const start = now - 3_600_000 - index * 300_000;
    const story = longSession(id, `/home/dana/code/project-${index % 12}`, SHORT_SESSION, start, 300);
    await add(story.end().events);
  }
  const story = longSession(LONG_SESSION, "/home/dana/code/tidepool", long, now - 5000, 400);
  await add(story.events);
  await store.close();
}
