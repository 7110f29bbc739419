// What was committed, by any process, told in the order of `n`, each row once.
// - The position up to which was told moves on; what lies behind it is read. Own commits are told at once, those of others
//   within a poll: nothing has to be listened to, so a pooler may stand in between.

import type { EventRow } from "../../contract/row.ts";
import type { Change } from "../port.ts";
import type { Database } from "./connection.ts";
import { type Scope, within } from "./scope.ts";
import { integer, rowColumns, rowFrom, text } from "./values.ts";

/** How long a row of another process may lie before it is told, ms. */
const POLL_MS = 150;
/** After a poll that failed, ms. */
const AGAIN_MS = 1000;
/** Rows that are read at a time. */
const PORTION = 1000;

export interface Tail {
  subscribe(listener: (change: Change) => void): () => void;
  /** Whoever listens is told of all that is committed from now on. */
  ready(): Promise<void>;
  /** Tells what this process has just committed, and what others have before it. */
  committed(rows: readonly EventRow[], sessions: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export function openTail(database: Database, scope: Scope): Tail {
  const listeners = new Set<(change: Change) => void>();
  let told: { n: number; touch: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Reads go one after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  const newest = () =>
    database.read(scope, async (sql) => {
      const [found] = await sql.rows("SELECT n, touch FROM mpm.counter WHERE tenant = $1", [scope.tenant]);
      return found ? { n: integer(found, "n"), touch: integer(found, "touch") } : { n: 0, touch: 0 };
    });
  /** Reads and tells all that was committed before it began. */
  const look = async (): Promise<void> => {
    if (isClosed) return;
    const to = await newest();
    if (!told) {
      told = to;
      return;
    }
    if (to.touch > told.touch) {
      const { touch } = told;
      const changed = await database.read(scope, (sql) =>
        sql.rows(`SELECT c.session FROM mpm.touched c WHERE ${within(scope, "c")} AND c.touch > $1 AND c.touch <= $2`, [
          touch,
          to.touch,
        ]),
      );
      told.touch = to.touch;
      if (changed.length > 0) tell({ rows: [], sessions: [...new Set(changed.map((row) => text(row, "session")))] });
    }
    while (told.n < to.n) {
      const { n } = told;
      const found = await database.read(scope, (sql) =>
        sql.lists(
          `SELECT ${rowColumns("e.")} FROM mpm.event e WHERE ${within(scope, "e")} AND e.n > $1 AND e.n <= $2
           ORDER BY e.n LIMIT ${PORTION}`,
          [n, to.n],
        ),
      );
      const rows = found.map(rowFrom);
      told.n = rows.length < PORTION ? to.n : (rows.at(-1)?.n ?? to.n);
      if (rows.length > 0) tell({ rows, sessions: [...new Set(rows.map(({ session }) => session))] });
    }
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };
  const poll = (afterMs: number): void => {
    clearTimeout(timer);
    if (listeners.size === 0 || isClosed) return;
    timer = setTimeout(() => {
      inTurn(look).then(
        () => poll(POLL_MS),
        () => poll(AGAIN_MS),
      );
    }, afterMs).unref();
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        told = undefined;
        inTurn(look).then(
          () => poll(POLL_MS),
          () => poll(AGAIN_MS),
        );
      }
      return () => {
        listeners.delete(listener);
      };
    },
    async ready() {
      if (listeners.size > 0 && !told) await turn;
    },
    async committed(rows, sessions) {
      if (listeners.size === 0) return;
      const [first, last] = [rows[0], rows.at(-1)];
      await inTurn(async () => {
        if (told && first && last && first.n === told.n + 1 && last.n - first.n + 1 === rows.length) {
          told.n = last.n;
          tell({ rows, sessions });
        } else await look();
      }).catch(() => {}); // told by the next poll
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await turn;
    },
  };
}
