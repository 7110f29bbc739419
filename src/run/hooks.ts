// The hooks for one run, where they are not installed: a settings file that is given to Claude Code beside the user's.
// - Never twice: nothing is given where our hooks stand in settings that Claude Code reads anyway, or in a plugin.
// - Settings that the user gives on the command line are kept: ours go into a private copy of them, for this run.
// - Claude Code itself is not asked for anything: it runs once, as without us.

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { valuesOf, without } from "../install/arguments.ts";
import { defaultEvents, handlersFor, type OwnHook, ownHook } from "../install/handler.ts";
import { versionByPlace } from "../install/host.ts";
import { settingsRead } from "../install/scope.ts";
import type { Handler } from "../install/settings.ts";
import { explainOff, hooksOff, pluginEnabled, scopesRead, settingsArgument } from "../install/switches.ts";
import { makeHome } from "../platform/directory.ts";
import { errorMessage } from "../platform/error.ts";
import { replaceFile } from "../platform/file.ts";
import { bundle, isAlive } from "../platform/process.ts";
import { readText } from "../platform/read.ts";
import { nameSystemError } from "../platform/system-error.ts";

const SETTINGS = "--settings";
const COPY = /^run\.settings-(\d+)\.json$/;

export interface RunHooks {
  /** Arguments for Claude Code: the user's, with settings that hold our hooks where they are needed. */
  readonly args: readonly string[];
  /** Where the hooks come from. */
  readonly from: string;
  /** Why there are none. */
  readonly trouble?: string;
  /** A file that is of no use after the run. */
  readonly temporary?: string;
}

/** How Claude Code is to be started. */
export interface Run {
  readonly config: Config;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The user's arguments for it. */
  readonly args: readonly string[];
  /** Path of its program. */
  readonly host: string;
}

export async function hooksFor(run: Run): Promise<RunHooks> {
  const { args } = run;
  const off = hooksOff(run);
  if (off) return { args, from: "nowhere", trouble: explainOff(off) };
  const from = installedIn(run);
  if (from) return { args, from };
  try {
    return await give(run);
  } catch (error) {
    const trouble = nameSystemError(error) ?? errorMessage(error);
    return { args, from: "nowhere", trouble }; // a home that cannot be, or a full disk
  }
}

async function give({ config, cwd, args, host }: Run): Promise<RunHooks> {
  const given = valuesOf(args, SETTINGS).at(-1);
  const handlers = ourHandlers(config, host);
  const added =
    given === undefined ? { text: settingsOf(handlers) } : await addTo(settingsArgument(args, cwd), handlers);
  if ("trouble" in added) return { args, from: "nowhere", trouble: added.trouble };

  makeHome(config.paths.home);
  dropCopies(config.paths.home);
  const file = join(config.paths.home, given === undefined ? "run.settings.json" : `run.settings-${process.pid}.json`);
  if (readText(file) !== added.text) replaceFile(file, added.text);
  const own = { args: [SETTINGS, file, ...without(args, SETTINGS)], from: "this run" };
  return given === undefined ? own : { ...own, temporary: file };
}

/** What makes Claude Code run our hooks when it is started so: a settings file, or a plugin. */
function installedIn({ config, cwd, args }: Run): string | undefined {
  const files = settingsRead(config, cwd, scopesRead(args)).map(({ file }) => ({ where: file, text: readText(file) }));
  for (const { where, text } of [...files, { where: SETTINGS, text: settingsArgument(args, cwd) }])
    if (hooksIn(text).some((hook) => isThere(hook, config))) return where;
  const plugin = pluginEnabled(config, cwd, args);
  if (plugin) return `plugin ${plugin}`;
  const plugins = valuesOf(args, "--plugin-dir").map((dir) => resolve(cwd, dir));
  return plugins.find((dir) => [dir, ...listed(dir)].some((root) => existsSync(join(root, "hooks/mpm-hook"))));
}

const Group = z.looseObject({ hooks: z.array(z.unknown()) });
const Settings = z.looseObject({ hooks: z._default(z.catch(z.record(z.string(), z.array(z.unknown())), {}), {}) });

/** Hooks of ours that a settings file makes Claude Code run; none where it cannot read it. */
function hooksIn(text: string | undefined): OwnHook[] {
  try {
    const { hooks } = Settings.parse(JSON.parse((text ?? "").replace(/^\uFEFF/, "")));
    const handlers = Object.values(hooks)
      .flat()
      .flatMap((group) => Group.safeParse(group).data?.hooks ?? []);
    return handlers.flatMap((handler) => ownHook(handler) ?? []);
  } catch {
    return [];
  }
}

/** A project's entry finds the home that we give to Claude Code. */
function isThere(hook: OwnHook, { paths }: Config): boolean {
  return existsSync(hook.kind === "path" ? hook.path : join(paths.app, "hooks/mpm-hook"));
}

/** The default events, for the hook of the installed copy, else of the package that runs, or of a plugin's copy. */
function ourHandlers({ paths }: Config, host: string): Map<string, Handler> {
  const roots = [paths.app, join(bundle("cli.js"), "../.."), join(bundle("cli.js"), "..")];
  const root = roots.find((dir) => existsSync(join(dir, "hooks/mpm-hook")));
  if (!root) throw new Error("there is no hook beside this program");
  const table = join(root, "hooks/hooks.json");
  const version = versionByPlace(host);
  const target = { platform: process.platform, app: root, node: process.execPath };
  return handlersFor(table, defaultEvents(table), version ? { ...target, host: version } : target);
}

function settingsOf(handlers: ReadonlyMap<string, Handler>): string {
  const hooks = Object.fromEntries([...handlers].map(([event, handler]) => [event, [{ hooks: [handler] }]]));
  return `${JSON.stringify({ hooks }, null, 2)}\n`;
}

/** @param text the settings on the command line; undefined where they cannot be read */
async function addTo(
  text: string | undefined,
  handlers: ReadonlyMap<string, Handler>,
): Promise<{ readonly text: string } | { readonly trouble: string }> {
  if (text === undefined) return { trouble: "the settings file on the command line cannot be read" };
  const { withHooks } = await import("../install/settings.ts");
  const change = withHooks(text, handlers, () => false, {});
  if (!("refusal" in change)) return change;
  const { line, column, reason } = change.refusal;
  return { trouble: `the settings on the command line: line ${line}, column ${column}: ${reason}` };
}

/** Removes the copies of runs that were killed. */
function dropCopies(home: string): void {
  for (const file of listed(home)) {
    const pid = COPY.exec(file.slice(home.length + 1))?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(file, { force: true });
  }
}

function listed(dir: string): string[] {
  try {
    return readdirSync(dir).map((name) => join(dir, name));
  } catch {
    return [];
  }
}
