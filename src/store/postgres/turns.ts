// Turns and waits: each is kept when it is over; the latest turn is part of its session's state.

import type { Statistics } from "../../contract/statistics.ts";
import type { Turn } from "../../contract/turn.ts";
import type { Step } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { TurnRecord } from "../../session/state.ts";
import { endedWaits } from "../../session/waits.ts";
import { integer, text } from "../columns.ts";
import type { Span, TurnStretch } from "../port.ts";
import { keptFor, leftTurns, sinceOf, type TurnStart, toldTurns, turnStarts } from "../turns.ts";
import { COUNTED_OUTCOMES, summarizeWaits } from "../waits.ts";
import { answersOf } from "./answers.ts";
import type { Statements } from "./connection.ts";
import { type Scope, within } from "./scope.ts";
import { storable } from "./values.ts";

/** What steps of the reducer have left behind, to be kept together. */
export interface Left {
  readonly turns: { readonly session: string; readonly turn: TurnRecord }[];
  readonly waits: (ReturnType<typeof endedWaits>[number] & { readonly session: string })[];
}

/** Adds to `left` what the step has ended. */
export function leave(left: Left, before: Session | undefined, step: Step): void {
  const session = step.session.id;
  left.waits.push(...endedWaits(step.transitions).map((wait) => ({ ...wait, session })));
  left.turns.push(...leftTurns(before, step).map((turn) => ({ session, turn })));
}

/** Keeps it, each as the owner's of its session. */
export async function keepLeft(
  sql: Statements,
  { tenant, user }: Scope,
  { turns, waits }: Left,
  owners: ReadonlyMap<string, string>,
): Promise<void> {
  const ownerOf = ({ session }: { readonly session: string }) => owners.get(session) ?? user;
  // The same turn may have been left twice: the latest word stands.
  const latest = [...new Map(turns.map((one) => [`${one.turn.number} ${one.session}`, one])).values()];
  if (latest.length > 0)
    await sql.run(
      `INSERT INTO mpm.turn (tenant, user_id, session, number, started_at, json)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])
       ON CONFLICT (tenant, session, number) DO UPDATE SET started_at = excluded.started_at, json = excluded.json`,
      [
        tenant,
        latest.map(ownerOf),
        latest.map(({ session }) => storable(session)),
        latest.map(({ turn }) => turn.number),
        latest.map(({ turn }) => Math.round(turn.startedAt)),
        latest.map(({ turn }) => JSON.stringify(turn)),
      ],
    );
  if (waits.length > 0)
    await sql.run(
      `INSERT INTO mpm.wait (tenant, user_id, session, id, kind, tool, since, until, outcome)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
       ON CONFLICT DO NOTHING`,
      [
        tenant,
        waits.map(ownerOf),
        waits.map(({ session }) => storable(session)),
        waits.map(({ id }) => id),
        waits.map(({ kind }) => kind),
        waits.map(({ tool }) => storable(tool)),
        waits.map(({ since }) => Math.round(since)),
        waits.map(({ until }) => Math.round(until)),
        waits.map(({ outcome }) => outcome),
      ],
    );
}

/** The turns of the session in order, or a stretch, each with the tokens of the answers that fell into it. */
export async function turnsOf(
  sql: Statements,
  scope: Scope,
  session: Session,
  now: number,
  stretch: TurnStretch = {},
): Promise<Turn[]> {
  const { limit, last } = keptFor(stretch);
  const found = await sql.rows(
    `SELECT r.json FROM mpm.turn r WHERE ${within(scope, "r")} AND r.session = $1 AND r.number <= $2 ORDER BY r.number DESC LIMIT $3`,
    [storable(session.id), last, limit ?? null],
  );
  const kept = found.toReversed().map((row) => TurnRecord.parse(JSON.parse(text(row, "json"))));
  const answers = await answersOf(sql, scope, session.id, sinceOf(kept, limit));
  return toldTurns(kept, session, answers, now, stretch);
}

/** When the turns of the session began. */
export async function startsOf(sql: Statements, scope: Scope, session: Session): Promise<readonly TurnStart[]> {
  const kept = await sql.rows(
    `SELECT r.number, r.started_at FROM mpm.turn r WHERE ${within(scope, "r")} AND r.session = $1 ORDER BY r.number`,
    [storable(session.id)],
  );
  return turnStarts(
    kept.map((row) => ({ number: integer(row, "number"), startedAt: integer(row, "started_at") })),
    session,
  );
}

/** The waits that began and ended in the span, by kind and by what asked. */
export async function waitsOf(
  sql: Statements,
  scope: Scope,
  { since, until }: Pick<Span, "since" | "until">,
  paths: readonly string[] | undefined,
): Promise<Statistics["waits"]> {
  const inProject = paths
    ? " AND EXISTS (SELECT 1 FROM mpm.session s WHERE s.tenant = w.tenant AND s.id = w.session AND s.project = ANY ($4))"
    : "";
  const ended = await sql.rows(
    `SELECT w.kind, w.tool, w.until - w.since AS ms FROM mpm.wait w WHERE ${within(scope, "w")}
      AND w.since BETWEEN $1 AND $2 AND w.until <= $2 AND w.outcome = ANY ($3)${inProject}`,
    [Math.ceil(since), Math.floor(until), COUNTED_OUTCOMES, ...(paths ? [paths] : [])],
  );
  return summarizeWaits(
    ended.map((row) => ({ kind: text(row, "kind"), tool: text(row, "tool"), ms: integer(row, "ms") })),
  );
}
