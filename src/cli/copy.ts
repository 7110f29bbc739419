// mpm monitor copy: an existing store into a PostgreSQL database.

import { existsSync } from "node:fs";
import { readAs, SETTINGS } from "../config/settings.ts";
import { textOf } from "../contract/texts.ts";
import { thisMachine } from "../platform/machine.ts";
import { openPrices } from "../prices/prices.ts";
import { copyStore } from "../store/copy.ts";
import { openPostgres } from "../store/postgres/store.ts";
import { openSqlite } from "../store/sqlite/store.ts";
import { EXIT, type Io, jsonFor, UsageError } from "./terminal.ts";

const PROGRESS_MS = 1000;

export async function copy(io: Io, given: string | undefined, json: boolean): Promise<number> {
  const url = readAs(SETTINGS.monitorStore.schema(), given ?? io.config.monitorStore);
  if (!url.ok || url.value === undefined) throw new UsageError("copy needs --to with a postgres:// URL.");
  const { paths, prices } = io.config;
  if (!existsSync(paths.store)) {
    io.err(`mpm: there is no store at ${paths.store}. Nothing is to be copied.\n`);
    return EXIT.failed;
  }
  const options = { now: io.now, pricing: openPrices(prices) };
  await using opened = new AsyncDisposableStack();
  const from = openSqlite({ ...options, file: paths.store });
  if (from.ok) opened.defer(async () => void (await from.value.close()));
  const to = await openPostgres({ ...options, url: url.value });
  if (to.ok) opened.defer(async () => void (await to.value.close()));
  for (const store of [from, to])
    if (!store.ok) {
      io.err(`mpm: ${textOf(store.reason)}. Nothing was copied; the same command goes on.\n`);
      return EXIT.failed;
    }
  if (!from.ok || !to.ok) return EXIT.failed;
  const began = performance.now();
  let said = began;
  const result = await copyStore({
    from: from.value,
    to: to.value,
    name: `${thisMachine().machine ?? io.config.hostName} ${paths.store}`,
    progress(done, all) {
      if (performance.now() - said < PROGRESS_MS) return;
      said = performance.now();
      io.err(`mpm: ${done} of ${all} events\n`);
    },
  });
  const seconds = Math.round(performance.now() - began) / 1000;
  const { events, sessions, answers, compared, different, trouble } = result;
  if (json)
    await io.out(`${jsonFor(io, { events, sessions, answers, compared, different: different.length, seconds })}\n`);
  if (trouble) {
    io.err(`mpm: ${textOf(trouble)}. The same command goes on where it stopped.\n`);
    return EXIT.failed;
  }
  if (different.length > 0) {
    io.err(`mpm: ${different.length} of ${compared} events are not the same there (${different[0]}). Run it again.\n`);
    return EXIT.failed;
  }
  if (!json)
    await io.out(
      `mpm: ${events.copied} events copied, ${events.repeated} were there; ${compared} of ${sessions} sessions compared, all the same.\n`,
    );
  return EXIT.done;
}
