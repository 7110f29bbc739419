// mpm sessions: the sessions that are stored, the latest first.

import { projectName } from "../contract/project.ts";
import { SESSION_STATES, type SessionSummary } from "../contract/session.ts";
import { printable, span } from "../platform/text.ts";
import { signalText } from "../session/texts.ts";
import { type Call, choice, flag, text, whole } from "./arguments.ts";
import { explained, type Query } from "./ask.ts";
import { command } from "./command.ts";
import { TIME_FORMS, time } from "./filter.ts";
import { table } from "./layout.ts";
import { askSessions } from "./stored.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const PAGE = 200;
const DEFAULT_LIMIT = 20;
const ID_LENGTH = 8;

const OPTIONS = {
  project: text("DIR", "of this project, by its directory or name", { path: true }),
  state: choice(SESSION_STATES, "in this state"),
  since: time(`that had events from then on: ${TIME_FORMS}`),
  until: time("that had events until then, in the same forms"),
  q: text("WORDS", "with these words in title, prompt or project", { short: "q" }),
  signals: flag("that go in circles, or took very long"),
  limit: whole("N", `the latest N (default: ${DEFAULT_LIMIT}; with --json all)`, [1, Number.POSITIVE_INFINITY]),
  json: flag("one session a line, as the API has it"),
};

export const verb = command({ text: ["Lists sessions, the latest first."], options: OPTIONS, run });

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const { json, limit = json ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT, signals, ...others } = options;
  const filter: Query = { ...others, ...(signals ? { signals } : {}) };
  const found: SessionSummary[] = [];
  let total: number | undefined;
  for (let before: string | undefined; found.length < limit && !io.signal.aborted; ) {
    const query: Query = { ...filter, before, limit: Math.min(PAGE, limit - found.length) };
    const asked = await askSessions(io, query);
    if (!asked.ok) {
      io.err(`mpm: ${explained(asked.reason)}\n`);
      return EXIT.failed;
    }
    const { sessions, next } = asked.value;
    total = asked.value.total ?? total;
    if (json) for (const session of sessions) await io.out(`${jsonFor(io, session)}\n`);
    found.push(...sessions);
    if (!next || sessions.length === 0) break;
    before = next;
  }
  if (json) return EXIT.done;
  if (found.length === 0) {
    io.err("mpm: no session matches. `mpm import` takes past sessions in.\n");
    return EXIT.done;
  }
  const rows = found.map((session) => rowOf(session, io.now()));
  await io.out(`${table([["when", "id", "state", "project", "turns", "what"], ...rows], io.columns).join("\n")}\n`);
  if (total !== undefined && total > found.length)
    io.err(`mpm: ${found.length} of ${total} sessions; --limit shows more.\n`);
  return EXIT.done;
}

function rowOf(session: SessionSummary, now: number): string[] {
  const { id, state, turns, title, firstPrompt, prompt, lastAt, signals } = session;
  const name = (title ?? firstPrompt ?? prompt ?? "").replace(/\s+/g, " ");
  const latest = signals?.at(-1);
  const sign = latest ? `(${signalText(latest, span).said}) ` : "";
  return [
    `${span(Math.max(0, now - lastAt))} ago`,
    printable(id).slice(0, ID_LENGTH),
    state,
    printable(projectName(session)),
    String(turns),
    printable(sign + name),
  ];
}
