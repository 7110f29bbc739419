// Connections to PostgreSQL, and transactions on them.
// - Nothing waits for ever: connecting, each statement, and the answer to it have a deadline. A connection that failed is
//   thrown away, and the next transaction takes another: a restart or a failover needs nothing from anybody.
// - No LISTEN, no named statements, no session settings: a pooler in transaction mode may stand in between.
// - The password is in no message: errors say what the server said.

import pg from "pg";
import type { Columns } from "../columns.ts";
import type { StoreTrouble } from "../port.ts";
import { announce, type Scope } from "./scope.ts";

const CONNECT_MS = 5000;
/** The server gives up on a statement. */
const STATEMENT_MS = 15_000;
/** How long a statement waits for a lock. */
const LOCK_MS = 5000;
/** We give up on the server: longer, so that an answer of its own comes first. */
const ANSWER_MS = 20_000;
/** So many times as long may the statements of a transaction take: statistics go through more, a migration through all there is. */
const TIMES = { usual: 1, long: 8, migration: 2000 } as const;
export type Length = keyof typeof TIMES;
const MAX_CONNECTIONS = 8;
/** Who holds a lock says so often that it is there, ms. */
const HERE_MS = 5000;
/** Two transactions that wait for each other, or a commit in between: it is tried again so often. */
const TRIES = 4;

/** From version 17 on a server may end transactions that last: the one that holds a lock is to. */
const WITHOUT_END = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'";

/** Within a transaction. */
export interface Statements {
  rows(sql: string, values?: readonly unknown[]): Promise<readonly Columns[]>;
  /** Each row a list of values. */
  lists(sql: string, values?: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  /** Rows that were changed. */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

export interface Database {
  /** Runs the work as one transaction, again where others were in its way. Rejects with what PostgreSQL says. */
  write<T>(scope: Scope, work: (sql: Statements) => Promise<T>, length?: Length): Promise<T>;
  /** Reads within one transaction. */
  read<T>(scope: Scope, work: (sql: Statements) => Promise<T>, length?: Length): Promise<T>;
  /** Takes the lock of that name, which lasts as long as a connection does; undefined where another process has it. */
  hold(scope: Scope, name: string): Promise<Held | undefined>;
  close(): Promise<void>;
}

/** A lock that is held. */
export interface Held {
  /** Resolves when it is held no more, because the connection is gone. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

const INT8 = 20;
const NUMERIC = 1700;
/** Whole numbers beyond 32 bits as numbers: ours stay below 2 to the 53. */
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format),
};

export function connect(url: string): Database {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "mpm",
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS * TIMES.migration, // each answer has a deadline of its own
    keepAlive: true,
    max: MAX_CONNECTIONS,
    allowExitOnIdle: true,
    types,
  });
  pool.on("error", () => {}); // an idle connection that was cut: it is gone from the pool

  const once = async <T>(begin: string, answerMs: number, work: (sql: Statements) => Promise<T>): Promise<T> => {
    const client = await reached(pool.connect());
    const ignore = () => {}; // the query that was under way says it, too
    client.on("error", ignore);
    const ask = (sql: string, values: readonly unknown[], rowMode: "array" | undefined) =>
      inTime(client.query<never>({ text: sql, values: [...values], ...(rowMode ? { rowMode } : {}) }), answerMs);
    let problem: unknown = new Error("unfinished");
    try {
      await inTime(client.query(begin), answerMs);
      const value = await work({
        rows: async (sql, values = []) => (await ask(sql, values, undefined)).rows,
        lists: async (sql, values = []) => (await ask(sql, values, "array")).rows,
        run: async (sql, values = []) => (await ask(sql, values, undefined)).rowCount ?? 0,
      });
      await inTime(client.query("COMMIT"), answerMs);
      problem = undefined;
      return value;
    } catch (error) {
      problem = error;
      if (isStatementError(error)) {
        try {
          await inTime(client.query("ROLLBACK"), CONNECT_MS);
          problem = undefined;
        } catch {
          // The connection goes, and with it the transaction.
        }
      }
      throw error;
    } finally {
      client.off("error", ignore);
      client.release(problem !== undefined);
    }
  };
  /** What a transaction relies on is said in each, whatever the role or the database has set. */
  const begin = (mode: string, scope: Scope, factor: number) =>
    `BEGIN ISOLATION LEVEL READ COMMITTED ${mode}; ${announce(scope, {
      statement_timeout: STATEMENT_MS * factor,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: ANSWER_MS,
      row_security: "on",
      jit: "off", // compiling takes longer than any of our questions
    })}`;
  return {
    async write(scope, work, length = "usual") {
      const factor = TIMES[length];
      for (let tried = 1; ; tried++)
        try {
          return await once(begin("READ WRITE", scope, factor), ANSWER_MS * factor, work);
        } catch (error) {
          if (tried === TRIES || !isConflict(error)) throw error;
        }
    },
    read: (scope, work, length = "usual") => {
      const factor = TIMES[length];
      return once(begin("READ ONLY", scope, factor), ANSWER_MS * factor, work);
    },
    async hold(scope, name) {
      const client = await reached(pool.connect());
      const lost = Promise.withResolvers<void>();
      const fail = () => lost.resolve();
      client.on("error", fail);
      let timer: NodeJS.Timeout | undefined;
      let isOver = false;
      const release = async (broken: boolean) => {
        if (isOver) return;
        isOver = true;
        clearInterval(timer);
        let isBroken = broken;
        if (!broken) await inTime(client.query("ROLLBACK"), CONNECT_MS).catch(() => (isBroken = true));
        client.off("error", fail);
        client.release(isBroken);
      };
      try {
        await inTime(client.query(begin("READ WRITE", scope, 1)), ANSWER_MS);
        await inTime(client.query(WITHOUT_END), ANSWER_MS);
        const { rows } = await inTime(
          client.query<Columns>("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held", [name]),
          ANSWER_MS,
        );
        if (rows[0]?.["held"] !== true) {
          await release(false);
          return undefined;
        }
      } catch (error) {
        await release(true);
        throw error;
      }
      timer = setInterval(() => void inTime(client.query("SELECT 1"), HERE_MS).catch(fail), HERE_MS).unref();
      let isLost = false;
      void lost.promise.then(() => {
        isLost = true;
      });
      return { lost: lost.promise, release: () => release(isLost) };
    },
    async close() {
      // Idle connections hold no process back, not even while they say goodbye.
      const held = setInterval(() => {}, ANSWER_MS);
      await pool.end();
      clearInterval(held);
    },
  };
}

/** The server was not reached, or has not answered: nothing is known of what was asked. */
class NoAnswer extends Error {}

/** What the server, or the driver of what it was given, says is handed on; all else is the connection's. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const isAbout = SQLSTATE.test(codeOf(error)) || error instanceof TypeError || error instanceof RangeError;
    if (isAbout || error instanceof NoAnswer || !(error instanceof Error)) throw error;
    throw new NoAnswer(error.message || codeOf(error), { cause: error });
  }
}

/** Rejects where no answer comes in time: the connection is then of no use any more. */
async function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new NoAnswer(`no answer from PostgreSQL in ${ms} ms`)), ms);
  try {
    return await Promise.race([reached(answer), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A newer monitor has changed the schema to what this one does not know. */
export class Newer extends Error {
  /** Of the schema. */
  readonly version: number;

  constructor(version: number) {
    super(`the schema has version ${version}`);
    this.version = version;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** SQLSTATE: five letters and digits. Source: PostgreSQL 18, appendix A. */
const SQLSTATE = /^[0-9A-Z]{5}$/;
const isConflict = (error: unknown) => codeOf(error).startsWith("40");
/** The connection is as good as before, once it was rolled back. */
const isStatementError = (error: unknown) =>
  SQLSTATE.test(codeOf(error))
    ? !/^(08|57P)/.test(codeOf(error))
    : !(error instanceof NoAnswer) && codeOf(error) === "";

/** Whether a row was to be stored for which there is no partition: a check that failed, and of no constraint. */
export const isWithoutPartition = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === "23514" && error.constraint === undefined;

/** Whether a table was asked for that is there no more: its week has gone meanwhile. */
export const isWithoutTable = (error: unknown): boolean => codeOf(error) === "42P01";

/** What an error says of the database; undefined where it is about what was to be stored. */
export function troubleOf(error: unknown): StoreTrouble | undefined {
  if (error instanceof Newer) return { code: "store_newer", file: "PostgreSQL", version: error.version };
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  const cause = error.message || code;
  if (code === "53100") return { code: "store_full", cause };
  if (/^(40|53|55P03|57014)/.test(code)) return { code: "store_busy", cause };
  if (/^(22|23|54)/.test(code)) return undefined;
  return code !== "" || error instanceof NoAnswer ? { code: "store_unavailable", cause } : undefined;
}
