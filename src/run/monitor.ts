// A monitor for this run: the one that is there, else a new one, known by its identity, never by its port alone.
// - A port that is taken is no reason to do without: then it is another one.
// - Of two runs that start one at once, one does, and both have it.

import type { Config } from "../config/config.ts";
import type { MonitorAddress } from "../contract/address.ts";
import { Health, MAX_HEALTH_BYTES } from "../contract/health.ts";
import type { ReasonCode } from "../contract/reasons.ts";
import { textOf } from "../contract/texts.ts";
import { readUpTo } from "../platform/body.ts";
import { startInBackground } from "../services/background.ts";
import { liveMonitor } from "../services/target.ts";

const ANSWER_WITHIN_MS = 1000;
const ANY_PORT = 0;
/** Why another port may do. */
const NO_PORT: ReadonlySet<ReasonCode> = new Set(["port_taken", "port_forbidden"]);

export type Readiness =
  | { readonly url: string; readonly note?: string }
  /** Why there is none; the code where the monitor said it. */
  | { readonly trouble: string; readonly code?: ReasonCode };

/** Finds or starts one; `port`: where it is to listen, absent: `monitor.port`. */
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

/** Starts one; `mute` is there already and does not answer: it would keep the new one from starting. */
async function startOne(
  config: Config,
  env: NodeJS.ProcessEnv,
  port: number | undefined,
  mute: MonitorAddress | undefined,
  signal: AbortSignal,
): Promise<Readiness> {
  const started = await startInBackground(
    config,
    { ...env, MPM_HOME: config.paths.home },
    {
      port,
      autostarted: true,
      signal,
      isReady: (address) => answers(address, signal),
      heldForGood: mute !== undefined,
    },
  );
  if (started.ok) return { url: started.value };
  const { reason } = started;
  if (reason.code === "already_running" && mute)
    return { trouble: `the one at ${mute.url} (pid ${mute.pid}) does not answer`, code: reason.code };
  return { trouble: textOf(reason), code: reason.code };
}

/** Imported, it would load the whole of fetch, too, for the sake of exports that nobody asks for: 25 ms. */
const { get } = process.getBuiltinModule("node:http");

/** Whether what listens at the address is the monitor that has written it. */
function answers({ url, instance }: MonitorAddress, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const request = get(`${url}/health`, { agent: false, signal: within }, async (response) => {
      try {
        const { bytes } = await readUpTo(response, MAX_HEALTH_BYTES);
        resolve(Health.parse(JSON.parse(bytes.toString("utf8"))).instance === instance);
      } catch {
        resolve(false); // a stranger, or one that breaks off
      }
    });
    request.on("error", () => resolve(false));
  });
}
