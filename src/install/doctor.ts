// Everything that can be wrong, looked at for real; what it means and how to mend it.
// - Looks only; where it may, it fixes what can be fixed without any risk, and looks again.

import { existsSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { World } from "../config/world.ts";
import { arrives } from "./doctor/event.ts";
import { extras } from "./doctor/extras.ts";
import type { Check, Finding, Patient } from "./doctor/finding.ts";
import { backlog, dropped, errors, monitor, port, rejected, relay } from "./doctor/flow.ts";
import { clock, disk, home, login, paused, settings, token } from "./doctor/home.ts";
import { findPlugin } from "./doctor/plugin.ts";
import { copy, hook, host, node } from "./doctor/program.ts";
import { lockdown, registered, twice } from "./doctor/registered.ts";
import { hasProvider, hasTeam, signIn, team } from "./doctor/team.ts";
import { findHost } from "./host.ts";
import { readRegistrations } from "./scope.ts";
import { MANAGED_SETTINGS } from "./switches.ts";

/** Whether Claude Code is to be recorded here: a machine that only serves a team's store has no hooks, and lacks none. */
function records({ monitorStore, paths }: Config): boolean {
  return monitorStore === undefined || existsSync(paths.app);
}

/** Under the names of their findings, in the order in which an event comes by. */
const CHECKS: readonly NamedCheck[] = [
  ["home", home],
  ["config", settings],
  ["switch", paused],
  ["node", node],
  ["program", copy, records],
  ["host", host, records],
  ["registered", registered, records],
  ["once", twice, records],
  ["extras", extras, records],
  ["allowed", lockdown, records],
  ["hook", hook, records],
  ["disk", disk],
  ["clock", clock],
  ["token", token],
  ["port", port],
  ["monitor", monitor],
  ["login", login],
  ["relay", relay],
  ["spool", backlog],
  ["rejected", rejected],
  ["losses", dropped],
  ["logs", errors],
  ["team", team, hasTeam],
  ["sign-in", signIn, hasProvider],
  ["event", arrives, records],
];
type NamedCheck = readonly [name: string, check: Check, isMade?: (config: Config) => boolean];

export interface Examined extends Finding {
  readonly fixed?: boolean;
}

/** Looks at everything, and tells each finding as it is made. Returns all; fewer where it was interrupted. */
export async function doctor(
  world: World,
  mayFix: boolean,
  tell: (finding: Examined) => Promise<void>,
): Promise<{ readonly findings: readonly Examined[]; readonly complete: boolean }> {
  const findings: Examined[] = [];
  const known = await findHost(world.env, world.config.userHome);
  for (const check of CHECKS.filter(([, , isMade]) => isMade?.(world.config) ?? true)) {
    if (world.signal.aborted) return { findings, complete: false };
    const finding = await examine(check, world, known, mayFix);
    findings.push(finding);
    await tell(finding);
  }
  return { findings, complete: true };
}

/** @param managed directory of the settings that an organisation imposes */
export function patientOf(io: World, host: Patient["host"], managed = MANAGED_SETTINGS): Patient {
  return { io, host, registrations: readRegistrations(io.config.paths.app), plugin: findPlugin(io), managed };
}

/** A check that cannot be made is a finding, and the others are made. */
export async function attempt([name, check]: NamedCheck, patient: () => Patient): Promise<Finding> {
  try {
    return await check(patient());
  } catch (error) {
    return {
      name,
      state: "warn",
      finding: `this could not be looked at: ${(error as Error).message}`,
      meaning: "The other checks do not depend on it.",
    };
  }
}

async function examine(check: NamedCheck, io: World, known: Patient["host"], mayFix: boolean): Promise<Examined> {
  const finding = await attempt(check, () => patientOf(io, known));
  if (!mayFix || !finding.fix) return finding;
  try {
    await finding.fix();
  } catch (error) {
    return { ...finding, meaning: `It could not be fixed: ${(error as Error).message}` };
  }
  const after = await attempt(check, () => patientOf(io, known));
  return after.state === "ok"
    ? { ...after, finding: `${after.finding} (fixed: ${finding.finding})`, fixed: true }
    : after;
}
