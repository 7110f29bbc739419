// Events as they come: what the live stream announces is printed, or asked for where a filter or whole envelopes want more.
// - After a pause of the monitor it goes on where it was.

import { once } from "node:events";
import type { EventFilter } from "../contract/routes.ts";
import { textOf } from "../contract/texts.ts";
import { followLive } from "../services/live.ts";
import { resolveTarget } from "../services/target.ts";
import { explained } from "./ask.ts";
import { isEmpty } from "./filter.ts";
import type { Printer } from "./print.ts";
import { EXIT, type Io } from "./terminal.ts";

const PAGE = 500;

/** Prints what comes after a cursor, or from now on, until interrupted. Returns the exit status. */
export async function follow(
  io: Io,
  filter: EventFilter,
  after: number | undefined,
  printer: Printer,
): Promise<number> {
  const target = resolveTarget(io.config);
  if (!target.ok) {
    io.err(`mpm: ${explained(target.reason)}\n`);
    return EXIT.failed;
  }
  let printing = Promise.resolve();
  const direct = isEmpty(filter) ? printer.row : undefined;
  const live = followLive(io.config, {
    client: "mpm-tail",
    after,
    onLost(reason) {
      if (reason) io.err(`mpm: ${explained(reason)} Trying again until then.\n`);
    },
    onRows(rows, from) {
      const newest = rows.at(-1)?.n ?? from;
      printing = printing.then(async () => {
        if (direct) for (const row of rows) await io.out(direct(row));
        else await printBetween(io, filter, from, newest, printer);
      });
    },
  });
  if (!io.signal.aborted) await once(io.signal, "abort");
  live.close();
  await printing;
  return EXIT.done;
}

/** Prints what the filter lets through of the events after `from` up to `to`. */
async function printBetween(io: Io, filter: EventFilter, from: number, to: number, printer: Printer): Promise<void> {
  let after = from;
  while (after < to && !io.signal.aborted) {
    const asked = await printer.ask({ ...filter, after, limit: PAGE });
    if (!asked.ok) return io.err(`mpm: ${textOf(asked.reason)}; some events are not shown.\n`);
    const { lines, reached } = asked.value;
    for (const { line } of lines.filter(({ n }) => n <= to)) await io.out(line);
    if (lines.length < PAGE && reached === undefined) return;
    after = reached ?? lines.at(-1)?.n ?? to;
  }
}
