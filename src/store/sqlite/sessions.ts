// Sessions: found by narrow columns, kept whole as JSON beside them.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { SessionSummary } from "../../contract/session.ts";
import { readSession, type Session, summaryOf } from "../../session/state.ts";
import type { SessionFilter, SessionPage } from "../port.ts";
import { integer, text } from "./values.ts";

/** What is searched of a session, folded; characters. */
const MAX_WANTED = 1000;

export interface Sessions {
  find(id: string): Session | undefined;
  keep(session: Session): void;
  page(filter: SessionFilter, now: number): SessionPage;
  one(id: string, now: number): SessionSummary | undefined;
  gaps(): number;
}

export function openSessions(db: DatabaseSync): Sessions {
  const state = db.prepare("SELECT json FROM session_state WHERE id = ?");
  const keepState = db.prepare(
    "INSERT INTO session_state VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json",
  );
  const keepColumns = db.prepare("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const gaps = db.prepare("SELECT coalesce(sum(gaps), 0) AS gaps FROM session");
  const find = (id: string): Session | undefined => {
    const found = state.get(id);
    return found && parse(text(found, "json"));
  };
  return {
    find,
    keep(session) {
      const { id, firstAt, lastAt, host, project, repository, title, firstPrompt, prompt } = session;
      keepColumns.run(
        id,
        firstAt,
        lastAt,
        session.state,
        host,
        project,
        repository ?? null,
        title ?? null,
        firstPrompt ?? null,
        prompt ?? null,
        session.gaps,
      );
      keepState.run(id, JSON.stringify(session));
    },
    page(filter, now) {
      const { where, values } = conditionOf(filter);
      const count = db.prepare(`SELECT count(*) AS count FROM session s ${whereOf(where)}`).get(...values);
      const from = filter.before === undefined ? undefined : readCursor(filter.before);
      if (from) {
        where.push("(s.last_at, s.id) < (?, ?)");
        values.push(from.lastAt, from.id);
      }
      const rows = db
        .prepare(`SELECT s.last_at, st.json FROM session s JOIN session_state st ON st.id = s.id ${whereOf(where)}
          ORDER BY s.last_at DESC, s.id DESC LIMIT ?`)
        .all(...values, filter.limit + 1);
      const sessions = rows.slice(0, filter.limit).map((row) => parse(text(row, "json")));
      const last = sessions.at(-1);
      return {
        sessions: sessions.map((session) => summaryOf(session, now)),
        next: rows.length > filter.limit && last ? writeCursor(last) : null,
        total: integer(count, "count"),
      };
    },
    one(id, now) {
      const session = find(id);
      return session && summaryOf(session, now);
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

const whereOf = (where: readonly string[]) => (where.length > 0 ? `WHERE ${where.join(" AND ")}` : "");

function conditionOf({ ids, states, project, host, since, until, q }: SessionFilter) {
  const where: string[] = [];
  const values: SQLInputValue[] = [];
  const and = (condition: string, ...more: SQLInputValue[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (ids) and(`s.id IN (${ids.map(() => "?").join()})`, ...ids);
  if (states) and(`s.state IN (${states.map(() => "?").join()})`, ...states);
  if (project !== undefined)
    and(
      "(s.project = ? OR s.repository = ? OR s.project LIKE ? ESCAPE '!')",
      project,
      project,
      `%/${literal(project)}`,
    );
  if (host !== undefined) and("s.host = ?", host);
  if (since !== undefined) and("s.last_at >= ?", since);
  if (until !== undefined) and("s.first_at <= ?", until);
  const words = q?.slice(0, MAX_WANTED).split(/\s+/).filter(Boolean) ?? [];
  for (const word of words)
    and(
      "(s.title || ' ' || s.id LIKE ? ESCAPE '!' OR s.first_prompt LIKE ? ESCAPE '!' OR s.prompt LIKE ? ESCAPE '!' OR s.project || ' ' || s.id LIKE ? ESCAPE '!')",
      ...new Array<string>(4).fill(`%${literal(word)}%`),
    );
  return { where, values };
}

/** The text as a pattern of LIKE that stands for nothing but itself. */
const literal = (text: string) => text.replace(/[!%_]/g, "!$&");

function writeCursor({ lastAt, id }: Session): string {
  return Buffer.from(`${lastAt} ${id}`).toString("base64url");
}

/** Undefined for what is no cursor: the first page. */
function readCursor(given: string): { readonly lastAt: number; readonly id: string } | undefined {
  const match = /^(-?\d+) (.+)$/s.exec(Buffer.from(given, "base64url").toString());
  return match ? { lastAt: Number(match[1]), id: match[2] ?? "" } : undefined;
}
