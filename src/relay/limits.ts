// What a full spool and a full rejected/ do: the oldest go first, counted, logged, and visible as a gap in `seq`.

import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import type { Spool } from "../spool/spool.ts";
import type { Numbering } from "./numbering.ts";
import { understand } from "./parcel.ts";

/** Dropping goes on until this share of the limit is left, so that it does not happen at every event. */
const LOW_WATER = 0.95;
/** Ending of the file beside a rejected entry. */
const REASON = ".reason.json";

/** Drops the oldest entries that are not in flight while the spool is larger than its limit. */
export function limitSpool(
  spool: Spool,
  size: number,
  { config, numbering, log }: { config: Config; numbering: Numbering; log: Log },
): void {
  if (size <= config.spoolMaxBytes) return;
  let left = size;
  while (left > config.spoolMaxBytes * LOW_WATER) {
    const taken = spool.next();
    if (!taken) break;
    if (taken.kind !== "empty") {
      const understood = understand(taken);
      const session = "payload" in understood ? understood.payload.session_id : undefined;
      // It takes its number with it: the session shows a gap where the event was.
      const seq =
        session === undefined ? undefined : numbering.assign([{ name: taken.name, id: taken.id, session }])[0];
      numbering.counters.dropped++;
      numbering.forget(taken);
      left -= taken.bytes;
      log.error(
        { entry: taken.name, session, seq, bytes: taken.bytes, limit: config.spoolMaxBytes },
        "the spool is full: the oldest event was dropped",
      );
    }
    spool.remove(taken.name);
  }
}

/** Removes the oldest rejected entries, with their reasons, beyond the limit. */
export function limitRejected({ config, numbering, log }: { config: Config; numbering: Numbering; log: Log }): void {
  const dir = config.paths.rejected;
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return; // nothing was ever rejected
  }
  const files = names
    .map((name) => ({ file: join(dir, name), ...statOf(join(dir, name)) }))
    .sort((a, b) => a.modified - b.modified);
  let size = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of files) {
    if (size <= config.rejectedMaxBytes) break;
    rmSync(file, { force: true });
    size -= bytes;
    if (!file.endsWith(REASON)) numbering.counters.discarded = (numbering.counters.discarded ?? 0) + 1;
    log.warn({ file, bytes, limit: config.rejectedMaxBytes }, "rejected/ is full: its oldest file was removed");
  }
}

function statOf(file: string): { bytes: number; modified: number } {
  try {
    const { size, mtimeMs } = lstatSync(file);
    return { bytes: size, modified: mtimeMs };
  } catch {
    return { bytes: 0, modified: 0 };
  }
}
