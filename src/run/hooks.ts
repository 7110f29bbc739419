// The hooks for one run, where they are not installed: a settings file that is given to Claude Code beside the user's.
// - Never twice: nothing is given where our hooks stand in settings that Claude Code reads anyway, or in a plugin.
// - Settings that the user gives on the command line are kept: ours go into a private copy of them, for this run.
// - Claude Code itself is not asked for anything: it runs once, as without us.

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { defaultEvents, handlersFor, hookOf } from "../install/handler.ts";
import { versionByPlace } from "../install/host.ts";
import { SCOPES, settingsFile } from "../install/scope.ts";
import type { Handler } from "../install/settings.ts";
import { makeHome } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { bundle, isAlive } from "../platform/process.ts";
import { valuesOf, without } from "./options.ts";

const SETTINGS = "--settings";
const PLUGIN = /^mpm-hook@/;
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

/**
 * @param args the user's arguments for Claude Code
 * @param host path of its program
 */
export async function hooksFor(config: Config, cwd: string, args: readonly string[], host: string): Promise<RunHooks> {
  const from = installedIn(config, cwd, args);
  if (from) return { args, from };
  try {
    return await give(config, cwd, args, host);
  } catch (error) {
    return { args, from: "nowhere", trouble: (error as Error).message }; // a home that cannot be, or a full disk
  }
}

async function give(config: Config, cwd: string, args: readonly string[], host: string): Promise<RunHooks> {
  const given = valuesOf(args, SETTINGS).at(-1);
  const handlers = ourHandlers(config, host);
  const added = given === undefined ? { text: settingsOf(handlers) } : await addTo(given, cwd, handlers);
  if ("trouble" in added) return { args, from: "nowhere", ...added };

  makeHome(config.paths.home);
  dropCopies(config.paths.home);
  const file = join(config.paths.home, given === undefined ? "run.settings.json" : `run.settings-${process.pid}.json`);
  if (read(file) !== added.text) replaceFile(file, added.text);
  const own = { args: [SETTINGS, file, ...without(args, SETTINGS)], from: "this run" };
  return given === undefined ? own : { ...own, temporary: file };
}

/** What makes Claude Code run our hooks when it is started so: a settings file, or a plugin. */
function installedIn(config: Config, cwd: string, args: readonly string[]): string | undefined {
  const sources = valuesOf(args, "--setting-sources").at(-1)?.split(",");
  const scopes = SCOPES.filter((scope) => !sources || sources.some((source) => source.trim() === scope));
  const given = valuesOf(args, SETTINGS).at(-1);
  const texts = scopes.map((scope) => settingsFile(scope, config, cwd)).map((file) => [file, read(file)] as const);
  if (given !== undefined) texts.push([SETTINGS, textGiven(given, cwd)]);
  for (const [file, text] of texts) {
    const settings = parse(text);
    if (settings.handlers.some(isOurs)) return file;
    if (settings.plugin) return `plugin ${settings.plugin}`;
  }
  const plugins = valuesOf(args, "--plugin-dir").map((dir) => resolve(cwd, dir));
  return plugins.find((dir) => [dir, ...listed(dir)].some((root) => existsSync(join(root, "hooks/mpm-hook"))));
}

const Group = z.looseObject({ hooks: z.array(z.unknown()) });
const Settings = z.looseObject({
  hooks: z.record(z.string(), z.array(z.unknown())).catch({}).default({}),
  enabledPlugins: z.record(z.string(), z.unknown()).catch({}).default({}),
});

/** What a settings file makes Claude Code run; nothing where it cannot read it. */
function parse(text: string | undefined): { handlers: unknown[]; plugin: string | undefined } {
  try {
    const { hooks, enabledPlugins } = Settings.parse(JSON.parse((text ?? "").replace(/^\uFEFF/, "")));
    const groups = Object.values(hooks).flat();
    return {
      handlers: groups.flatMap((group) => Group.safeParse(group).data?.hooks ?? []),
      plugin: Object.keys(enabledPlugins).find((name) => PLUGIN.test(name) && enabledPlugins[name] === true),
    };
  } catch {
    return { handlers: [], plugin: undefined };
  }
}

function isOurs(handler: unknown): boolean {
  const hook = hookOf(handler);
  return hook !== undefined && existsSync(hook);
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

/** @param given file or JSON, as on the command line */
async function addTo(
  given: string,
  cwd: string,
  handlers: ReadonlyMap<string, Handler>,
): Promise<{ text: string } | { trouble: string }> {
  const text = textGiven(given, cwd);
  if (text === undefined) return { trouble: `${given} cannot be read` };
  const { withHooks } = await import("../install/settings.ts");
  const change = withHooks(text, handlers, () => false, {});
  if (!("refusal" in change)) return change;
  const { line, column, reason } = change.refusal;
  return { trouble: `the settings on the command line: line ${line}, column ${column}: ${reason}` };
}

/** Claude Code takes a file or JSON. */
function textGiven(value: string, cwd: string): string | undefined {
  return value.trimStart().startsWith("{") ? value : read(resolve(cwd, value));
}

/** The text of a regular file; undefined where there is none. */
function read(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  }
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
