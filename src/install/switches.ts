// What makes Claude Code run no hooks, or only some: settings, options, variables. Asked of 2.1.330.
// - `disableAllHooks` is one setting: the last word of command line, local, project and user settings counts, above all
//   of them that of the organisation. It covers hooks of plugins, too.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { readText } from "../platform/read.ts";
import { valuesOf } from "./arguments.ts";
import { SCOPES, type Scope, settingsRead } from "./scope.ts";

const PLUGIN = /^mpm-hook@/;
const MANAGED: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "/Library/Application Support/ClaudeCode",
  win32: "C:\\Program Files\\ClaudeCode",
};
/** Where an organisation's settings are. */
export const MANAGED_SETTINGS = MANAGED[process.platform] ?? "/etc/claude-code";
const OPTIONS = ["--bare", "--safe-mode"];
const VARIABLES = ["CLAUDE_CODE_SIMPLE", "CLAUDE_CODE_SAFE_MODE"];
const IS_TRUE = /^(?:1|true|yes|on)$/i;
/** The strongest first. */
const PRECEDENCE: readonly Scope[] = ["local", "project", "user"];

const maybe = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

const Switches = z.looseObject({
  disableAllHooks: maybe(z.boolean()),
  allowManagedHooksOnly: maybe(z.boolean()),
  strictPluginOnlyCustomization: maybe(z.union([z.boolean(), z.array(z.string())])),
  enabledPlugins: maybe(z.record(z.string(), z.unknown())),
});
export type Switches = z.infer<typeof Switches>;

/** Why hooks of ours would not run. `where` is a file, or --settings. */
export type Off =
  | { readonly code: "option"; readonly name: string }
  | { readonly code: "variable"; readonly name: string }
  | { readonly code: "setting"; readonly where: string }
  | { readonly code: "managed_hooks_only"; readonly where: string }
  | { readonly code: "plugins_only"; readonly where: string };

/** How Claude Code is started. */
export interface Start {
  readonly config: Config;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Directory of the organisation's settings. */
  readonly managed?: string;
}

/** What keeps Claude Code from running hooks of ours when it is started so; undefined: nothing that we know. */
export function hooksOff({ config, cwd, env, args, managed = MANAGED_SETTINGS }: Start): Off | undefined {
  const option = OPTIONS.find((name) => beforeDashes(args).includes(name));
  if (option) return { code: "option", name: option };
  const variable = VARIABLES.find((name) => IS_TRUE.test(env[name] ?? ""));
  if (variable) return { code: "variable", name: variable };

  const imposed = managedFiles(managed).map((file) => ({ where: file, switches: switchesOf(readText(file)) }));
  for (const { where, switches } of imposed) {
    if (switches.allowManagedHooksOnly) return { code: "managed_hooks_only", where };
    const strict = switches.strictPluginOnlyCustomization;
    if ((strict === true || (Array.isArray(strict) && strict.includes("hooks"))) && !pluginEnabled(config, cwd, args))
      return { code: "plugins_only", where };
  }
  const all = [...imposed.toReversed(), ...settingsGiven(config, cwd, args)];
  const decisive = all.find(({ switches }) => switches.disableAllHooks !== undefined);
  return decisive?.switches.disableAllHooks ? { code: "setting", where: decisive.where } : undefined;
}

/** In one sentence without a full stop. */
export function explainOff(off: Off): string {
  switch (off.code) {
    case "option":
      return `${off.name} keeps Claude Code from running hooks`;
    case "variable":
      return `${off.name} is set, which keeps Claude Code from running hooks`;
    case "setting":
      return `disableAllHooks is true in ${off.where}`;
    case "managed_hooks_only":
      return `allowManagedHooksOnly is true in ${off.where}`;
    case "plugins_only":
      return `strictPluginOnlyCustomization covers hooks in ${off.where}`;
  }
}

/** The name under which our plugin is enabled there. */
export function pluginEnabled(config: Config, cwd: string, args: readonly string[] = []): string | undefined {
  for (const { switches } of settingsGiven(config, cwd, args)) {
    const name = Object.entries(switches.enabledPlugins ?? {}).find(
      ([key, on]) => PLUGIN.test(key) && on === true,
    )?.[0];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The scopes whose settings are read with these arguments. */
export function scopesRead(args: readonly string[]): readonly Scope[] {
  const named = valuesOf(args, "--setting-sources").at(-1);
  const sources = named?.split(",").map((source) => source.trim());
  return sources === undefined ? SCOPES : SCOPES.filter((scope) => sources.includes(scope));
}

/** The text that Claude Code is given by --settings: a file's, or JSON. */
export function settingsArgument(args: readonly string[], cwd: string): string | undefined {
  const given = valuesOf(args, "--settings").at(-1);
  if (given === undefined) return undefined;
  return given.trimStart().startsWith("{") ? given : readText(resolve(cwd, given));
}

/** The settings of command line and user, the strongest first. */
function settingsGiven(config: Config, cwd: string, args: readonly string[]): { where: string; switches: Switches }[] {
  const given = { where: "--settings", switches: switchesOf(settingsArgument(args, cwd)) };
  const scopes = PRECEDENCE.filter((scope) => scopesRead(args).includes(scope));
  const files = settingsRead(config, cwd, scopes);
  return [given, ...files.map(({ file }) => ({ where: file, switches: switchesOf(readText(file)) }))];
}

function switchesOf(text: string | undefined): Switches {
  try {
    return Switches.parse(JSON.parse((text ?? "").replace(/^\uFEFF/, "")));
  } catch {
    return {};
  }
}

function managedFiles(directory: string): string[] {
  const more = join(directory, "managed-settings.d");
  const names = existsSync(more) ? readdirSync(more).filter((name) => name.endsWith(".json")) : [];
  const files = [join(directory, "managed-settings.json"), ...names.sort().map((name) => join(more, name))];
  return files.filter((file) => existsSync(file));
}

/** Options end at `--`. */
function beforeDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end === -1 ? args : args.slice(0, end);
}
