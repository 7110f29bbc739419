// Starts the monitor of this home in the background, and waits until it listens or says why it does not: the one way for
// relay, `mpm run` and `mpm monitor`.
// - Why it does not start it says itself, as one line of JSON on its stderr: a reason with a code.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { MonitorAddress } from "../contract/address.ts";
import { type Reason, readReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { bundle, startDetached } from "../platform/process.ts";
import { monitorElsewhere } from "./elsewhere.ts";
import { liveMonitor } from "./target.ts";

const READY_WITHIN_MS = 10_000;
const FIRST_POLL_MS = 10;
const POLL_GROWTH = 1.3;
/** A look at one small file: what is waited for too long is seen by who started Claude Code. */
const MAX_POLL_MS = 20;

export interface StartOptions {
  /** Absolute path of its bundle; absent: the one beside what runs. */
  readonly program?: string;
  /** Where it is to listen; absent: `monitor.port`. */
  readonly port?: number | undefined;
  /** It ends by itself when idle. */
  readonly autostarted?: boolean;
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
  /** Whether the monitor that an address names will do; default: any whose process lives. */
  readonly isReady?: (address: MonitorAddress) => boolean | Promise<boolean>;
  /** Another that holds the home cannot become ready: it is not waited for. */
  readonly heldForGood?: boolean;
}

/** Starts the monitor so that it outlives us; the answer is its URL. `env` is its whole environment. */
export async function startInBackground(
  config: Config,
  env: NodeJS.ProcessEnv,
  options: StartOptions = {},
): Promise<Result<string, Reason>> {
  const { port, autostarted, withinMs = READY_WITHIN_MS, signal, isReady = () => true, heldForGood } = options;
  const { program = bundle("monitor.js") } = options;
  const there = monitorElsewhere(config.paths);
  if (there) return failed({ code: "held_elsewhere", ...there });
  const args = [...(autostarted ? ["--autostarted"] : []), ...(port === undefined ? [] : [`--port=${port}`])];
  const child = startDetached(program, args, env, "pipe");
  const ended = new Promise<"ended">((resolve) => child.once("close", () => resolve("ended")));
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const deadline = performance.now() + withinMs;
  try {
    for (let poll = FIRST_POLL_MS; performance.now() < deadline; poll = Math.min(poll * POLL_GROWTH, MAX_POLL_MS)) {
      if (signal?.aborted) return failed({ code: "stopped" });
      const address = liveMonitor(config);
      if (address && (await isReady(address))) return done(address.url);
      if ((await Promise.race([ended, sleep(poll, "waited" as const)])) === "waited") continue;
      const reason = reasonIn(said);
      // Another start was quicker: its monitor is ours, too.
      if (reason?.code !== "already_running" || heldForGood)
        return failed(reason ?? { code: "unknown", given: "it ended at once" });
      await sleep(poll);
    }
    return failed({ code: "not_ready", afterMs: withinMs });
  } finally {
    child.stderr?.destroy();
  }
}

/** What it said: a reason, or the message of an error amid what Node prints around it. */
function reasonIn(said: string): Reason | undefined {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /^\w*Error: /.test(text)) ?? lines.at(-1);
  if (line === undefined) return undefined;
  try {
    return readReason(JSON.parse(line));
  } catch {
    return { code: "unknown", given: line };
  }
}
