// A monitor without hooks, and transcripts that it imports.

import assert from "node:assert/strict";
import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type ImportRequest, ImportStatus } from "../../../src/contract/import.ts";
import { EventsPage, SessionsPage } from "../../../src/contract/routes.ts";
import type { SessionSummary } from "../../../src/contract/session.ts";
import { tempWorld, until } from "../../world.ts";
import { type RunningMonitor, runMonitor } from "../trust/monitor.ts";
import { T0, Transcript } from "./transcript.ts";

export const HOUR_MS = 3_600_000;
/** Half a day after the sessions, so that none may go on. */
export const LATER = new Date(T0 + 12 * HOUR_MS);

export interface Scene {
  readonly monitor: RunningMonitor;
  readonly claude: string;
  /** Of a command of the same user. */
  readonly env: Readonly<Record<string, string>>;
  import(request?: ImportRequest): Promise<NonNullable<ImportStatus["progress"]>>;
  events(
    session: string,
  ): Promise<{ event: string; data: Record<string, unknown>; source: string; agent: string | undefined }[]>;
  sessions(): Promise<SessionSummary[]>;
}

export async function scene(t: TestContext): Promise<Scene> {
  const world = tempWorld(t);
  const claude = join(world.home, ".claude");
  mkdirSync(claude, { recursive: true });
  const monitor = await runMonitor(t, { world, config: { monitor: { retentionMs: 400 * 24 * HOUR_MS } } });
  const status = async () => ImportStatus.parse(await (await monitor.ask("/api/import")).json());
  return {
    monitor,
    claude,
    env: world.env,
    async import(request = {}) {
      const answer = await monitor.ask("/api/import", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      });
      assert.equal(answer.status, 202, await answer.clone().text());
      await until(async () => (await status()).state !== "running", 30_000, "the end of the import");
      const { state, progress, trouble } = await status();
      assert.equal(state, "done", trouble);
      assert.ok(progress);
      return progress;
    },
    async events(session) {
      const answer = await monitor.ask(`/api/events?after=0&limit=1000&session=${session}`);
      const { events } = EventsPage.parse(await answer.json());
      return events.map(({ hook_event_name: event, data, source, agent_id: agent }) => ({
        event,
        data,
        source,
        agent,
      }));
    },
    async sessions() {
      return SessionsPage.parse(await (await monitor.ask("/api/sessions")).json()).sessions;
    },
  };
}

export const old = (file: string) => utimesSync(file, LATER, LATER);

/** A prompt, a command that works, one that fails, and an answer. */
export const pier = (session = "pier-1") =>
  new Transcript(session)
    .prompt("Count the mooring posts.")
    .answer([{ type: "thinking", thinking: "Where are they listed?" }])
    .calls("toolu_1", "Bash", { command: "wc -l posts.csv" })
    .result("toolu_1", { stdout: "41 posts.csv", stderr: "" })
    .calls("toolu_2", "Bash", { command: "wc -l posts.txt" })
    .result("toolu_2", "Error: no such file", true)
    .says("There are 41 of them.");

/** Names of a session's events, in order. */
export const names = async (here: Scene, session: string) => (await here.events(session)).map(({ event }) => event);
