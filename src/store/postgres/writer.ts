// Writing: batches of events (append.ts), facts about sessions, bookmarks and consumers. One transaction each.

import type { Envelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import type { Appended, Fact, Outcome, Pricing, SessionFacts, StoreTrouble } from "../port.ts";
import { addAnswers } from "./answers.ts";
import { openAppend } from "./append.ts";
import { lockSessions, touch } from "./changes.ts";
import { type Database, type Statements, troubleOf } from "./connection.ts";
import { advance, dismiss } from "./consumers.ts";
import { mustBeCurrent } from "./migrations.ts";
import type { Scope } from "./scope.ts";
import { findOwned, keepSessions, type Owned } from "./sessions.ts";
import type { OwnedChange, OwnedSession } from "./tail.ts";
import { keepLeft, type Left, leave } from "./turns.ts";
import type { Given } from "./understand.ts";
import { storable } from "./values.ts";

export interface WriterParts {
  readonly database: Database;
  readonly scope: Scope;
  readonly pricing: Pricing;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told of what a commit has changed, before the answer. */
  readonly committed: (changed: OwnedChange) => Promise<void>;
}

export interface Writer {
  append(batch: readonly Envelope[], owners?: readonly string[]): Promise<Appended>;
  record(facts: readonly SessionFacts[]): Promise<StoreTrouble | undefined>;
  advance(name: string, n: number): Promise<StoreTrouble | undefined>;
  dismiss(name: string): Promise<StoreTrouble | undefined>;
}

export function openWriter({ database, scope, pricing, now, committed }: WriterParts): Writer {
  const { tenant, user } = scope;
  const transaction = openAppend({ database, scope, now, committed });

  /** Each alone: one that cannot be kept must not hold up the others for ever. */
  const addEach = async (batch: readonly Given[]): Promise<Appended> => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    for (const one of batch) {
      const added = await append([one]);
      outcomes.push(...added.outcomes);
      rows.push(...added.rows);
      if (added.trouble) return { outcomes, rows, trouble: added.trouble };
    }
    return { outcomes, rows };
  };
  const append = async (batch: readonly Given[]): Promise<Appended> => {
    try {
      return await transaction.all(batch);
    } catch (error) {
      const trouble = troubleOf(error);
      transaction.doubt();
      if (trouble) return { outcomes: [], rows: [], trouble };
      if (batch.length > 1) return addEach(batch);
      const cause = error instanceof Error ? error.message : String(error);
      return { outcomes: batch.map(() => ({ kind: "refused", reason: { code: "unstorable", cause } })), rows: [] };
    }
  };
  /** Runs the work as a transaction that may change sessions; what the store cannot do is a value. */
  const attempt = async (
    work: (sql: Statements) => Promise<readonly OwnedSession[]>,
  ): Promise<StoreTrouble | undefined> => {
    try {
      const changed = await database.write(scope, async (sql) => {
        await mustBeCurrent(sql);
        const sessions = await work(sql);
        await touch(sql, scope, sessions);
        return sessions;
      });
      if (changed.length > 0) await committed({ rows: [], owners: [], sessions: changed });
      return undefined;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return trouble;
      throw error;
    }
  };
  const learn = async (sql: Statements, { session, owner }: Owned, fact: Fact, left: Left): Promise<Session> => {
    if (fact.kind === "answers") return addAnswers(sql, { ...scope, user: owner }, pricing, session, fact.answers);
    const step = reduce(session, fact);
    leave(left, session, step);
    return step.session;
  };

  const record = async (sql: Statements, batch: readonly SessionFacts[]): Promise<readonly OwnedSession[]> => {
    const ids = [...new Set(batch.map(({ session }) => session))];
    await lockSessions(sql, scope, ids);
    const sessions = new Map((await findOwned(sql, scope, ids.map(storable))).map((one) => [one.session.id, one]));
    const left: Left = { turns: [], waits: [] };
    for (const { session: id, facts, bookmark } of batch) {
      let known = sessions.get(id);
      if (!known) continue;
      for (const fact of facts) known = { ...known, session: await learn(sql, known, fact, left) };
      sessions.set(id, known);
      if (bookmark)
        await sql.run(
          `INSERT INTO mpm.bookmark VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value`,
          [tenant, user, storable(bookmark.name), storable(bookmark.value)],
        );
    }
    const all = [...sessions.values()];
    const owners = new Map(all.map(({ session, owner }) => [session.id, owner]));
    await keepSessions(
      sql,
      scope,
      all.map(({ session }) => session),
      owners,
    );
    await keepLeft(sql, scope, left, owners);
    return all.map(({ session: { id }, owner }) => ({ id, owner }));
  };

  return {
    append: (batch, owners) => append(batch.map((envelope, index) => ({ envelope, owner: owners?.[index] ?? user }))),
    record: (facts) => attempt((sql) => record(sql, facts)),
    advance: (name, n) =>
      attempt(async (sql) => {
        await advance(sql, scope, name, n);
        return [];
      }),
    dismiss: (name) =>
      attempt(async (sql) => {
        await dismiss(sql, scope, name);
        return [];
      }),
  };
}
