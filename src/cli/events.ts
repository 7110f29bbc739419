// mpm events: stored envelopes, one a line, oldest first. mpm tail: the same, live, for people.

import { parseArgs } from "node:util";
import { io as connect } from "socket.io-client";
import * as z from "zod";
import type { Envelope } from "../contract/envelope.ts";
import { LIVE_NAMESPACE, type LiveRows } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { get } from "../services/client.ts";
import { credentials, reasonOf } from "../services/handshake.ts";
import { resolveTarget } from "../services/target.ts";
import { EXIT, type Io, printable, UsageError } from "./terminal.ts";

const EVENTS_HELP = `mpm events [--json] [--session ID] [--event NAME] [--since TIME] [--limit N] [--follow]

Prints stored events, oldest first.

  --json          whole envelopes, one a line
  --session ID    only of this session
  --event NAME    only of this kind (PreToolUse, Stop, ...)
  --since TIME    ISO time, or how long ago: 10m, 2h, 3d
  --limit N       the newest N (default: all)
  --follow        go on with new ones until interrupted
`;
const TAIL_HELP = `mpm tail [--json] [--session ID] [--event NAME]

Shows events as they come, until interrupted.
`;
const PAGE = 500;

const Page = z.looseObject({ events: z.array(z.looseObject({ n: z.number().int() })) });
const Rows = z.looseObject({
  rows: z.array(z.custom<EventRow>((row) => typeof row === "object" && row !== null && "n" in row)),
});

interface Filter {
  readonly session: string | undefined;
  readonly event: string | undefined;
  /** ms since 1970 */
  readonly since: number | undefined;
}

export async function events(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean" },
      session: { type: "string" },
      event: { type: "string" },
      since: { type: "string" },
      limit: { type: "string" },
      follow: { type: "boolean", short: "f" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    await io.out(EVENTS_HELP);
    return EXIT.done;
  }
  const filter = { session: values.session, event: values.event, since: parseSince(values.since, io.now()) };
  const limit = values.limit === undefined ? undefined : parseCount(values.limit);
  const printer = values.json ? forPrograms(io) : forPeople(io);
  const stored = await printStored(io, filter, limit, printer);
  if (typeof stored === "string") {
    io.err(`mpm: ${stored}\n`);
    return EXIT.failed;
  }
  return values.follow ? follow(io, filter, stored.last, printer) : EXIT.done;
}

export async function tail(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean" },
      session: { type: "string" },
      event: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    await io.out(TAIL_HELP);
    return EXIT.done;
  }
  const filter = { session: values.session, event: values.event, since: undefined };
  return follow(io, filter, undefined, values.json ? forPrograms(io) : forPeople(io));
}

/** What the API is asked for, and how one of it is printed. */
interface Printer {
  readonly view: "rows" | undefined;
  readonly print: (item: unknown) => Promise<void>;
}

const forPrograms = (io: Io): Printer => ({
  view: undefined,
  print: (item) => {
    const { n: _, ...envelope } = item as Envelope & { n: number };
    return io.out(`${JSON.stringify(envelope)}\n`);
  },
});

const forPeople = (io: Io): Printer => {
  let day = new Date(io.now()).toDateString();
  return {
    view: "rows",
    print: async (item) => {
      const row = item as EventRow;
      const its = new Date(row.t).toDateString();
      if (its !== day) await io.out(`${io.style.dim(its)}\n`);
      day = its;
      await io.out(line(io, row));
    },
  };
};

/** Prints what is stored. @returns the last cursor, or why there is nothing to print from */
async function printStored(
  io: Io,
  filter: Filter,
  limit: number | undefined,
  { view, print }: Printer,
): Promise<{ last: number } | string> {
  let after = 0;
  if (limit !== undefined) {
    const newest = await page(io, filter, { limit: Math.min(limit, PAGE), view });
    if (typeof newest === "string") return newest;
    if (limit <= PAGE) {
      for (const item of newest) await print(item);
      return { last: newest.at(-1)?.n ?? 0 };
    }
    const start = await nthFromEnd(io, filter, limit);
    if (typeof start === "string") return start;
    after = start;
  }
  for (;;) {
    const found = await page(io, filter, { after, limit: PAGE, view });
    if (typeof found === "string") return found;
    for (const item of found) await print(item);
    after = found.at(-1)?.n ?? after;
    if (found.length < PAGE || io.signal.aborted) return { last: after };
  }
}

/** The cursor after which exactly `count` events follow, by walking back over pages of rows. */
async function nthFromEnd(io: Io, filter: Filter, count: number): Promise<number | string> {
  let before: number | undefined;
  for (let left = count; left > 0; left -= PAGE) {
    const found = await page(io, filter, { limit: Math.min(left, PAGE), before, view: "rows" });
    if (typeof found === "string") return found;
    if (found.length === 0) break;
    before = found[0]?.n;
  }
  return (before ?? 1) - 1;
}

/** One page, oldest first: envelopes, or rows where that view is asked for; each with its cursor. */
async function page(
  io: Io,
  filter: Filter,
  range: { limit: number; after?: number; before?: number | undefined; view: Printer["view"] },
): Promise<{ n: number }[] | string> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...range, ...filter }))
    if (value !== undefined) query.set(key, String(value));
  const answer = await get(io.config, `/api/events?${query}`, io.signal);
  if (!answer.ok) return `${textOf(answer.reason)}. ${adviceFor(answer.reason)}`;
  const parsed = Page.safeParse(answer.value);
  if (!parsed.success) return "the monitor's answer is of another version. `mpm doctor` looks further.";
  return parsed.data.events.sort((a, b) => a.n - b.n);
}

/** Prints rows as they come until interrupted; after a pause of the monitor it goes on where it was. */
async function follow(io: Io, filter: Filter, after: number | undefined, printer: Printer): Promise<number> {
  const target = resolveTarget(io.config);
  if (!target.ok) {
    io.err(`mpm: ${textOf(target.reason)}. ${adviceFor(target.reason)}\n`);
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
  socket.on("connect", () => {
    complained = false;
    socket.emit("subscribe", last === undefined ? {} : { after: last }, (answer: { n?: number } | undefined) => {
      last ??= answer?.n;
    });
  });
  socket.on("connect_error", (error) => {
    const reason = reasonOf(error, url);
    if (!complained) io.err(`mpm: ${textOf(reason)}; trying on. ${adviceFor(reason)}\n`);
    complained = true;
  });
  socket.on("rows", (message: LiveRows) => {
    const parsed = Rows.safeParse(message);
    if (!parsed.success) return;
    for (const row of parsed.data.rows) {
      if (last !== undefined && row.n <= last) continue;
      last = row.n;
      if (filter.session !== undefined && row.session !== filter.session) continue;
      if (filter.event !== undefined && row.event !== filter.event) continue;
      printing = printing.then(() => (printer.view === "rows" ? printer.print(row) : printWhole(io, row, printer)));
    }
  });
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  socket.close();
  await printing;
  return EXIT.done;
}

async function printWhole(io: Io, row: EventRow, { print }: Printer): Promise<void> {
  const answer = await get(io.config, `/api/events?after=${row.n - 1}&limit=1`, io.signal);
  const [envelope] = answer.ok ? (Page.safeParse(answer.value).data?.events ?? []) : [];
  if (envelope?.n === row.n) await print(envelope);
}

function line({ style }: Io, { t, session, event, tool, text, failed }: EventRow): string {
  const time = new Date(t).toTimeString().slice(0, 8);
  const name = failed ? style.red(`${printable(event)} failed`.padEnd(20)) : style.bold(printable(event).padEnd(20));
  const rest = [tool ? style.blue(printable(tool)) : "", text ? printable(text.replace(/\s+/g, " ")) : ""]
    .filter(Boolean)
    .join("  ");
  return `${style.dim(`${time}  ${printable(session).slice(0, 8)}`)}  ${name} ${rest}`.trimEnd().concat("\n");
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @returns ms since 1970 */
export function parseSince(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  if (ago) return now - Number(ago[1]) * (UNITS[ago[2] as string] as number);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--since: expected an ISO time or 10m, 2h, 3d, received "${text}".`);
  return time;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new UsageError(`--limit: expected a whole number from 1, received "${text}".`);
  return count;
}
