// mpm uninstall: registrations first, in every scope where they stand, then processes, then files.
// - A registration that cannot be taken out stops it before any file goes: what is registered must exist.
// - The user's data stay unless --purge; files that are not ours stay always.

import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { unifiedDiff } from "../agents/diff.ts";
import { bytes, EXIT, type Io, printable } from "../cli/terminal.ts";
import type { Paths } from "../config/config.ts";
import { relayPid } from "../services/relay.ts";
import { FileTrouble } from "./file.ts";
import { mayBeRunning } from "./host.ts";
import { scopeOf } from "./install.ts";
import { removeLauncher } from "./launcher.ts";
import { withInstallLock } from "./lock.ts";
import { end, runningOf } from "./processes.ts";
import { type Place, type Result, unregister } from "./registration.ts";
import { readRegistrations, SCOPES, settingsFile } from "./scope.ts";

const HELP = `mpm uninstall [--user | --project | --local] [--purge] [--dry-run]

Without a scope: takes the hooks out of every settings file where they were put, ends relay and monitor, and removes
the installed files. What was recorded stays.

  --user, --project, --local   takes the hooks out of this one settings file, and does no more
  --purge                      removes what was recorded, too, with settings, token, logs and backups
  --dry-run                    shows what would be done, and does nothing
`;

/** What a session of 2.1.330 needs is about a second. */
const NOTICED_WITHIN_MS = 5000;
const STARTS_WITHIN_MS = 3000;
const POLL_MS = 20;

export async function uninstall(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      user: { type: "boolean" },
      project: { type: "boolean" },
      local: { type: "boolean" },
      purge: { type: "boolean" },
      "dry-run": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    await io.out(HELP);
    return EXIT.done;
  }
  const everything = !values.user && !values.project && !values.local;
  const scope = scopeOf(values);
  const places = everything ? everywhere(io) : [{ scope, file: settingsFile(scope, io.config, io.cwd) }];
  const dryRun = values["dry-run"] ?? false;
  const work = async () => {
    const { clear, changed } = await unregisterAll(places, io, dryRun);
    if (!clear) {
      if (everything) io.err("mpm: nothing else was removed, as the hooks are still registered. Mend that first.\n");
      return EXIT.failed;
    }
    if (!everything) return EXIT.done;
    if (!dryRun && changed) await letGo(io);
    if (!dryRun) await endAll(io);
    await removeFiles(io, values.purge ?? false, dryRun);
    return EXIT.done;
  };
  return existsSync(io.config.paths.home) && !dryRun ? withInstallLock(io.config.paths.home, work) : work();
}

/** Ends relay and monitor, and also a relay that a hook started a moment ago and that is on its way. */
async function endAll({ config }: Io): Promise<void> {
  while (relayPid(config.paths) === undefined && isStarting(config.paths)) await wait(POLL_MS);
  for (const running of await runningOf(config)) await end(running);
}

/** A hook's claim goes when the relay is up; one that stays is of a relay that cannot start. */
function isStarting({ home }: Paths): boolean {
  const claims = existsSync(home) ? readdirSync(home).filter((name) => name.startsWith("relay.claim-")) : [];
  const ages = claims.map((name) => Date.now() - (statSync(join(home, name), { throwIfNoEntry: false })?.mtimeMs ?? 0));
  return ages.some((age) => age >= 0 && age < STARTS_WITHIN_MS);
}

/** Where our hooks may stand: what we remember, and the places here. */
function everywhere(io: Io): Place[] {
  const remembered = readRegistrations(io.config.paths.app);
  const here = SCOPES.map((scope) => ({ scope, file: settingsFile(scope, io.config, io.cwd) }));
  return [...new Map([...here, ...remembered].map((place) => [place.file, place])).values()];
}

async function unregisterAll(places: readonly Place[], io: Io, dryRun: boolean) {
  let [clear, changed] = [true, false];
  for (const place of places) {
    try {
      const result = await unregister(io.config, place, { ours: isOfThisHome(io.config.paths), dryRun, now: io.now() });
      if (result.done === "refused") clear = false;
      if (result.done === "changed") changed = true;
      await report(result, io, dryRun);
    } catch (error) {
      if (!(error instanceof FileTrouble)) throw error;
      clear = false;
      io.err(`mpm: ${error.message}\n`);
    }
  }
  return { clear, changed };
}

/** A running session takes notice of its settings within seconds; until then it calls the hook, which must be there. */
async function letGo({ out, signal }: Io): Promise<void> {
  if (!(await mayBeRunning())) return;
  await out("mpm: waiting a moment for running sessions of Claude Code to let go of the hooks ...\n");
  await wait(NOTICED_WITHIN_MS, undefined, { signal }).catch(() => {}); // interrupted: at once, then
}

/** A hook of this home, or one that is gone from where it was: another home's that works is not ours to remove. */
function isOfThisHome(paths: Paths): (hook: string) => boolean {
  return (hook) => hook.startsWith(paths.app) || !existsSync(hook);
}

async function report(result: Result, io: Io, dryRun: boolean): Promise<void> {
  const file = printable(result.file);
  if (result.done === "refused") {
    const { line, column, reason } = result.refusal;
    io.err(`mpm: ${file}:${line}:${column}: ${reason}. Mend it, then run this again; nothing was changed.\n`);
  } else if (result.done === "changed") {
    if (dryRun) await io.out(unifiedDiff(result.before ?? "", result.after ?? "", file, file));
    const what =
      result.after === undefined ? `remove ${file}, which held nothing else` : `take the hooks out of ${file}`;
    await io.out(
      dryRun ? `mpm: would ${what}.\n` : `mpm: ${what.replace(/^remove/, "removed").replace(/^take/, "took")}.\n`,
    );
  }
}

interface Holding {
  readonly installed: readonly string[];
  readonly data: readonly string[];
}

/** What in MPM_HOME is ours, by name: the directory may be shared. */
function holdingOf(paths: Paths): Holding {
  const names = existsSync(paths.home) ? readdirSync(paths.home) : [];
  const ours = (pattern: RegExp) => names.filter((name) => pattern.test(name)).map((name) => join(paths.home, name));
  return {
    installed: ours(
      /^(?:app|runtime|disabled|install\.lock|run\.settings.*|relay\.(?:pid|alive|json|boot|claim-.*)|monitor\.(?:json|lock.*))$/,
    ),
    data: ours(/^(?:spool|rejected|log|backups|config\.json|token|(?:relay|monitor)\.db.*)$/),
  };
}

async function removeFiles({ config, out }: Io, purge: boolean, dryRun: boolean): Promise<void> {
  const launcher = removeLauncher(config, dryRun);
  if (launcher && dryRun) await out(`mpm: would remove ${launcher}.\n`);
  const { home } = config.paths;
  const { installed, data } = holdingOf(config.paths);
  const doomed = purge ? [...installed, ...data] : installed;
  if (dryRun) {
    for (const path of doomed) await out(`mpm: would remove ${path} (${bytes(sizeOf(path))}).\n`);
    return;
  }
  for (const path of doomed) rmSync(path, { recursive: true, force: true });
  for (const path of [...data, home]) {
    try {
      rmdirSync(path);
    } catch {
      // a file, or not empty
    }
  }
  const left = data.filter((path) => existsSync(path));
  if (left.length === 0) await out(`mpm: removed. Nothing of ours is left.\n`);
  else {
    const size = left.reduce((sum, path) => sum + sizeOf(path), 0);
    await out(
      `mpm: removed. What was recorded stays in ${home}${sep} (${bytes(size)}); \`mpm uninstall --purge\` removes it.\n`,
    );
  }
}

function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
