// Starts the monitor of this home in the background, and waits until it listens or says why it does not.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { type Reason, readReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { startDetached } from "../platform/process.ts";
import { monitorElsewhere } from "./elsewhere.ts";
import { liveMonitor } from "./target.ts";

const READY_WITHIN_MS = 10_000;
const FIRST_POLL_MS = 10;
const POLL_GROWTH = 1.3;
const MAX_POLL_MS = 100;

/** Starts the monitor so that it outlives us; the answer is its URL. */
export async function startInBackground(
  config: Config,
  env: NodeJS.ProcessEnv,
  at?: number,
): Promise<Result<string, Reason>> {
  const there = monitorElsewhere(config.paths);
  if (there) return failed({ code: "held_elsewhere", ...there });
  const child = startDetached("monitor.js", at === undefined ? [] : [`--port=${at}`], env, "pipe");
  const ended = new Promise<"ended">((resolve) => child.once("close", () => resolve("ended")));
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  try {
    for (let poll = FIRST_POLL_MS; performance.now() < deadline; poll = Math.min(poll * POLL_GROWTH, MAX_POLL_MS)) {
      const url = liveMonitor(config)?.url;
      if (url) return done(url);
      if ((await Promise.race([ended, sleep(poll, "waited" as const)])) === "waited") continue;
      const reason = reasonIn(said);
      // Another start was quicker: its monitor is ours, too.
      if (reason?.code !== "already_running") return failed(reason ?? { code: "unknown", given: "it ended at once" });
      await sleep(poll);
    }
    return failed({ code: "not_ready", afterMs: READY_WITHIN_MS });
  } finally {
    child.stderr?.destroy();
  }
}

/** What it said: a reason, or the message of an error amid what Node prints around it. */
export function reasonIn(said: string): Reason | undefined {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /^\w*Error: /.test(text)) ?? lines.at(-1);
  if (line === undefined) return undefined;
  try {
    return readReason(JSON.parse(line));
  } catch {
    return { code: "unknown", given: line };
  }
}
