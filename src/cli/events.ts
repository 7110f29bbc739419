// mpm events: stored events, oldest first.

import { HOOK_EVENTS } from "../contract/catalog.ts";
import type { EventFilter } from "../contract/routes.ts";
import type { ClientReason } from "../services/client.ts";
import { type Call, flag, proposal, whole } from "./arguments.ts";
import { type Asked, explained } from "./ask.ts";
import { command } from "./command.ts";
import { FILTER_OPTIONS, filterOf, isEmpty } from "./filter.ts";
import { follow } from "./follow.ts";
import { dateOf, forPeople, forPrograms, type Printer } from "./print.ts";
import { wholeSession } from "./session.ts";
import { askRows } from "./stored.ts";
import { EXIT, type Io } from "./terminal.ts";

const PAGE = 500;

const OPTIONS = {
  json: flag('whole envelopes, one a line; each has its cursor as "n"'),
  limit: whole("N", "the newest N (default: all); with --after the first N", [1, Number.POSITIVE_INFINITY]),
  after: whole("N", "only what was stored after this cursor", [0, Number.POSITIVE_INFINITY]),
  follow: flag("go on with new ones until interrupted", { short: "f" }),
  ...FILTER_OPTIONS,
};

export const verb = command({ text: ["Prints stored events, oldest first."], options: OPTIONS, run });

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const printer = options.json ? forPrograms(io) : forPeople(io, true);
  const session = await wholeSession(io, options.session);
  if (!session.ok) return failed(io, session.reason);
  const filter = { ...filterOf(options), session: session.value };
  const stored = await printStored(io, filter, options, printer);
  if (!stored.ok) return failed(io, stored.reason);
  const { last, count } = stored.value;
  if (options.follow) return follow(io, filter, last, printer);
  if (count === 0 && !io.signal.aborted) io.err(`mpm: ${nothing(filter, options.after)}\n`);
  else if (options.json && io.errIsTerminal) io.err(`mpm: \`--after ${last}\` goes on from here.\n`);
  return EXIT.done;
}

function failed(io: Io, reason: ClientReason): number {
  if (io.signal.aborted) return EXIT.done;
  io.err(`mpm: ${explained(reason)}\n`);
  return EXIT.failed;
}

function nothing(filter: EventFilter, after: number | undefined): string {
  if (isEmpty(filter) && after === undefined) return "no event is stored yet. `mpm doctor` checks that events arrive.";
  const names = HOOK_EVENTS.map(({ name }) => name);
  const { event } = filter;
  const near = event && !names.includes(event) ? proposal(event, names, (name) => `--event ${name}`) : "";
  return `no event matches.${near}`;
}

interface Range {
  readonly limit: number | undefined;
  readonly after: number | undefined;
}

/** Prints what is stored. The answer is the cursor to go on from, and how many events were printed. */
async function printStored(
  io: Io,
  filter: EventFilter,
  { limit = Number.POSITIVE_INFINITY, after }: Range,
  printer: Printer,
): Promise<Asked<{ last: number; count: number }>> {
  const start = await startOf(io, filter, limit, after);
  if (!start.ok) return start;
  let last = start.value;
  let count = 0;
  for (;;) {
    const asked = await printer.ask({ ...filter, after: last, limit: Math.min(PAGE, limit - count) });
    if (!asked.ok) return asked;
    const { lines, reached } = asked.value;
    for (const { line } of lines) await io.out(line);
    last = reached ?? lines.at(-1)?.n ?? last;
    count += lines.length;
    const isEnd = lines.length < PAGE && reached === undefined;
    if (isEnd || count >= limit || io.signal.aborted) return { ok: true, value: { last, count } };
  }
}

/** The cursor to begin after: the one that was given, else the one after which exactly `count` events follow. */
async function startOf(io: Io, filter: EventFilter, count: number, after: number | undefined): Promise<Asked<number>> {
  if (after !== undefined || count === Number.POSITIVE_INFINITY) return { ok: true, value: after ?? 0 };
  let before: number | undefined;
  let oldest = 1;
  for (let left = count; left > 0; ) {
    const asked = await askRows(io, { ...filter, limit: Math.min(left, PAGE), before });
    if (!asked.ok) return asked;
    const { events, next, reached } = asked.value;
    left -= events.length;
    oldest = events.at(-1)?.n ?? oldest;
    if (next.before === null || io.signal.aborted) break;
    before = next.before;
    if (reached?.t !== undefined && io.errIsTerminal) io.err(`mpm: looked back to ${dateOf(reached.t)}, going on.\n`);
  }
  return { ok: true, value: oldest - 1 };
}
