// Events lie in partitions by the week in which they were stored.

import { integer } from "../columns.ts";
import type { Statements } from "./connection.ts";

const WEEK_MS = 7 * 86_400_000;

export const weekOf = (ms: number): number => Math.floor(ms / WEEK_MS);

/** Numbers of the weeks that have a partition, the latest first. */
export async function weeksOf(sql: Statements): Promise<number[]> {
  const found = await sql.rows(`SELECT substring(c.relname FROM 'event_w([0-9]+)')::integer AS week
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mpm.event'::regclass ORDER BY week DESC`);
  return found.map((row) => integer(row, "week"));
}
