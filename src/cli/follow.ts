// Events as they come: what the live stream announces is printed, or asked for where a filter or whole envelopes want more.
// - After a pause of the monitor it goes on where it was.

import { once } from "node:events";
import { io as connect } from "socket.io-client";
import * as z from "zod/mini";
import { LIVE_NAMESPACE, LiveRows, Subscribed } from "../contract/live.ts";
import type { EventFilter } from "../contract/routes.ts";
import { textOf } from "../contract/texts.ts";
import { credentials, reasonOf } from "../services/handshake.ts";
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
  const { url } = target.value;
  const socket = connect(url + LIVE_NAMESPACE, {
    ...credentials(target.value, "mpm-tail"),
    transports: ["websocket"],
  });
  let last = after;
  let complained = false;
  let printing = Promise.resolve();
  const direct = isEmpty(filter) ? printer.row : undefined;
  socket.on("connect", () => {
    complained = false;
    socket.emit("subscribe", last === undefined ? {} : { after: last }, (answer: unknown) => {
      const subscribed = z.safeParse(Subscribed, answer);
      if (subscribed.success) last ??= subscribed.data.n;
    });
  });
  socket.on("connect_error", (error) => {
    if (!complained) io.err(`mpm: ${explained(reasonOf(error, url))} Trying again until then.\n`);
    complained = true;
  });
  socket.on("rows", (message: unknown) => {
    const read = z.safeParse(LiveRows, message);
    if (!read.success) return;
    const rows = read.data.rows.filter(({ n }) => last === undefined || n > last);
    const newest = rows.at(-1)?.n;
    if (newest === undefined) return;
    const from = last ?? (rows[0]?.n ?? 1) - 1;
    last = newest;
    printing = printing.then(async () => {
      if (direct) for (const row of rows) await io.out(direct(row));
      else await printBetween(io, filter, from, newest, printer);
    });
  });
  if (!io.signal.aborted) await once(io.signal, "abort");
  socket.close();
  await printing;
  return EXIT.done;
}

/** Prints what the filter lets through of the events after `from` up to `to`. */
async function printBetween(io: Io, filter: EventFilter, from: number, to: number, printer: Printer): Promise<void> {
  let after = from;
  while (after < to && !io.signal.aborted) {
    const asked = await printer.ask({ ...filter, after, limit: PAGE });
    if (!asked.ok) return io.err(`mpm: ${textOf(asked.reason)}; some events are not shown.\n`);
    const page = asked.value.filter(({ n }) => n <= to);
    for (const { line } of page) await io.out(line);
    if (asked.value.length < PAGE) return;
    after = asked.value.at(-1)?.n ?? to;
  }
}
