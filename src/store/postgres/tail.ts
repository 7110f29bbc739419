// What was committed, by any process, told in the order of `n`, each row once.
// - The position up to which was told moves on; what lies behind it is read. Own commits are told at once, those of others
//   within a poll: nothing has to be listened to, so a pooler may stand in between.
// - It is read once for all that listen, whoever they are: each is told of what lies within its scope.

import type { EventRow } from "../../contract/row.ts";
import { integer, ROW_LENGTH, rowColumns, rowFrom, text } from "../columns.ts";
import type { Change } from "../port.ts";
import type { Database } from "./connection.ts";
import type { Scope } from "./scope.ts";

/** How long a row of another process may lie before it is told, ms. */
const POLL_MS = 150;
/** After a poll that failed, ms. */
const AGAIN_MS = 1000;
/** Rows that are read at a time. */
const PORTION = 1000;

export interface OwnedSession {
  readonly id: string;
  readonly owner: string;
}

/** What was committed, and whose it is. */
export interface OwnedChange {
  readonly rows: readonly EventRow[];
  /** Of each row. */
  readonly owners: readonly string[];
  readonly sessions: readonly OwnedSession[];
}

export interface Tail {
  /** Tells of what the scope's users own, of everything where they are not limited. */
  subscribe(scope: Scope, listener: (change: Change) => void): () => void;
  /** Whoever listens is told of all that is committed from now on. Rejects where the database is away. */
  ready(): Promise<void>;
  /** Tells what this process has just committed, and what others have before it. */
  committed(change: OwnedChange): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  readonly users: ReadonlySet<string> | undefined;
  readonly tell: (change: Change) => void;
}

export function openTail(database: Database, tenant: string): Tail {
  const everyone: Scope = { tenant, user: "" };
  const listeners = new Set<Listener>();
  let told: { n: number; touch: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Reads go one after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const tell = ({ rows, owners, sessions }: OwnedChange): void => {
    const ids = [...new Set(sessions.map(({ id }) => id))];
    for (const { users, tell } of listeners) {
      if (!users) {
        tell({ rows, sessions: ids });
        continue;
      }
      const own = {
        rows: rows.filter((_, index) => users.has(owners[index] ?? "")),
        sessions: [...new Set(sessions.flatMap(({ id, owner }) => (users.has(owner) ? [id] : [])))],
      };
      if (own.rows.length > 0 || own.sessions.length > 0) tell(own);
    }
  };
  const newest = () =>
    database.read(everyone, async (sql) => {
      const [found] = await sql.rows("SELECT n, touch FROM mpm.counter WHERE tenant = $1", [tenant]);
      return found ? { n: integer(found, "n"), touch: integer(found, "touch") } : { n: 0, touch: 0 };
    });
  /** Reads and tells all that was committed before it began. */
  const look = async (): Promise<void> => {
    if (isClosed) return;
    const to = await newest();
    const from = told;
    if (!from) {
      told = to;
      return;
    }
    if (to.touch > from.touch) {
      const { touch } = from;
      const changed = await database.read(everyone, (sql) =>
        sql.rows(
          "SELECT c.session, c.user_id FROM mpm.touched c WHERE c.tenant = $1 AND c.touch > $2 AND c.touch <= $3",
          [tenant, touch, to.touch],
        ),
      );
      from.touch = to.touch;
      const sessions = changed.map((row) => ({ id: text(row, "session"), owner: text(row, "user_id") }));
      if (sessions.length > 0 && told === from) tell({ rows: [], owners: [], sessions });
    }
    // Whoever begins to listen when nobody did begins at the newest: what lies before that is told to nobody.
    while (from.n < to.n && told === from) {
      const { n } = from;
      const found = await database.read(everyone, (sql) =>
        sql.lists(
          `SELECT ${rowColumns("e.")}, e.user_id FROM mpm.event e WHERE e.tenant = $1 AND e.n > $2 AND e.n <= $3
           ORDER BY e.n LIMIT ${PORTION}`,
          [tenant, n, to.n],
        ),
      );
      const rows = found.map(rowFrom);
      const owners = found.map((values) => String(values[ROW_LENGTH]));
      from.n = rows.length < PORTION ? to.n : (rows.at(-1)?.n ?? to.n);
      const sessions = rows.map(({ session }, index) => ({ id: session, owner: owners[index] ?? "" }));
      if (rows.length > 0 && told === from) tell({ rows, owners, sessions });
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
    subscribe({ users }, tell) {
      const listener: Listener = { users: users && new Set(users), tell };
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
      if (listeners.size > 0 && !told) await inTurn(look);
    },
    async committed(change) {
      if (listeners.size === 0) return;
      const { rows } = change;
      const [first, last] = [rows[0], rows.at(-1)];
      await inTurn(async () => {
        if (told && first && last && first.n === told.n + 1 && last.n - first.n + 1 === rows.length) {
          told.n = last.n;
          tell(change);
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
