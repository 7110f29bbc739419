// Everything that can be wrong, looked at for real; what it means and how to mend it.
// - Looks only; where it may, it fixes what can be fixed without any risk, and looks again.

import type { World } from "../config/world.ts";
import { arrives } from "./doctor/event.ts";
import type { Check, Finding, Patient } from "./doctor/finding.ts";
import { backlog, dropped, errors, monitor, port, rejected, relay } from "./doctor/flow.ts";
import { clock, disk, home, paused, settings, token } from "./doctor/home.ts";
import { copy, hook, host, node } from "./doctor/program.ts";
import { lockdown, registered, twice } from "./doctor/registered.ts";
import { findHost } from "./host.ts";
import { readRegistrations } from "./scope.ts";

/** In the order in which an event comes by. */
const CHECKS: readonly Check[] = [
  home,
  settings,
  paused,
  node,
  copy,
  host,
  registered,
  twice,
  lockdown,
  hook,
  disk,
  clock,
  token,
  port,
  monitor,
  relay,
  backlog,
  rejected,
  dropped,
  errors,
  arrives,
];
const MANAGED: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "/Library/Application Support/ClaudeCode",
  win32: "C:\\Program Files\\ClaudeCode",
};

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
  for (const check of CHECKS) {
    if (world.signal.aborted) return { findings, complete: false };
    const finding = await examine(check, world, known, mayFix);
    findings.push(finding);
    await tell(finding);
  }
  return { findings, complete: true };
}

/** @param managed directory of the settings that an organisation imposes */
export function patientOf(
  io: World,
  host: Patient["host"],
  managed = MANAGED[process.platform] ?? "/etc/claude-code",
): Patient {
  return { io, host, registrations: readRegistrations(io.config.paths.app), managed };
}

async function examine(check: Check, io: World, known: Patient["host"], mayFix: boolean): Promise<Examined> {
  const finding = await check(patientOf(io, known));
  if (!mayFix || !finding.fix) return finding;
  try {
    await finding.fix();
  } catch (error) {
    return { ...finding, meaning: `It could not be fixed: ${(error as Error).message}` };
  }
  const after = await check(patientOf(io, known));
  return after.state === "ok"
    ? { ...after, finding: `${after.finding} (fixed: ${finding.finding})`, fixed: true }
    : after;
}
