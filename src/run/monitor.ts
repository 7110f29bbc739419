// A monitor for this run: the one that is there, else a new one, known by its identity, never by its port alone.
// - A port that is taken is no reason to do without: then it is another one.
// - Of two runs that start one at once, one does, and both have it.

import { text } from "node:stream/consumers";
import { backOff } from "exponential-backoff";
import type { Config } from "../config/config.ts";
import { Health, type MonitorAddress } from "../contract/health.ts";
import type { ReasonCode } from "../contract/reasons.ts";
import { textOf } from "../contract/texts.ts";
import { startDetached } from "../platform/process.ts";
import { reasonIn } from "../services/background.ts";
import { liveMonitor } from "../services/target.ts";

const READY_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 1000;
const FIRST_POLL_MS = 10;
const POLL_GROWTH = 1.3;
const MAX_POLL_MS = 100;
const ANY_PORT = 0;
/** Why another port may do. */
const NO_PORT: ReadonlySet<ReasonCode> = new Set(["port_taken", "port_forbidden"]);

export type Readiness =
  | { readonly url: string; readonly note?: string }
  /** Why there is none; the code where the monitor said it. */
  | { readonly trouble: string; readonly code?: ReasonCode };

/** @param port where it is to listen; absent: `monitor.port` */
export async function readyMonitor(
  config: Config,
  env: NodeJS.ProcessEnv,
  port: number | undefined,
  signal: AbortSignal,
): Promise<Readiness> {
  const there = liveMonitor(config);
  if (there && (await answers(there, signal))) {
    const elsewhere = port !== undefined && port !== ANY_PORT && new URL(there.url).port !== String(port);
    return { url: there.url, ...(elsewhere ? { note: `the monitor runs already, at ${there.url}` } : {}) };
  }
  const first = await startOne(config, env, port, there, signal);
  if (!("trouble" in first) || !first.code || !NO_PORT.has(first.code)) return first;
  const second = await startOne(config, env, ANY_PORT, there, signal);
  return "trouble" in second ? second : { ...second, note: `${first.trouble}; the monitor listens at ${second.url}` };
}

/** @param mute one that is there and does not answer: it would keep the new one from starting */
async function startOne(
  config: Config,
  env: NodeJS.ProcessEnv,
  port: number | undefined,
  mute: MonitorAddress | undefined,
  signal: AbortSignal,
): Promise<Readiness> {
  const args = ["--autostarted", ...(port === undefined ? [] : [`--port=${port}`])];
  const child = startDetached("monitor.js", args, { ...env, MPM_HOME: config.paths.home }, "pipe");
  let said = "";
  let ended: { readonly trouble: string; readonly code?: ReasonCode } | undefined;
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  child.once("error", ({ message }) => {
    ended = { trouble: message };
  });
  child.once("close", (status) => {
    const reason = reasonIn(said);
    if (reason?.code !== "already_running")
      ended = reason
        ? { trouble: textOf(reason), code: reason.code }
        : { trouble: `it ended with ${status}; ${config.paths.log} says more` };
    else if (mute) ended = { trouble: `the one at ${mute.url} (pid ${mute.pid}) does not answer` };
    // Else another run was quicker, and its monitor will be ours, too.
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  try {
    const url = await backOff(
      async () => {
        const address = liveMonitor(config);
        if (!address || !(await answers(address, signal))) throw NOT_YET;
        return address.url;
      },
      {
        startingDelay: FIRST_POLL_MS,
        timeMultiple: POLL_GROWTH,
        maxDelay: MAX_POLL_MS,
        numOfAttempts: Number.POSITIVE_INFINITY,
        retry: () => ended === undefined && !signal.aborted && performance.now() < deadline,
      },
    );
    return { url };
  } catch {
    return ended ?? { trouble: `it did not answer within ${READY_WITHIN_MS / 1000} s; ${config.paths.log} says more` };
  } finally {
    child.stderr?.destroy();
  }
}

/** Imported, it would load the whole of fetch, too, for the sake of exports that nobody asks for: 25 ms. */
const { get } = process.getBuiltinModule("node:http");

const NOT_YET = new Error("not yet");

/** Whether what listens at the address is the monitor that has written it. */
function answers({ url, instance }: MonitorAddress, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const request = get(`${url}/health`, { agent: false, signal: within }, async (response) => {
      try {
        resolve(Health.parse(JSON.parse(await text(response))).instance === instance);
      } catch {
        resolve(false); // a stranger, or one that breaks off
      }
    });
    request.on("error", () => resolve(false));
  });
}
