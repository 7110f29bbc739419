// What was committed, by any process, told in the order of `n`, each row once.
// - The position up to which was told moves on; what others have committed behind it is read by the next poll: nothing has
//   to be listened to, so a pooler may stand in between. Own commits are told at once, or after those of others before them.
// - It is read once for all that listen, whoever they are: each is told of what lies within its scope. For those who want
//   no more than what this process commits, nothing is read.

import type { EventRow } from "../../contract/row.ts";
import { integer, ROW_LENGTH, rowColumns, rowFrom, text } from "../columns.ts";
import type { Change } from "../port.ts";
import type { Database, Statements } from "./connection.ts";
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
  /** Tells of what the scope's users own, of everything where they are not limited; `whose`: of own commits alone. */
  subscribe(scope: Scope, listener: (change: Change) => void, whose?: "own"): () => void;
  /** Whoever listens is told of all that is committed from now on. Rejects where the database is away. */
  ready(): Promise<void>;
  /** Tells what this process has just committed, as soon as all before it was told. */
  committed(change: OwnedChange): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  readonly users: ReadonlySet<string> | undefined;
  readonly tell: (change: Change) => void;
}

/** Up to where was told. */
interface Told {
  n: number;
  touch: number;
}

export function openTail(database: Database, tenant: string): Tail {
  const everyone: Scope = { tenant, user: "" };
  const listeners = new Set<Listener>();
  /** Those who are told of own commits alone. */
  const ownListeners = new Set<Listener>();
  /** What this process has committed behind what was not told yet, by its first `n`. */
  const waiting = new Map<number, OwnedChange>();
  let told: Told | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Reads go one after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const newest = async (sql: Statements) => {
    const [found] = await sql.rows("SELECT n, touch FROM mpm.counter WHERE tenant = $1", [tenant]);
    return found ? { n: integer(found, "n"), touch: integer(found, "touch") } : { n: 0, touch: 0 };
  };
  /** What was committed after one position, up to another or as many as are read at a time; and where the next one begins. */
  const rowsBetween = async (sql: Statements, after: number, to: number) => {
    const found = await sql.lists(
      `SELECT ${rowColumns("e.")}, e.user_id FROM mpm.event e WHERE e.tenant = $1 AND e.n > $2 AND e.n <= $3
       ORDER BY e.n LIMIT ${PORTION}`,
      [tenant, after, to],
    );
    const rows = found.map(rowFrom);
    const owners = found.map((values) => String(values[ROW_LENGTH]));
    const sessions = rows.map(({ session }, index) => ({ id: session, owner: owners[index] ?? "" }));
    return { change: { rows, owners, sessions }, last: rows.length < PORTION ? to : (rows.at(-1)?.n ?? to) };
  };
  const touchedBetween = async (sql: Statements, after: number, to: number): Promise<readonly OwnedSession[]> => {
    const found = await sql.rows(
      "SELECT c.session, c.user_id FROM mpm.touched c WHERE c.tenant = $1 AND c.touch > $2 AND c.touch <= $3",
      [tenant, after, to],
    );
    return found.map((row) => ({ id: text(row, "session"), owner: text(row, "user_id") }));
  };
  /** Where the next of our own that waits begins. */
  const nextOwn = (after: number): number =>
    Math.min(Number.POSITIVE_INFINITY, ...[...waiting.keys()].filter((first) => first > after));
  /** Whoever begins to listen when nobody did begins at the newest: what lies before that is told to nobody. */
  const tellRows = async (sql: Statements, from: Told, to: number): Promise<void> => {
    while (from.n < to && told === from) {
      const own = waiting.get(from.n + 1);
      const { change, last } = own
        ? { change: own, last: from.n + own.rows.length }
        : await rowsBetween(sql, from.n, Math.min(to, nextOwn(from.n) - 1));
      from.n = last;
      if (change.rows.length > 0 && told === from) tell(listeners, change);
    }
    for (const first of waiting.keys()) if (first <= from.n) waiting.delete(first);
  };
  /** Reads and tells all that was committed before it began. */
  const look = async (): Promise<void> => {
    if (isClosed) return;
    await database.read(everyone, async (sql) => {
      const to = await newest(sql);
      const from = told;
      if (!from || to.n < from.n) {
        told = to; // also where the database was set back to an earlier state: from here on nothing is missed
        waiting.clear();
        return;
      }
      const touched = to.touch > from.touch ? await touchedBetween(sql, from.touch, to.touch) : [];
      from.touch = to.touch;
      if (touched.length > 0 && told === from) tell(listeners, { rows: [], owners: [], sessions: touched });
      await tellRows(sql, from, to.n);
    });
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
    subscribe({ users }, tell, whose) {
      const listener: Listener = { users: users && new Set(users), tell };
      const group = whose === "own" ? ownListeners : listeners;
      group.add(listener);
      if (group === listeners && listeners.size === 1) {
        told = undefined;
        waiting.clear();
        inTurn(look).then(
          () => poll(POLL_MS),
          () => poll(AGAIN_MS),
        );
      }
      return () => {
        group.delete(listener);
      };
    },
    async ready() {
      if (listeners.size > 0 && !told) await inTurn(look);
    },
    async committed(change) {
      tell(ownListeners, change);
      if (listeners.size === 0) return;
      const { rows } = change;
      const [first, last] = [rows[0], rows.at(-1)];
      await inTurn(async () => {
        if (!told || !first || !last || last.n - first.n + 1 !== rows.length) await look();
        else if (first.n === told.n + 1) {
          told.n = last.n;
          tell(listeners, change);
        } else if (first.n > told.n) waiting.set(first.n, change); // the next poll tells it behind what is before it
      }).catch(() => {}); // told by the next poll
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await turn;
    },
  };
}

/** Tells each of them of what is theirs. */
function tell(listeners: ReadonlySet<Listener>, { rows, owners, sessions }: OwnedChange): void {
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
}
