// Taking a machine or a person out of a team, with all that lets them in.

import type { TeamStore } from "../team.ts";
import type { Statements } from "./connection.ts";

type Which = Parameters<TeamStore["revoke"]>[0];

/** Answers how many devices and people it was. */
export async function revoke(
  sql: Statements,
  tenant: string,
  which: Which,
  at: number,
): Promise<{ readonly devices: number; readonly people: number }> {
  const column = "device" in which ? "id" : "person";
  const id = "device" in which ? which.device : which.person;
  const whose = "person" in which ? "SELECT $2" : "SELECT person FROM mpm.device WHERE tenant = $1 AND id = $2";
  // Who makes a code holds this, too.
  await sql.run(`SELECT 1 FROM mpm.person WHERE tenant = $1 AND id = (${whose}) FOR UPDATE`, [tenant, id]);
  const devices = await sql.run(
    `UPDATE mpm.device SET revoked_at = $3 WHERE tenant = $1 AND ${column} = $2 AND revoked_at IS NULL`,
    [tenant, id, at],
  );
  let people = 0;
  if ("person" in which) {
    people = await sql.run(
      "UPDATE mpm.person SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL",
      [tenant, id, at],
    );
  }
  // Whoever had the device's token may have signed browsers in and made codes by it: its person does so anew. Codes
  // come first: one that is just being used makes this wait, and then the browser that it signs in is seen.
  for (const owned of ["code WHERE person", "code WHERE made_by", "visit WHERE person"])
    await sql.run(`DELETE FROM mpm.${owned} = (${whose}) AND tenant = $1`, [tenant, id]);
  return { devices, people };
}
