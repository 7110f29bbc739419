// The processes that a host has started, on Linux: /proc/<pid>/task/<tid>/children (proc(5)).
// - A hook's is known by a variable that the host gives to hooks alone (hooks reference of Claude Code; host 2.1.330).

import { readdir, readFile } from "node:fs/promises";
import { startTicks, TICK_MS } from "../platform/process.ts";
import type { Child } from "./asked.ts";

/** Threads that are looked at. */
const MAX_THREADS = 64;
const OF_HOOKS = "CLAUDE_PROJECT_DIR=";

/** The host's children; none where the system does not tell. `bootedAt` is ms since 1970. */
export async function childrenOf(pid: number, bootedAt: number): Promise<Child[]> {
  const children: Child[] = [];
  try {
    // A host that was itself started by a hook hands the variable on to everything.
    const tells = !(await hasVariable(pid));
    const threads = await readdir(`/proc/${pid}/task`);
    for (const thread of threads.slice(0, MAX_THREADS)) {
      const pids = (await readFile(`/proc/${pid}/task/${thread}/children`, "utf8")).split(" ");
      for (const child of pids.map(Number).filter(Boolean)) {
        const ticks = startTicks(child);
        if (ticks === undefined) continue;
        children.push({ since: bootedAt + ticks * TICK_MS, isHook: tells && (await hasVariable(child)) });
      }
    }
  } catch {
    // it is gone, or this is no Linux
  }
  return children;
}

/** Whether the process was started with the variable that hooks are given; nothing else of its environment is kept. */
async function hasVariable(pid: number): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  return environment.startsWith(OF_HOOKS) || environment.includes(`\0${OF_HOOKS}`);
}
