// What the monitor shows of a session of the real host.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SessionSummary } from "../../src/contract/session.ts";
import { until } from "../world.ts";

const STATE_LIMIT_MS = 20_000;

/** The home's only session as the API shows it; undefined while there is none, or no monitor. */
export async function sessionAt(mpmHome: string): Promise<SessionSummary | undefined> {
  const answer = await ask(mpmHome, "/api/sessions");
  if (typeof answer !== "object" || answer === null || !("sessions" in answer) || !Array.isArray(answer.sessions))
    return undefined;
  const [first] = answer.sessions;
  return first === undefined ? undefined : SessionSummary.parse(first);
}

/** The answer of the home's monitor; undefined while there is none. */
export async function ask(mpmHome: string, path: string): Promise<unknown> {
  const address = join(mpmHome, "monitor.json");
  if (!existsSync(address)) return undefined;
  const { url } = JSON.parse(readFileSync(address, "utf8")) as { url: string };
  const authorization = `Bearer ${readFileSync(join(mpmHome, "token"), "utf8").trim()}`;
  return (await fetch(url + path, { headers: { authorization } })).json();
}

/** Waits until the session is as asked for. */
export async function seen(
  mpmHome: string,
  what: string,
  is: (session: SessionSummary) => boolean,
): Promise<SessionSummary> {
  let session: SessionSummary | undefined;
  const there = async () => {
    session = await sessionAt(mpmHome);
    return session !== undefined && is(session);
  };
  await until(there, STATE_LIMIT_MS, what).catch((error: Error) => {
    throw new Error(`${error.message}; it is ${JSON.stringify(session)}`);
  });
  return session as SessionSummary;
}
