// Tokens by answer: each counts once in the whole store, with the largest of each count that was said.

import type { Tokens } from "../../contract/session.ts";
import type { Session } from "../../session/state.ts";
import type { Columns } from "../columns.ts";
import { integer, text } from "../columns.ts";
import type { Answer, Pricing, Span, UsedAnswer } from "../port.ts";
import { sumOf } from "../turns.ts";
import type { Database, Statements } from "./connection.ts";
import { findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { storable } from "./values.ts";

/** Answers a portion. */
const PORTION = 2000;
const COLUMNS =
  "a.place, a.id, a.t, a.session, a.project, a.model, a.input, a.output, a.cache_read, a.cache_write, a.cache_write_hour";

/** The session with the answers in it, and with what all its answers cost. */
export async function addAnswers(
  sql: Statements,
  scope: Scope,
  pricing: Pricing,
  session: Session,
  answers: readonly Answer[],
): Promise<Session> {
  const last = answers.at(-1);
  if (!last) return session;
  const largest = new Map<string, Answer>();
  for (const answer of answers) {
    const known = largest.get(answer.id);
    largest.set(answer.id, known ? { ...known, tokens: largestOf(known.tokens, answer.tokens) } : answer);
  }
  const sorted = [...largest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const list = <T>(of: (answer: Answer) => T): T[] => sorted.map(of);
  await sql.run(
    `INSERT INTO mpm.answer AS a (tenant, user_id, session, project, id, t, model, input, output, cache_read, cache_write, cache_write_hour)
     SELECT $1, $2, $3, $4, * FROM unnest($5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
     ON CONFLICT (tenant, id) DO UPDATE SET
       input = greatest(a.input, excluded.input), output = greatest(a.output, excluded.output),
       cache_read = greatest(a.cache_read, excluded.cache_read), cache_write = greatest(a.cache_write, excluded.cache_write),
       cache_write_hour = greatest(a.cache_write_hour, excluded.cache_write_hour)
     WHERE a.user_id = excluded.user_id`, // nobody adds to another's
    [
      ...[scope.tenant, scope.user, storable(session.id), storable(session.project)],
      list(({ id }) => storable(id)),
      list(({ t }) => Math.round(t)),
      list(({ model }) => storable(model)),
      list(({ tokens }) => tokens.input),
      list(({ tokens }) => tokens.output),
      list(({ tokens }) => tokens.cacheRead),
      list(({ tokens }) => tokens.cacheWrite),
      list(({ tokens }) => tokens.cacheWriteHour ?? 0),
    ],
  );
  const all = await answersOf(sql, scope, session.id);
  // All of them may stand under another session: the one that said them first.
  if (all.length === 0) return session;
  const tokens = all.map((answer) => answer.tokens).reduce(sumOf);
  return priced({ ...session, tokens: { ...tokens, model: last.model } }, all, pricing);
}

function priced({ cost: _, ...session }: Session, answers: readonly UsedAnswer[], pricing: Pricing): Session {
  const costs = answers.flatMap(({ model, tokens, t }) => pricing.cost(model, tokens, t) ?? []);
  return costs.length > 0 ? { ...session, cost: costs.reduce((sum, cost) => sum + cost) } : session;
}

/** The answers of a session from a time on, ms since 1970. */
export async function answersOf(sql: Statements, scope: Scope, session: string, since = 0): Promise<UsedAnswer[]> {
  const found = await sql.rows(
    `SELECT ${COLUMNS} FROM mpm.answer a WHERE ${within(scope, "a")} AND a.session = $1 AND a.t >= $2 ORDER BY a.t, a.place`,
    [storable(session), Math.floor(since)],
  );
  return found.map(answerFrom);
}

export async function* readAnswers(
  database: Database,
  scope: Scope,
  { since, until, project, session }: Span & { readonly session?: string | undefined },
): AsyncGenerator<readonly UsedAnswer[]> {
  for (let [t, place] = [Math.ceil(since), -1]; ; ) {
    const rows = await database.read(scope, async (sql) => {
      const values: unknown[] = [Math.floor(until), t, place];
      const where = [within(scope, "a"), "a.t <= $1", "(a.t, a.place) > ($2, $3)"];
      if (project !== undefined)
        where.push(`a.project = ANY ($${values.push(await findProjects(sql, scope, project))})`);
      if (session !== undefined) where.push(`a.session = $${values.push(storable(session))}`);
      return sql.rows(
        `SELECT ${COLUMNS} FROM mpm.answer a WHERE ${where.join(" AND ")} ORDER BY a.t, a.place LIMIT ${PORTION}`,
        values,
      );
    });
    if (rows.length > 0) yield rows.map(answerFrom);
    const last = rows.at(-1);
    if (rows.length < PORTION || !last) return;
    [t, place] = [integer(last, "t"), integer(last, "place")];
  }
}

function answerFrom(row: Columns): UsedAnswer {
  const hour = integer(row, "cache_write_hour");
  return {
    id: text(row, "id"),
    t: integer(row, "t"),
    session: text(row, "session"),
    project: text(row, "project"),
    model: text(row, "model"),
    tokens: {
      input: integer(row, "input"),
      output: integer(row, "output"),
      cacheRead: integer(row, "cache_read"),
      cacheWrite: integer(row, "cache_write"),
      ...(hour > 0 ? { cacheWriteHour: hour } : {}),
    },
  };
}

const each = (a: Tokens, b: Tokens, join: (x: number, y: number) => number): Tokens => {
  const hour = join(a.cacheWriteHour ?? 0, b.cacheWriteHour ?? 0);
  return {
    input: join(a.input, b.input),
    output: join(a.output, b.output),
    cacheRead: join(a.cacheRead, b.cacheRead),
    cacheWrite: join(a.cacheWrite, b.cacheWrite),
    ...(hour > 0 ? { cacheWriteHour: hour } : {}),
  };
};
const largestOf = (a: Tokens, b: Tokens): Tokens => each(a, b, Math.max);
