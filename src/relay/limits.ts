// What a full spool and a full rejected/ do: the oldest go first, counted, logged, and visible as a gap in `seq`.

import type { Log } from "../platform/log.ts";
import type { Rejected } from "../spool/rejected.ts";
import type { SpoolSizes } from "../spool/sizes.ts";
import type { Spool } from "../spool/spool.ts";
import type { Outbound } from "./outbound.ts";
import type { Sequence } from "./sequence.ts";

/** Dropping goes on until this share of the limit is left, so that it does not happen at every event. */
const LOW_WATER = 0.95;

export interface LimitsOptions {
  readonly spool: Spool;
  readonly rejected: Rejected;
  readonly sequence: Sequence;
  readonly sessionIn: Outbound["sessionIn"];
  readonly log: Log;
  readonly spoolMaxBytes: number;
  readonly rejectedMaxBytes: number;
}

export interface Limits {
  /** Drops the oldest entries that are not in flight while the spool, measured just now, is larger than its limit. */
  applyToSpool(sizes: SpoolSizes): void;
  /** Removes the oldest rejected entries, with their reasons, beyond the limit. */
  applyToRejected(): void;
}

export function openLimits({ spool, rejected, sequence, sessionIn, log, ...limits }: LimitsOptions): Limits {
  let applied: SpoolSizes | undefined;
  return {
    applyToSpool(sizes) {
      if (sizes === applied || sizes.bytes <= limits.spoolMaxBytes) return;
      applied = sizes; // what is dropped now is in these sizes still: it would be dropped twice
      for (let left = sizes.bytes; left > limits.spoolMaxBytes * LOW_WATER; ) {
        const item = spool.next();
        if (!item) break;
        if (item.kind !== "empty") {
          const session = sessionIn(item);
          // It takes its number with it: the session shows a gap where the event was.
          const [seq] = session === undefined ? [] : sequence.assign([{ name: item.name, id: item.id, session }]);
          sequence.counters.dropped++;
          sequence.forget(item);
          left -= item.bytes;
          log.error(
            { entry: item.name, session, seq, bytes: item.bytes, limit: limits.spoolMaxBytes },
            "the spool is full: the oldest event was dropped",
          );
        }
        spool.remove(item.name);
      }
    },
    applyToRejected() {
      for (const { name, bytes } of rejected.limit(limits.rejectedMaxBytes)) {
        sequence.counters.discarded++;
        log.warn(
          { entry: name, bytes, limit: limits.rejectedMaxBytes },
          "rejected/ is full: its oldest entry was removed",
        );
      }
    },
  };
}
