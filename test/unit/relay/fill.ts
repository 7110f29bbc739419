// Fills a spool as hooks would, without the cost of running them.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeEntry } from "../../../src/spool/entry.ts";

export interface Fill {
  readonly sessions?: number;
  /** Index of the first event; a later fill goes on from there. */
  readonly from?: number;
  readonly payload?: (index: number) => Record<string, unknown>;
}

/** Entries of one spool, at the most; each has its place in the time since the machine was started, however short that is. */
const MOST = 100_000;
const SPAN_SECONDS = 1000;

/** Stores events 0 to n-1, spread over sessions s-0, s-1, ..., as if stored at most 10 ms apart until just now. */
export function fill(mpmHome: string, n: number, { sessions = 1, from = 0, payload = () => ({}) }: Fill = {}): void {
  const spool = join(mpmHome, "spool");
  mkdirSync(spool, { recursive: true, mode: 0o700 });
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const span = Math.min(SPAN_SECONDS, uptime / 2);
  for (let index = from; index < from + n; index++) {
    const event = {
      hook_event_name: "PostToolUse",
      session_id: `s-${index % sessions}`,
      tool_name: "Bash",
      tool_use_id: `toolu_${index}`,
      index,
      ...payload(index),
    };
    const name = `${(uptime - span + (index / MOST) * span).toFixed(3)}-${1000 + (index % 30_000)}`;
    writeFileSync(join(spool, name), encodeEntry({ event: "PostToolUse" }, JSON.stringify(event)), { mode: 0o600 });
  }
}
