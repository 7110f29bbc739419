// mpm install: registers the hooks with Claude Code, and says what was changed.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { keepAtLogin, ownLoginService } from "../install/at-login.ts";
import { EXTRAS, type Extra, type ExtraResult } from "../install/extras.ts";
import { allowedEvents, defaultEvents, isClaudeMpm } from "../install/handler.ts";
import {
  install,
  type Plan,
  packageRoot,
  planFor,
  type Step,
  type Trial,
  tableOf,
  tryOut,
  type Unfit,
} from "../install/install.ts";
import { NOEXEC_CURE, noexecTrouble } from "../install/noexec.ts";
import type { Result } from "../install/registration.ts";
import { mainCheckout } from "../install/scope.ts";
import { handlersIn } from "../install/settings.ts";
import { explainOff, hooksOff } from "../install/switches.ts";
import { unifiedDiff } from "../platform/diff.ts";
import { printable, span } from "../platform/text.ts";
import { VERSION } from "../platform/version.ts";
import { monitorUrl } from "../services/client.ts";
import { end, type Running, runningOf } from "../services/running.ts";
import { type Call, flag, text, value } from "./arguments.ts";
import { explained } from "./ask.ts";
import { command } from "./command.ts";
import { SCOPE_OPTIONS, scopeOf } from "./scope.ts";
import { EXIT, type Io, jsonFor, UsageError } from "./terminal.ts";

const NEVER: Readonly<Record<string, string>> = {
  WorktreeCreate: "whoever registers it has to create the worktrees instead of git",
};

const OPTIONS = {
  ...SCOPE_OPTIONS,
  user: { ...SCOPE_OPTIONS.user, about: `${SCOPE_OPTIONS.user.about} (default)` },
  events: text(
    "LIST",
    "names with commas between; `default` stands for the default ones, `all` for these and MessageDisplay, FileChanged, WorktreeRemove",
    { offered: ["default", "all", ...allowedEvents()] },
  ),
  "dry-run": flag("show what would be changed, and change nothing"),
  json: flag("one JSON object: what was registered where, and what else was done"),
  mcp: flag("register the MCP server, too: Claude can look past sessions up"),
  statusline: flag("let Claude Code's status line say what waits in other sessions, where you have none"),
  try: flag("start the monitor, send an event through the hook, and say how long it took"),
  "at-login": flag("keep the monitor running from every login on, so that a bookmark of the dashboard always works"),
  "host-version": value(
    "V",
    "the version of Claude Code, where it cannot be asked",
    "a version such as 2.1.330",
    (given) => (/^\d+\.\d+\.\d+$/.test(given) ? given : undefined),
  ),
};

export const verb = command({
  text: ["Registers the hooks with Claude Code. Only what is ours is changed; the file as it was is kept as a backup."],
  options: OPTIONS,
  exclusive: [["user", "project", "local"]],
  notes: ["Run it again after an upgrade of Claude Code: new kinds of events are added."],
  run,
});

/** What --json says, as far as it has been done. */
interface Told {
  result?: Result;
  unfit?: Unfit;
  readonly extras: { readonly name: Extra; readonly file: string; readonly done: ExtraResult["done"] }[];
  readonly replaced: Running[];
  trial?: Trial;
}

async function run({ options }: Call<typeof OPTIONS>, given: Io): Promise<number> {
  const io: Io = options.json ? { ...given, out: async () => {} } : given;
  const table = tableOf(packageRoot());
  if (!existsSync(table)) {
    io.err(
      `mpm: this copy, ${join(packageRoot(), "dist")}, is a plugin and cannot be installed from. Run \`npx mpm-hook install\`, or ./install.sh in a checkout.\n`,
    );
    return EXIT.failed;
  }
  const scope = scopeOf(options) ?? "user";
  const events = options.events === undefined ? undefined : parseEvents(options.events, defaultEvents(table, scope));
  const extras = EXTRAS.filter((extra) => options[extra]);
  const plan = await planFor(io, scope, events, options["host-version"], table, undefined, extras);
  const dryRun = options["dry-run"];
  const told: Told = { extras: [], replaced: [] };
  const { registered, command } = await install(io, plan, dryRun, (step) => {
    keep(step, told);
    return report(step, plan, io, dryRun);
  });
  const status = registered ? await goOn({ io, plan, options, command, told }) : EXIT.failed;
  if (options.json)
    await given.out(
      `${jsonFor(given, { registered, dryRun, ...forPrograms(plan, told), command, ok: status === EXIT.done })}\n`,
    );
  return status;
}

interface Going {
  readonly io: Io;
  readonly plan: Plan;
  readonly options: Call<typeof OPTIONS>["options"];
  readonly command: string;
  readonly told: Told;
}

/** What comes after the registration. */
async function goOn({ io, plan, options, command, told }: Going): Promise<number> {
  const dryRun = options["dry-run"];
  if (options["at-login"] && !(await keepRunning(io, dryRun))) return EXIT.failed;
  if (options.try && !dryRun) told.trial = await tryOut(io, plan);
  const tried = told.trial ? await reportTrial(io, plan, told.trial, command) : EXIT.done;
  const runsHooks = warnOfOff(io);
  return tried === EXIT.done && options.try && !runsHooks ? EXIT.failed : tried;
}

function keep(step: Step, told: Told): void {
  if (step.kind === "registered") told.result = step.result;
  else if (step.kind === "unfit") told.unfit = step.reason;
  else if (step.kind === "extra")
    told.extras.push({ name: step.extra, file: step.result.file, done: step.result.done });
  else told.replaced.push(step.running);
}

function forPrograms({ scope, file, wanted, leftOut, host }: Plan, { result, unfit, extras, replaced, trial }: Told) {
  return {
    scope,
    file,
    done: result?.done ?? null,
    refusal: result?.done === "refused" ? result.refusal : (unfit ?? null),
    backup: result && "backup" in result ? (result.backup ?? null) : null,
    events: [...wanted.keys()],
    leftOut,
    host: host ?? null,
    extras,
    replaced,
    trial: trial ?? null,
  };
}

/** Says what keeps Claude Code from running hooks, when it is started from here. Returns whether nothing does. */
function warnOfOff({ config, cwd, env, err }: Io): boolean {
  const off = hooksOff({ config, cwd, env, args: [] });
  if (off) err(`mpm: Claude Code runs no hooks here: ${printable(explainOff(off))}. \`mpm doctor\` says what helps.\n`);
  return off === undefined;
}

/** Hands the monitor over to the system, which starts it at every login. Returns false where a file is in the way. */
async function keepRunning(io: Io, dryRun: boolean): Promise<boolean> {
  const service = ownLoginService(io);
  const file = printable(service.file);
  if (dryRun) {
    await io.out(
      `mpm: would write ${file} for ${service.system}:\n\n${service.text.split("\n").map(printable).join("\n")}\n`,
    );
    return true;
  }
  // The one that runs now was started by hand or by a relay, and would be in the way.
  for (const running of await runningOf(io.config)) if (running.name === "monitor") await end(running);
  const kept = keepAtLogin(service, io.env);
  if (kept.done === "foreign") {
    io.err(`mpm: ${file} is there and is not ours. Move it away, then run this again.\n`);
    return false;
  }
  const { notTaken } = kept;
  if (notTaken)
    io.err(
      `mpm: \`${printable(notTaken.command)}\` failed: ${printable(notTaken.said)}. ${file} is written; the monitor starts with the next login.\n`,
    );
  else await io.out(`${io.style.green("mpm:")} the monitor runs from now on, and from every login: ${file}.\n`);
  return true;
}

function parseEvents(list: string, usual: readonly string[]): string[] {
  const allowed = allowedEvents();
  const names = list.split(",").flatMap((word) => {
    const name = word.trim();
    if (name === "default") return usual;
    if (name === "all") return allowed;
    const reason = NEVER[name];
    if (reason) throw new UsageError(`--events: ${name} is never registered: ${reason}.`);
    if (!allowed.includes(name)) throw new UsageError(`--events: there is no event "${name}".`);
    return [name];
  });
  return [...new Set(names)];
}

async function report(step: Step, plan: Plan, io: Io, dryRun: boolean): Promise<void> {
  if (step.kind === "unfit") return io.err(`mpm: ${explainUnfit(step.reason)} Nothing was registered.\n`);
  if (step.kind === "registered") return reportRegistration(step.result, plan, io, dryRun);
  if (step.kind === "extra") return reportExtra(step.extra, step.result, io, dryRun);
  const { name, version } = step.running;
  await io.out(`mpm: replaced the running ${name}${version ? ` (${version})` : ""} by ${VERSION}.\n`);
}

const EXTRA_NAMES = { mcp: "the MCP server", statusline: "the status line" } as const;

async function reportExtra(extra: Extra, result: ExtraResult, io: Io, dryRun: boolean): Promise<void> {
  const name = EXTRA_NAMES[extra];
  const file = printable(result.file);
  switch (result.done) {
    case "taken":
      return io.err(`mpm: ${name} was not registered: ${file} has another one there, which stays.\n`);
    case "refused": {
      const { line, column, reason } = result.refusal;
      return io.err(`mpm: ${file}:${line}:${column}: ${reason}. Correct it, then run this again for ${name}.\n`);
    }
    case "changed":
      return io.out(`mpm: ${dryRun ? "would register" : "registered"} ${name} in ${file}.\n`);
    case "unchanged":
      return io.out(`mpm: already registered: ${name} in ${file}.\n`);
  }
}

function explainUnfit(reason: Unfit): string {
  switch (reason.code) {
    case "noexec":
      return `${noexecTrouble(printable(reason.home))}. ${NOEXEC_CURE}`;
    case "config_dir_empty":
      return `CLAUDE_CONFIG_DIR is set and empty: ${FROM_START} Unset it, then run this again.`;
    case "config_dir_relative":
      return `CLAUDE_CONFIG_DIR is not an absolute path: ${FROM_START} Make it one, then run this again.`;
  }
}

const FROM_START = "Claude Code then looks for its settings from the directory that it is started in.";

/** What follows from where it was registered. */
async function remarkOn({ scope }: Plan, { config, cwd, env, out }: Io): Promise<void> {
  if (scope === "local") {
    const main = mainCheckout(cwd);
    if (main === undefined)
      await out(`     Claude Code reads it when it is started in ${printable(cwd)} itself, not in a folder below.\n`);
    else if (main !== cwd)
      await out(`     Claude Code reads it in the whole repository ${printable(main)} and its worktrees.\n`);
  }
  if (scope !== "project") return;
  await out(
    "     Claude Code reads it when it is started in this folder itself. Commit it for everybody who works here:\n" +
      "     it does nothing where mpm is not installed, and leaves an event to the user's own hooks where there are any.\n",
  );
  if (config.paths.home !== join(config.userHome, ".claude-mpm") && env["MPM_HOME"])
    await out(
      `     On this machine it needs MPM_HOME=${printable(config.paths.home)} in the environment of Claude Code.\n`,
    );
}

async function reportRegistration(result: Result, plan: Plan, io: Io, dryRun: boolean): Promise<void> {
  const { style } = io;
  if (result.done === "refused") {
    const { line, column, reason } = result.refusal;
    io.err(`mpm: ${result.file}:${line}:${column}: ${reason}. Correct it, then run this again; nothing was changed.\n`);
    return;
  }
  if (result.done === "changed") {
    const diff = unifiedDiff(result.before ?? "", result.after ?? "", result.file, result.file);
    await io.out(colourDiff(diff, io));
  }
  const host = plan.host ? `Claude Code ${plan.host}` : "a recent Claude Code (none was found to ask)";
  const what = `${plan.wanted.size} events in ${result.file} for ${host}`;
  if (dryRun)
    await io.out(`mpm: ${result.done === "changed" ? `would register ${what}` : `nothing to do: ${what}`}.\n`);
  else if (result.done === "changed") await io.out(`${style.green("mpm:")} registered ${what}.\n`);
  else await io.out(`mpm: already registered: ${what}.\n`);
  if ("backup" in result && result.backup) await io.out(style.dim(`     The file as it was: ${result.backup}\n`));
  if (plan.leftOut.length > 0)
    await io.out(`     Left out, as this Claude Code does not know them: ${plan.leftOut.join(", ")}.\n`);
  await remarkOn(plan, io);
  if (hasClaudeMpm(result.after))
    await io.out("     claude-mpm's own hook handler is registered there, too. It is not ours and stays as it is.\n");
  if (existsSync(io.config.paths.disabled)) await io.out("     The hooks are paused. `mpm resume` lets them record.\n");
}

function colourDiff(diff: string, { style }: Io): string {
  return diff.replace(/^([+-]).*$/gm, (line, mark) => (mark === "+" ? style.green(line) : style.red(line)));
}

function hasClaudeMpm(text: string | undefined): boolean {
  const found = handlersIn(text ?? "");
  return "handlers" in found && found.handlers.some(({ handler }) => isClaudeMpm(handler));
}

async function reportTrial(io: Io, plan: Plan, trial: Trial, command: string): Promise<number> {
  if (trial.kind === "arrived") {
    const { hook, arrival } = trial;
    await io.out(
      `${io.style.green("mpm:")} an event went through: the hook took ${hook.ms.toFixed(1)} ms, it was stored after ${span(arrival.ms)}.\n` +
        `     To watch:  ${command} monitor open   (${monitorUrl(io.config)} in the browser)\n` +
        `                ${command} tail           (here)\n` +
        `     In doubt:  ${command} doctor\n`,
    );
    return EXIT.done;
  }
  io.err(`mpm: ${troubleOf(trial, plan)}\n`);
  return EXIT.failed;
}

function troubleOf(trial: Exclude<Trial, { kind: "arrived" }>, { file }: Plan): string {
  switch (trial.kind) {
    case "no_monitor":
      return `the monitor did not start: ${printable(explained(trial.reason))}`;
    case "no_handler":
      return `no handler of ours is in ${file} any more. Run \`mpm install\` again.`;
    case "hook_failed":
      return `the hook was run and failed: ${trial.trouble}. \`mpm doctor\` looks further.`;
    case "lost":
      return `the hook took the event in ${span(trial.hook.ms)}, but ${trial.trouble}. \`mpm doctor\` looks further.`;
  }
}
