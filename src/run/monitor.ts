// A monitor for this run: the one that is there, else a new one, known by its identity, never by its port alone.

import { spawn } from "node:child_process";
import { backOff } from "exponential-backoff";
import { health } from "../client.ts";
import type { Config } from "../config.ts";
import { bundle } from "../process.ts";
import { liveMonitor } from "../relay/target.ts";

const READY_WITHIN_MS = 10_000;
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 150;
const TAKEN = /port \d+ is taken/;

export type Readiness =
  | { readonly url: string; readonly note?: string }
  /** Why there is none. */
  | { readonly trouble: string };

/** @param port where it is to listen; absent: `monitor.port` */
export async function readyMonitor(
  config: Config,
  env: NodeJS.ProcessEnv,
  port: number | undefined,
  signal: AbortSignal,
): Promise<Readiness> {
  const there = await answering(config);
  if (there) {
    const elsewhere = port !== undefined && port !== 0 && new URL(there).port !== String(port);
    return { url: there, ...(elsewhere ? { note: `the monitor runs already, at ${there}` } : {}) };
  }
  const first = await startOne(config, env, port, signal);
  if (!("trouble" in first) || !TAKEN.test(first.trouble)) return first;
  const second = await startOne(config, env, 0, signal);
  return "trouble" in second ? second : { ...second, note: `${first.trouble}; the monitor listens at ${second.url}` };
}

/** The address of this home's monitor, if what answers there is that one. */
async function answering(config: Config): Promise<string | undefined> {
  const address = liveMonitor(config);
  if (!address) return undefined;
  const answer = await health(config, address.url);
  return answer.ok && answer.value.instance === address.instance ? address.url : undefined;
}

async function startOne(
  config: Config,
  env: NodeJS.ProcessEnv,
  port: number | undefined,
  signal: AbortSignal,
): Promise<Readiness> {
  const args = ["--autostarted", ...(port === undefined ? [] : [`--port=${port}`])];
  const child = spawn(process.execPath, [bundle("monitor.js"), ...args], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    env: { ...env, MPM_HOME: config.paths.home },
  });
  let said = "";
  let ended: string | undefined;
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("close", (status) => {
    ended = said.trim() || `it ended with ${status}; ${config.paths.log}/monitor.log says more`;
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  try {
    const url = await backOff(
      async () => {
        const address = ended === undefined ? await answering(config) : undefined;
        if (!address) throw new Error("not yet");
        return address;
      },
      {
        startingDelay: FIRST_POLL_MS,
        timeMultiple: 1.3,
        maxDelay: MAX_POLL_MS,
        numOfAttempts: Number.POSITIVE_INFINITY,
        retry: () => ended === undefined && !signal.aborted && performance.now() < deadline,
      },
    );
    return { url };
  } catch {
    if (ended !== undefined) return { trouble: ended };
    return {
      trouble: `it did not answer within ${READY_WITHIN_MS / 1000} s; ${config.paths.log}/monitor.log says more`,
    };
  } finally {
    child.stderr.destroy();
    child.unref();
  }
}
