// mpm top: who waits, who works and what it costs, live on one screen; once where there is no terminal.
// - What is shown follows the live stream; after a pause of the monitor all is asked anew.
// - The screen of before comes back however it ends.

import { once } from "node:events";
import type { SessionSummary } from "../contract/session.ts";
import { readTime } from "../contract/time.ts";
import { followLive } from "../services/live.ts";
import { type Call, flag } from "./arguments.ts";
import { type Asked, explained } from "./ask.ts";
import { type Board, linesOf, shownIn } from "./board.ts";
import { command } from "./command.ts";
import { askSessions, askStatistics } from "./stored.ts";
import { EXIT, type Io, jsonFor, type Screen } from "./terminal.ts";

/** Durations are shown in seconds. */
const DRAW_MS = 1000;
/** What came together is drawn together. */
const SETTLE_MS = 50;
const COST_MS = 15_000;
const MOST_SESSIONS = 500;
const INTERRUPT = "\u0003";

const OPTIONS = {
  json: flag("one JSON object, once: the sessions as the API has them, and what today cost"),
  once: flag("print once, and end"),
};

export const verb = command({
  text: [
    "Shows who waits for you, who works, and what today cost, until q. Where stdout is no terminal it prints once.",
  ],
  options: OPTIONS,
  run,
});

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const screen = options.json || options.once ? undefined : io.screen();
  if (screen) return watch(io, screen);
  const board = await ask(io);
  if (!board.ok) {
    io.err(`mpm: ${explained(board.reason)}\n`);
    return EXIT.failed;
  }
  if (options.json) {
    const { now: at, cost } = board.value;
    await io.out(`${jsonFor(io, { at, sessions: shownIn(board.value), cost: { today: cost ?? null } })}\n`);
  } else
    await io.out(
      `${linesOf(board.value, { columns: io.columns || undefined, rows: undefined }, io.style).join("\n")}\n`,
    );
  return EXIT.done;
}

/** All that is shown, asked at once. */
async function ask(io: Io): Promise<Asked<Board>> {
  const [sessions, cost] = await Promise.all([askSessions(io, { limit: MOST_SESSIONS }), askCost(io)]);
  if (!sessions.ok) return sessions;
  return { ok: true, value: { sessions: sessions.value.sessions, cost, trouble: undefined, now: io.now() } };
}

async function askCost(io: Io): Promise<number | undefined> {
  const asked = await askStatistics(io, { since: readTime("today", io.now()) });
  return asked.ok ? asked.value.cost?.total : undefined;
}

/** Shows it until q, an interrupt or a signal. */
async function watch(io: Io, screen: Screen): Promise<number> {
  const sessions = new Map<string, SessionSummary>();
  let cost: number | undefined;
  let trouble: string | undefined = "connecting ...";
  const left = new AbortController();
  const over = AbortSignal.any([left.signal, io.signal]);
  let drawing: NodeJS.Timeout | undefined;
  const draw = () => {
    drawing = undefined;
    const board = { sessions: [...sessions.values()], cost, trouble, now: io.now() };
    screen.draw(linesOf(board, screen.size(), io.style));
  };
  const soon = () => {
    if (!over.aborted) drawing ??= setTimeout(draw, SETTLE_MS);
  };
  const keep = (found: readonly SessionSummary[]) => {
    for (const session of found) sessions.set(session.id, session);
    soon();
  };
  /** Sessions that were told of since the list was asked for: it may be older than that. */
  const told = new Set<string>();
  const reload = async () => {
    void countCost();
    told.clear();
    const asked = await askSessions(io, { limit: MOST_SESSIONS });
    trouble = asked.ok ? undefined : explained(asked.reason);
    if (!asked.ok) return soon();
    for (const id of sessions.keys()) if (!told.has(id)) sessions.delete(id);
    keep(asked.value.sessions.filter(({ id }) => !told.has(id)));
  };
  const countCost = async () => {
    cost = (await askCost(io)) ?? cost;
    soon();
  };
  const timers = [setInterval(draw, DRAW_MS), setInterval(() => void countCost(), COST_MS)];
  screen.onResize(draw);
  screen.onKey((key) => {
    if (key === "q" || key === "Q" || key === INTERRUPT) left.abort();
  });
  const live = followLive(io.config, {
    client: "mpm-top",
    onLive: () => void reload(),
    onLost(reason) {
      trouble = reason ? explained(reason) : "the monitor has gone; what is shown is as it was";
      soon();
    },
    onSessions({ sessions: changed, gone = [] }) {
      for (const id of [...gone, ...changed.map((session) => session.id)]) told.add(id);
      for (const id of gone) sessions.delete(id);
      keep(changed);
    },
  });
  try {
    draw();
    if (!over.aborted) await once(over, "abort");
    return EXIT.done;
  } finally {
    live.close();
    for (const timer of timers) clearInterval(timer);
    clearTimeout(drawing);
    screen.close();
  }
}
