// Sessions: found by narrow columns, kept whole as JSON beside them.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { SessionOrder, SessionSummary } from "../../contract/session.ts";
import { readSession, type Session } from "../../session/state.ts";
import { summaryOf } from "../../session/summary.ts";
import { type Columns, integer, text } from "../columns.ts";
import { readPlace, type SessionPlace, writePlace } from "../place.ts";
import type { SessionFilter, SessionPage } from "../port.ts";
import { fold } from "../words.ts";
import type { Projects } from "./projects.ts";

/** So much of what is searched for is looked at, characters. */
const MAX_WANTED = 1000;
/** Sessions that are not read anew while they are as they were: a few MiB. */
const MAX_READ = 1000;
/** As many sessions tell whether the beginning of an id stands for one. */
const AMBIGUOUS = 2;
/** Sorts behind everything that an id may go on with. */
const LAST = "\u{10ffff}";

export interface Sessions {
  find(id: string): Session | undefined;
  keep(session: Session): void;
  remove(id: string): void;
  page(filter: SessionFilter, now: number): SessionPage;
  one(id: string, now: number): SessionSummary | undefined;
  /** Up to two sessions whose ids begin so; the one that has exactly this id alone. */
  identify(beginning: string): string[];
  gaps(): number;
}

export function openSessions(db: DatabaseSync, projects: Projects): Sessions {
  const state = db.prepare("SELECT state FROM session_state WHERE id = ?");
  const keepState = db.prepare("INSERT OR REPLACE INTO session_state VALUES (?, ?, ?)");
  const keepColumns = db.prepare("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const removeColumns = db.prepare("DELETE FROM session WHERE id = ?");
  const removeState = db.prepare("DELETE FROM session_state WHERE id = ?");
  const beginnings = db.prepare("SELECT id FROM session WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?");
  const gaps = db.prepare("SELECT coalesce(sum(gaps), 0) AS gaps FROM session");
  const read = new Map<string, { readonly json: string; readonly session: Session }>();
  const find = (id: string): Session | undefined => {
    const found = state.get(id);
    if (!found) return undefined;
    const json = text(found, "state");
    const known = read.get(id);
    if (known?.json === json) return known.session;
    const session = parse(json);
    if (read.size >= MAX_READ) read.clear();
    read.set(id, { json, session });
    return session;
  };
  return {
    find,
    keep(session) {
      const { id, firstAt, lastAt, host, project } = session;
      projects.keep(project);
      keepColumns.run(
        id,
        firstAt,
        lastAt,
        session.state,
        host,
        project,
        session.gaps,
        wordsOf(session),
        session.cost ?? null,
        session.signals?.length ?? 0,
      );
      keepState.run(id, lastAt, JSON.stringify(session));
    },
    remove(id) {
      removeColumns.run(id);
      removeState.run(id);
    },
    page(filter, now) {
      const { ids, next, total } =
        filter.q === undefined ? byIndex(db, projects, filter) : byWalk(db, projects, filter);
      return { sessions: ids.flatMap((id) => find(id) ?? []).map((session) => summaryOf(session, now)), next, total };
    },
    one(id, now) {
      const session = find(id);
      return session && summaryOf(session, now);
    },
    identify(beginning) {
      if (state.get(beginning)) return [beginning];
      return beginnings.all(beginning, `${beginning}${LAST}`, AMBIGUOUS).map((row) => text(row, "id"));
    },
    gaps: () => integer(gaps.get(), "gaps"),
  };
}

/** What this store kept of a session, or an earlier version of it. */
function parse(json: string): Session {
  const session = readSession(JSON.parse(json));
  if (!session) throw new Error("the state of a session cannot be read");
  return session;
}

/** The sessions of one page. */
interface Found {
  readonly ids: readonly string[];
  readonly next: string | null;
  readonly total: number;
}

/** By the index over all that can be asked for but words. */
function byIndex(db: DatabaseSync, projects: Projects, filter: SessionFilter): Found {
  const { where, values } = conditionOf(filter, projects);
  const rank = RANKS[filter.order ?? "latest"];
  const count = db.prepare(`SELECT count(*) AS count FROM session ${whereOf(where)}`).get(...values);
  const from = filter.before === undefined ? undefined : readPlace(filter.before, filter.order);
  if (from) {
    where.push(`(${rank}, id) < (?, ?)`);
    values.push(from.rank, from.id);
  }
  const found = db
    .prepare(`SELECT id, ${rank} AS rank FROM session ${whereOf(where)} ORDER BY ${rank} DESC, id DESC LIMIT ?`)
    .all(...values, filter.limit + 1);
  return { ...pageOf(found, filter.limit), total: integer(count, "count") };
}

/** Through all sessions in the order in which they lie: words are found in any of them. */
function byWalk(db: DatabaseSync, projects: Projects, filter: SessionFilter): Found {
  const { where, values } = conditionOf(filter, projects);
  const found = db
    .prepare(`SELECT id, ${RANKS[filter.order ?? "latest"]} AS rank FROM session NOT INDEXED ${whereOf(where)}`)
    .all(...values);
  const sorted = found.sort((a, b) => later(placeOf(a), placeOf(b)));
  const from = filter.before === undefined ? undefined : readPlace(filter.before, filter.order);
  const rest = from ? sorted.filter((row) => later(from, placeOf(row)) < 0) : sorted;
  return { ...pageOf(rest, filter.limit), total: found.length };
}

function pageOf(found: readonly Columns[], limit: number): Pick<Found, "ids" | "next"> {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    ids: page.map((row) => text(row, "id")),
    next: found.length > limit && last ? writePlace(placeOf(last)) : null,
  };
}

const whereOf = (where: readonly string[]) => (where.length > 0 ? `WHERE ${where.join(" AND ")}` : "");

function conditionOf(
  { ids, states, project, host, person, since, until, minCost, minMs, gaps, signals, q }: SessionFilter,
  projects: Projects,
) {
  const where: string[] = [];
  const values: SQLInputValue[] = [];
  const and = (condition: string, ...more: SQLInputValue[]) => {
    where.push(condition);
    values.push(...more);
  };
  const oneOf = (column: string, allowed: readonly string[]) =>
    and(`${column} IN (${allowed.map(() => "?").join()})`, ...allowed);
  if (ids) oneOf("id", ids);
  if (states) oneOf("state", states);
  if (project !== undefined) oneOf("project", projects.find(project));
  if (host !== undefined) and("host = ?", host);
  if (since !== undefined) and("last_at >= ?", since);
  if (until !== undefined) and("first_at <= ?", until);
  if (minCost !== undefined) and("cost >= ?", minCost);
  if (minMs !== undefined) and("last_at - first_at >= ?", minMs);
  if (person !== undefined) and("false"); // nobody else's are here
  if (gaps !== undefined) and(gaps ? "gaps > 0" : "gaps = 0");
  if (signals !== undefined) and(signals ? "signals > 0" : "signals = 0");
  for (const word of fold(q ?? "")
    .slice(0, MAX_WANTED)
    .split(/\s+/)
    .filter(Boolean))
    and("instr(words, ?)", word);
  return { where, values };
}

/** What a session is found by. */
function wordsOf({ id, project, title, firstPrompt, prompt }: Session): string {
  return fold([id, project, title, firstPrompt, prompt === firstPrompt ? undefined : prompt].filter(Boolean).join(" "));
}

const RANKS: Readonly<Record<SessionOrder, string>> = { latest: "last_at", cost: "coalesce(cost, 0.0)" };

const placeOf = (row: Columns): SessionPlace => ({ rank: integer(row, "rank"), id: text(row, "id") });
const later = (a: SessionPlace, b: SessionPlace): number => b.rank - a.rank || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
