// mpm uninstall: removes the hooks and what was installed, and says what stays.

import { sep } from "node:path";
import type { Result } from "../install/registration.ts";
import { type Step, uninstall } from "../install/uninstall.ts";
import { unifiedDiff } from "../platform/diff.ts";
import { bytes, printable } from "../platform/text.ts";
import { type Call, flag } from "./arguments.ts";
import { command } from "./command.ts";
import { SCOPE_OPTIONS, scopeOf } from "./scope.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const OPTIONS = {
  ...SCOPE_OPTIONS,
  purge: flag("remove what was recorded, too, with settings, token, logs and backups"),
  "dry-run": flag("show what would be done, and do nothing"),
  json: flag("one JSON object: what was taken out where, what goes, and what stays"),
};

export const verb = command({
  text: [
    "Takes the hooks out of every settings file that they were written to, ends relay and monitor, and removes the installed files. What was recorded stays.",
    "With --user, --project or --local: takes the hooks out of that one settings file, and does no more.",
  ],
  options: OPTIONS,
  exclusive: [["user", "project", "local"]],
  run,
});

async function run({ options }: Call<typeof OPTIONS>, given: Io): Promise<number> {
  const io: Io = options.json ? { ...given, out: async () => {} } : given;
  const dryRun = options["dry-run"];
  const wishes = { scope: scopeOf(options), purge: options.purge, dryRun };
  const steps: Step[] = [];
  const done = await uninstall(io, wishes, (step) => {
    steps.push(step);
    return report(step, io, dryRun);
  });
  if (options.json) await given.out(`${jsonFor(given, { ok: done, dryRun, ...forPrograms(steps, io) })}\n`);
  return done ? EXIT.done : EXIT.failed;
}

function forPrograms(steps: readonly Step[], { config }: Io) {
  const ofResult = ({ file, done }: Result) => ({ file, done });
  return {
    settings: steps.flatMap((step) => (step.kind === "unregistered" ? [ofResult(step.result)] : [])),
    extras: steps.flatMap((step) => (step.kind === "extra" ? [{ name: step.extra, ...ofResult(step.result) }] : [])),
    /** In a dry run: what would go. */
    paths: steps.flatMap((step) => (step.kind === "doomed" ? [{ path: step.path, bytes: step.bytes ?? null }] : [])),
    stays: steps.flatMap((step) => (step.kind === "shared" ? [step.file] : step.kind === "foreign" ? [step.path] : [])),
    home: config.paths.home,
    leftBytes: steps.flatMap((step) => (step.kind === "removed" ? [step.leftBytes] : []))[0] ?? null,
  };
}

async function report(step: Step, io: Io, dryRun: boolean): Promise<void> {
  const { home } = io.config.paths;
  switch (step.kind) {
    case "unregistered":
      return reportChange(step.result, io, dryRun);
    case "extra":
      return reportChange(step.result, io, dryRun, EXTRA_NAMES[step.extra]);
    case "shared":
      return io.out(
        `mpm: ${printable(step.file)} is the project's and stays: it does nothing where mpm is not installed. \`mpm uninstall --project\` takes the hooks out for everybody.\n`,
      );
    case "blocked":
      return io.err(`mpm: ${step.said}\n`);
    case "stopped":
      return io.err("mpm: nothing else was removed, as the hooks are still registered. Correct that first.\n");
    case "still_running":
      return io.err(
        `mpm: the ${step.running.name} (pid ${step.running.pid}) cannot be ended: it may be another user's. Nothing else was removed; end it, then run this again.\n`,
      );
    case "waiting":
      return io.out("mpm: waiting a moment for running sessions of Claude Code to let go of the hooks ...\n");
    case "doomed":
      return io.out(`mpm: would remove ${step.path}${step.bytes === undefined ? "" : ` (${bytes(step.bytes)})`}.\n`);
    case "foreign":
      return io.out(`mpm: ${printable(step.path)} is not of mpm alone and stays.\n`);
    case "removed":
      return io.out(
        step.leftBytes === 0
          ? "mpm: removed. Nothing of ours is left.\n"
          : `mpm: removed. What was recorded stays in ${home}${sep} (${bytes(step.leftBytes)}); \`mpm uninstall --purge\` removes it.\n`,
      );
  }
}

const EXTRA_NAMES = { mcp: "the MCP server", statusline: "the status line" } as const;

async function reportChange(result: Result, io: Io, dryRun: boolean, what = "the hooks"): Promise<void> {
  const file = printable(result.file);
  if (result.done === "refused") {
    const { line, column, reason } = result.refusal;
    io.err(`mpm: ${file}:${line}:${column}: ${reason}. Correct it, then run this again; nothing was changed.\n`);
  } else if (result.done === "changed") {
    if (dryRun) await io.out(unifiedDiff(result.before ?? "", result.after ?? "", file, file));
    const gone = result.after === undefined;
    const [would, did] = gone
      ? [`remove ${file}, which held nothing else`, `removed ${file}, which held nothing else`]
      : [`take ${what} out of ${file}`, `took ${what} out of ${file}`];
    await io.out(dryRun ? `mpm: would ${would}.\n` : `mpm: ${did}.\n`);
  }
}
