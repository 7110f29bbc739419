// Tokens by answer: each counts once in the whole store, with the largest of each count that was said.

import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as z from "zod/mini";
import type { Tokens } from "../../contract/session.ts";
import type { Session } from "../../session/state.ts";
import { type Columns, integer, text } from "../columns.ts";
import type { Answer, Pricing, Span, UsedAnswer } from "../port.ts";
import type { Projects } from "./projects.ts";

/** Answers a portion: a few milliseconds. */
const PORTION = 2000;
const COLUMNS = "rowid, id, t, session, project, model, input, output, cache_read, cache_write, cache_write_hour";

const COST = "sum(cost_of(model, t, input, output, cache_read, cache_write, cache_write_hour))";
const Counts = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
  cacheWriteHour: z.number(),
});

export interface Answers {
  /** The session with the answers in it. The sums that version 1 kept of it go as soon as its answers are read. */
  add(session: Session, answers: readonly Answer[]): Session;
  /** The session with what its answers cost by the prices of now. */
  priced(session: Session): Session;
  ofSession(session: string, since: number): UsedAnswer[];
  read(span: Span & { readonly session?: string | undefined }): AsyncGenerator<readonly UsedAnswer[]>;
}

export function openAnswers(db: DatabaseSync, projects: Projects, pricing: Pricing): Answers {
  db.function("cost_of", (model, t, input, output, cacheRead, cacheWrite, cacheWriteHour) => {
    const tokens = { input, output, cacheRead, cacheWrite, cacheWriteHour };
    const read = Counts.safeParse(tokens);
    return (read.success && pricing.cost(String(model), read.data, Number(t))) || null;
  });
  const insert = db.prepare(`INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    input = max(input, excluded.input), output = max(output, excluded.output),
    cache_read = max(cache_read, excluded.cache_read), cache_write = max(cache_write, excluded.cache_write),
    cache_write_hour = max(cache_write_hour, excluded.cache_write_hour)`);
  const dropSums = db.prepare("DELETE FROM answer WHERE session = ? AND substr(id, 1, 4) = 'sum '");
  const ofSession = db.prepare(`SELECT ${COLUMNS} FROM answer WHERE session = ? AND t >= ? ORDER BY t, rowid`);
  const sums = db.prepare(`SELECT sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read,
    sum(cache_write) AS cache_write, sum(cache_write_hour) AS cache_write_hour,
    ${COST} AS cost FROM answer WHERE session = ?`);
  const cost = db.prepare(`SELECT ${COST} AS cost FROM answer WHERE session = ?`);
  return {
    add(session, answers) {
      const last = answers.at(-1);
      if (!last) return session;
      dropSums.run(session.id);
      for (const { id, t, model, tokens } of answers)
        insert.run(
          id,
          t,
          session.id,
          session.project,
          model,
          tokens.input,
          tokens.output,
          tokens.cacheRead,
          tokens.cacheWrite,
          tokens.cacheWriteHour ?? 0,
        );
      const sum = sums.get(session.id);
      // All of them may stand under another session: the one that said them first.
      return typeof sum?.["input"] === "number"
        ? withCost({ ...session, tokens: { ...tokensOf(sum), model: last.model } }, sum)
        : session;
    },
    priced: (session) => withCost(session, cost.get(session.id)),
    ofSession: (session, since) => ofSession.all(session, since).map(answerOf),
    async *read({ since, until, project, session }) {
      const where = ["t BETWEEN ? AND ?", "(t, rowid) > (?, ?)"];
      const paths = project === undefined ? [] : projects.find(project);
      if (project !== undefined) where.push(`project IN (${paths.map(() => "?").join()})`);
      if (session !== undefined) where.push("session = ?");
      const select = db.prepare(
        `SELECT ${COLUMNS} FROM answer WHERE ${where.join(" AND ")} ORDER BY t, rowid LIMIT ${PORTION}`,
      );
      for (let [t, rowid] = [since, -1]; ; await nextTurn()) {
        const rows = select.all(since, until, t, rowid, ...paths, ...(session === undefined ? [] : [session]));
        if (rows.length > 0) yield rows.map(answerOf);
        const last = rows.at(-1);
        if (rows.length < PORTION || !last) return;
        [t, rowid] = [integer(last, "t"), integer(last, "rowid")];
      }
    },
  };
}

function withCost({ cost: _, ...session }: Session, sum: Columns | undefined): Session {
  const cost = sum?.["cost"];
  return typeof cost === "number" ? { ...session, cost } : session;
}

function answerOf(row: Columns): UsedAnswer {
  return {
    id: text(row, "id"),
    t: integer(row, "t"),
    session: text(row, "session"),
    project: text(row, "project"),
    model: text(row, "model"),
    tokens: tokensOf(row),
  };
}

function tokensOf(row: Columns): Tokens {
  const hour = integer(row, "cache_write_hour");
  return {
    input: integer(row, "input"),
    output: integer(row, "output"),
    cacheRead: integer(row, "cache_read"),
    cacheWrite: integer(row, "cache_write"),
    ...(hour > 0 ? { cacheWriteHour: hour } : {}),
  };
}
