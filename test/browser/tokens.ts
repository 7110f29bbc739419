// What the model took in invented sessions: transcripts with tokens, and nothing that events do not say already.
// - A model with a price in the list, so that the page shows what sessions cost. The same stories cost the same.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ImportStatus } from "../../src/contract/import.ts";
import type { RunningMonitor } from "../process/trust/monitor.ts";
import { until } from "../world.ts";
import { random, type Story } from "./story.ts";

const MODEL = "claude-opus-5";
/** A model has answered before each of them. */
const ANSWERED: ReadonlySet<string> = new Set(["PreToolUse", "Stop"]);
const AT_FIRST = 18_000;
const MOST = 160_000;

/** Writes the transcripts of stories as far as they have come, and has the monitor import them. */
export async function importTokens(monitor: RunningMonitor, stories: readonly Story[], now: number): Promise<void> {
  for (const story of stories) {
    const { project, session } = story.cast;
    const folder = join(monitor.env["HOME"] ?? "", ".claude", "projects", project.replace(/[^A-Za-z0-9]/g, "-"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${session}.jsonl`), transcriptOf(story, now));
  }
  const answer = await monitor.ask("/api/import", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (!answer.ok) throw new Error(await answer.text());
  const status = async () => ImportStatus.parse(await (await monitor.ask("/api/import")).json());
  await until(async () => (await status()).state !== "running", 30_000, "the end of the import");
  const { state, trouble } = await status();
  if (state !== "done") throw new Error(trouble);
}

function transcriptOf({ cast, events }: Story, now: number): string {
  const pick = random(cast.seed ?? 7);
  let context = AT_FIRST;
  const lines = events
    .filter(({ hook_event_name: name, timestamp }) => ANSWERED.has(name) && Date.parse(timestamp) <= now)
    .map(({ id, timestamp, cwd }) => {
      const grown = Math.floor(400 + pick() * 2600);
      const usage = {
        input_tokens: 4 + Math.floor(pick() * 20),
        output_tokens: Math.floor(80 + pick() * 700),
        cache_read_input_tokens: context,
        cache_creation_input_tokens: grown,
      };
      context = Math.min(MOST, context + grown);
      const message = { id: `msg_${id}`, model: MODEL, role: "assistant", content: [], usage };
      return { type: "assistant", uuid: `answer-${id}`, timestamp, sessionId: cast.session, cwd, message };
    });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
