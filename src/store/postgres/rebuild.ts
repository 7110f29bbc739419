// Sessions of before there were signals are told them from their events: one a step, while nothing else is done.
// - Any number of monitors do it side by side; each session is told once. What is left undone is done by who comes next.

import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "../../contract/envelope.ts";
import type { Log } from "../../platform/log.ts";
import { text } from "../columns.ts";
import { MAX_TOLD, tellAnew, withSignals } from "../told.ts";
import { lockSessions, touch } from "./changes.ts";
import type { Database, Statements } from "./connection.ts";
import type { Scope } from "./scope.ts";
import { BODY } from "./search.ts";
import { findOwned, keepSessions, UnreadableState } from "./sessions.ts";

/** Between two steps others get their turn, ms. */
const PAUSE_MS = 20;
/** After a step that failed, ms. */
const AGAIN_MS = 60_000;

/** Begins; the answer ends it, and resolves when no step is under way. */
export function startRebuild(database: Database, scope: Scope, log?: Log): () => Promise<void> {
  const end = new AbortController();
  const pause = (ms: number) => sleep(ms, undefined, { ref: false, signal: end.signal }).catch(() => {});
  const steps = async (): Promise<void> => {
    for (let left = true; left && !end.signal.aborted; ) {
      await pause(PAUSE_MS);
      left = await database
        .write(scope, (sql) => tellNext(sql, scope, log))
        .catch(async (error) => {
          log?.warn({ err: error }, "sessions of an older version could not be told anew; it is tried again");
          await pause(AGAIN_MS);
          return true;
        });
    }
  };
  const running = steps();
  return () => {
    end.abort();
    return running;
  };
}

/** Tells one session; false where none is left. One that cannot be read is passed over. */
async function tellNext(sql: Statements, scope: Scope, log: Log | undefined): Promise<boolean> {
  const { tenant } = scope;
  const [taken] = await sql.rows(
    `DELETE FROM mpm.rebuild WHERE tenant = $1 AND session = (
       SELECT session FROM mpm.rebuild WHERE tenant = $1 LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING session`,
    [tenant],
  );
  if (!taken) return false;
  const id = text(taken, "session");
  await lockSessions(sql, scope, [id]);
  const [owned] = await findOwned(sql, scope, [id]).catch((error) => {
    if (!(error instanceof UnreadableState)) throw error;
    log?.warn({ err: error, session: id }, "a session of an older version cannot be told anew");
    return [];
  });
  const events = await sql.rows(
    `SELECT b.json FROM mpm.event e ${BODY} WHERE e.tenant = $1 AND e.session = $2 ORDER BY e.n LIMIT ${MAX_TOLD + 1}`,
    [tenant, id],
  );
  if (!owned || events.length > MAX_TOLD) return true;
  const told = tellAnew(events.map((row): Envelope => JSON.parse(text(row, "json"))));
  if (!told) return true;
  await keepSessions(sql, scope, [withSignals(owned.session, told)], new Map([[id, owned.owner]]));
  await touch(sql, scope, [{ id, owner: owned.owner }]);
  return true;
}
