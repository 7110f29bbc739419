// The partitions that events of this week are written to.

import { text } from "../columns.ts";
import type { Database } from "./connection.ts";
import { isTable, PARTITION_OPTIONS, SCHEMA_LOCK, WEEKLY, WITHOUT_STATISTICS } from "./migrations.ts";
import type { Scope } from "./scope.ts";

/** Events of a week that a process has stored when its partitions are analysed. */
const ANALYSED_AT: readonly number[] = [2000, 20_000, 200_000];

export interface Partitions {
  prepare(week: number): Promise<void>;
  /** Looks anew the next time: one that was there may have been taken away. */
  doubt(): void;
  stored(week: number, count: number): Promise<void>;
}

export function openPartitions(database: Database, scope: Scope): Partitions {
  const { tenant } = scope;
  let ready = -1;
  /** Events of this week by this process. */
  let written = 0;
  return {
    /** Makes place for the events of this week and the next, once. */
    async prepare(week) {
      if (ready === week) return;
      await database.write(scope, async (sql) => {
        await sql.run("INSERT INTO mpm.counter VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING", [tenant]);
        const names = [week, week + 1].flatMap((each) => WEEKLY.map((table) => `${table}_w${each}`));
        const missing = async () => {
          const found = await sql.rows(`SELECT name FROM unnest($1::text[]) AS name WHERE NOT ${isTable("name")}`, [
            names,
          ]);
          return found.map((row) => text(row, "name"));
        };
        if ((await missing()).length === 0) return;
        await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
        for (const name of await missing()) {
          const [, given, number] = /^([a-z]+)_w(\d+)$/.exec(name) ?? [];
          const table = WEEKLY.find((one) => one === given);
          if (!table) continue;
          const options = table === "words" ? PARTITION_OPTIONS.words : "";
          // Made apart and then attached: that waits for nobody who reads the table, such as a backup that takes hours.
          await sql.run(`CREATE TABLE mpm.${name} (LIKE mpm.${table} INCLUDING ALL) ${options}`);
          for (const column of WITHOUT_STATISTICS[table])
            await sql.run(`ALTER TABLE mpm.${name} ALTER COLUMN ${column} SET STATISTICS 0`);
          await sql.run(`ALTER TABLE mpm.${table} ATTACH PARTITION mpm.${name} FOR VALUES IN (${number})`);
        }
      });
      ready = week;
      written = 0;
    },
    doubt() {
      ready = -1;
    },
    /**
     * Tells the planner what a young partition holds, of which it knows nothing until autovacuum comes by. It is for
     * statistics and filters alone: an event, and what a search finds, are read by their indexes without it.
     */
    async stored(week, count) {
      const before = written;
      written += count;
      if (!ANALYSED_AT.some((at) => before < at && written >= at)) return;
      await database.write(scope, async (sql) => {
        for (const table of WEEKLY) await sql.run(`ANALYZE mpm.${table}_w${week}`);
        await sql.run("ANALYZE mpm.session");
      });
    },
  };
}
