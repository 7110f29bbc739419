// What a monitor keeps events in: the database that is named, else the file of its home.

import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { StartReason } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import { openPrices } from "../prices/prices.ts";
import type { Store } from "../store/port.ts";
import type { PostgresStore } from "../store/postgres/store.ts";
import { openSqlite } from "../store/sqlite/store.ts";

interface Keeping {
  readonly config: Config;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
}

/** The database that is shared, where one is named, else the file of this home. */
async function openAdapter({ config, log, now }: Keeping) {
  const pricing = openPrices(config.prices);
  const url = config.monitorStore;
  if (url === undefined) {
    const opened = openSqlite({ file: config.paths.store, now, pricing });
    return opened.ok ? done({ store: opened.value }) : opened;
  }
  const { openPostgres } = await import("../store/postgres/store.ts"); // its client is loaded by who needs it
  const opened = await openPostgres({ url, now, log, pricing });
  return opened.ok ? done({ store: opened.value, shared: opened.value }) : opened;
}

export interface Kept {
  readonly store: Store;
  /** The same, where several people may share it. */
  readonly shared?: PostgresStore;
}

/** Opens the store; it closes with `opened`. `isHome`: whether the home is where it was. */
export async function openStore(
  options: Keeping,
  isHome: () => boolean,
  opened: AsyncDisposableStack,
): Promise<Result<Kept, StartReason>> {
  const { config, log } = options;
  const kept = await openAdapter(options);
  if (!kept.ok)
    return kept.reason.code === "store_newer"
      ? failed(kept.reason)
      : failed({ code: "store_unavailable", cause: textOf(kept.reason) });
  const { store } = kept.value;
  opened.defer(async () => {
    // Closing removes files by their paths: after a move they may be another monitor's.
    if (config.monitorStore === undefined && !isHome() && existsSync(config.paths.store)) return;
    try {
      const { setAside } = await store.close();
      if (setAside) log.error({ file: setAside }, "the damaged store was set aside");
    } catch (error) {
      log.warn({ err: error }, "the store could not be closed");
    }
  });
  return kept;
}
