// mpm doctor: everything that can be wrong, looked at for real; what it means and how to mend it.
// - Looks only; --fix mends what can be mended without any risk, and looks again.
// - Exit status 0 when events are recorded as they should be, 1 when not.

import { parseArgs } from "node:util";
import { EXIT, type Io, printable } from "../cli/terminal.ts";
import { arrives } from "./doctor/event.ts";
import type { Check, Finding, Patient } from "./doctor/finding.ts";
import { backlog, dropped, errors, monitor, port, rejected, relay } from "./doctor/flow.ts";
import { clock, disk, home, paused, settings, token } from "./doctor/home.ts";
import { copy, hook, host, node } from "./doctor/program.ts";
import { lockdown, registered, twice } from "./doctor/registered.ts";
import { findHost } from "./host.ts";
import { readRegistrations } from "./scope.ts";

const HELP = `mpm doctor [--fix] [--json]

Looks at everything that can keep events from being recorded, and ends by sending one through the registered command
and finding it in the store.

  --fix    mends what can be mended without any risk
  --json   one object: {"ok", "checks": [{"name", "state", "finding", "meaning", "cure", "fixed"}]}

Exit status 0, or 1 when something fails.
`;

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

interface Examined extends Finding {
  readonly fixed?: boolean;
}

export async function doctor(args: string[], io: Io): Promise<number> {
  const options = {
    fix: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) {
    await io.out(HELP);
    return EXIT.done;
  }
  const findings: Examined[] = [];
  const known = await findHost(io.env, io.config.userHome);
  for (const check of CHECKS) {
    if (io.signal.aborted) return EXIT.failed;
    const finding = await examine(check, io, known, values.fix ?? false);
    findings.push(finding);
    if (!values.json) await io.out(describe(finding, io));
  }
  const failed = findings.filter(({ state }) => state === "fail").length;
  const warned = findings.filter(({ state }) => state === "warn").length;
  if (values.json) {
    const checks = findings.map(({ fix: _, ...plain }) => plain);
    await io.out(`${JSON.stringify({ ok: failed === 0, checks })}\n`);
  } else
    await io.out(
      `\n${summary(
        failed,
        warned,
        findings.some(({ fix, fixed }) => fix && !fixed),
      )}\n`,
    );
  return failed === 0 ? EXIT.done : EXIT.failed;
}

/** @param managed directory of the settings that an organisation imposes */
export function patientOf(
  io: Io,
  host: Patient["host"],
  managed = MANAGED[process.platform] ?? "/etc/claude-code",
): Patient {
  return { io, host, registrations: readRegistrations(io.config.paths.app), managed };
}

async function examine(check: Check, io: Io, known: Patient["host"], mayFix: boolean): Promise<Examined> {
  const finding = await check(patientOf(io, known));
  if (!mayFix || !finding.fix) return finding;
  try {
    await finding.fix();
  } catch (error) {
    return { ...finding, meaning: `It could not be mended: ${(error as Error).message}` };
  }
  const after = await check(patientOf(io, known));
  return after.state === "ok"
    ? { ...after, finding: `${after.finding} (mended: ${finding.finding})`, fixed: true }
    : after;
}

function describe({ name, state, finding, meaning, cure, fixed }: Examined, { style }: Io): string {
  const mark = { ok: style.green(fixed ? "✚" : "●"), warn: style.yellow("▲"), fail: style.red("✖") }[state];
  const more = [meaning, cure && `→ ${cure}`].filter((line) => line !== undefined);
  return `${mark} ${style.bold(name.padEnd(10))} ${printable(finding)}\n${more.map((line) => `             ${line}\n`).join("")}`;
}

function summary(failed: number, warned: number, fixable: boolean): string {
  const hint = fixable ? " `mpm doctor --fix` mends what is safe to mend." : "";
  if (failed > 0)
    return `mpm: ${failed} of these ${failed > 1 ? "keep" : "keeps"} events from being recorded as they should be.${hint}`;
  if (warned > 0)
    return `mpm: events are recorded; ${warned} ${warned > 1 ? "things are" : "thing is"} worth a look.${hint}`;
  return "mpm: all is well.";
}
