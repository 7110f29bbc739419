// A process that stores events as the hook does, without the cost of a shell for each: loader.ts SPOOL SESSION COUNT PACE_MS
// Its session's events carry `index` 0 to COUNT-1, in the order of storing.

import { setTimeout as sleep } from "node:timers/promises";
import { storeEntry } from "../../../src/spool/store.ts";

const [spool = "", session = "", count = "0", pace = "0"] = process.argv.slice(2);
/** Stored without a pause; names allow a hundred in a tick of the clock. */
const BURST = 20;

for (let index = 0; index < Number(count); index++) {
  const event = {
    hook_event_name: "PostToolUse",
    session_id: session,
    tool_name: "Bash",
    tool_use_id: `toolu_${session}_${index}`,
    tool_input: { command: `echo ${index}` },
    index,
  };
  storeEntry(spool, { event: "PostToolUse", pid: process.pid }, JSON.stringify(event));
  if (index % BURST === BURST - 1) await sleep(Math.random() * 2 * Number(pace));
}
