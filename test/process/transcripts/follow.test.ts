// Transcripts that are followed while the store cannot take what they hold.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { loadConfig } from "../../../src/config/config.ts";
import { followTranscripts } from "../../../src/transcripts/follow.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { tempWorld } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";

/** The looks that follow an event by themselves. */
const USUAL_LOOKS = 2;

test("what a session's last turn took is counted though the store was full when it was read", {
  timeout: 60_000,
}, async (t) => {
  const { env, home, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const config = loadConfig(env, home);
  const project = join(home, ".claude/projects/p");
  mkdirSync(project, { recursive: true });
  const transcript = join(project, "s.jsonl");
  const usage = { input_tokens: 10, output_tokens: 7 };
  writeFileSync(
    transcript,
    `${JSON.stringify({ type: "assistant", message: { id: "a", model: "claude-opus-4-5", usage } })}\n`,
  );
  const store = openTestStore(t, mpmHome);
  let at = performance.now();
  t.mock.method(performance, "now", () => at);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const passUntil = async (isDone: () => Promise<boolean>): Promise<void> => {
    for (; !(await isDone()); await nextTurn()) {
      at += 1000;
      t.mock.timers.tick(1000);
    }
  };
  const following = followTranscripts(config, store, pino({ level: "silent" }), Date.now);
  const full = t.mock.method(store, "record", async () => ({ code: "store_full" as const }));
  await store.append([
    { ...envelope(1, { transcript_path: transcript }), host: { name: config.hostName }, hook_event_name: "SessionEnd" },
  ]);
  await passUntil(async () => full.mock.callCount() >= USUAL_LOOKS);
  full.mock.restore();
  await passUntil(async () => (await store.session("s"))?.tokens?.output === 7);
  await following.close();
  t.mock.reset();
});
