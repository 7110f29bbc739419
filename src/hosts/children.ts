// The processes that a host has started, on Linux: /proc/<pid>/task/<tid>/children (proc(5)).

import { readdir, readFile } from "node:fs/promises";
import { startTicks, TICK_MS } from "../platform/process.ts";
import type { Child } from "./asked.ts";

/** Threads that are looked at. */
const MAX_THREADS = 64;
/** Hooks and the like are gone by then. */
const LIVED_MS = 1000;

/** Children that have lived for a while; none where the system does not tell. Times are ms since 1970. */
export async function childrenOf(pid: number, bootedAt: number, now: number): Promise<Child[]> {
  const children: Child[] = [];
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    for (const thread of threads.slice(0, MAX_THREADS)) {
      const pids = (await readFile(`/proc/${pid}/task/${thread}/children`, "utf8")).split(" ");
      for (const child of pids.map(Number).filter(Boolean)) {
        const ticks = startTicks(child);
        const since = ticks === undefined ? Number.POSITIVE_INFINITY : bootedAt + ticks * TICK_MS;
        if (now - since >= LIVED_MS) children.push({ since });
      }
    }
  } catch {
    // it is gone, or this is no Linux
  }
  return children;
}
