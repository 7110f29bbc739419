// A home for a target, a monitor in this process, and a deadline for what it is asked.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { loadConfig } from "../../src/config/config.ts";
import { startMonitor } from "../../src/monitor/server.ts";
import { tokenIn } from "../process/trust/monitor.ts";

export const log = pino({ level: "silent" });
const ANSWER_WITHIN_MS = 20_000;

/** A directory of its own. */
export function home(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), "mpm-fuzz-"));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Rejects when nothing came in time: a hang. */
export function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A monitor in this process, its clock so quick that no rate is exceeded. */
export async function monitor() {
  const { dir, remove } = home();
  let clock = Date.now();
  const config = loadConfig({ MPM_HOME: dir }, "");
  const now = () => {
    clock += 20;
    return clock;
  };
  const started = await startMonitor({
    config,
    log,
    host: "127.0.0.1",
    port: 0,
    allowRemote: false,
    autostarted: false,
    env: {},
    now,
  });
  if (!started.ok) throw new Error(started.reason.code);
  const running = started.value;
  const token = tokenIn(config.paths);
  return {
    url: running.url,
    port: Number(new URL(running.url).port),
    token,
    async close() {
      await running.close();
      remove();
    },
  };
}
