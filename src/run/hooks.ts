// The hooks for one run, where they are not installed: a settings file that is given to Claude Code beside the user's.
// - Never twice: nothing is given where our hooks stand in a settings file that Claude Code reads anyway, or in a plugin.
// - Settings that the user gives on the command line are kept: ours go into a copy of them.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Config } from "../config.ts";
import { makeHome } from "../directory.ts";
import { readSnapshot } from "../install/file.ts";
import { defaultEvents, handlersFor, hookOf } from "../install/handler.ts";
import { askVersion } from "../install/host.ts";
import { SCOPES, settingsFile } from "../install/scope.ts";
import { handlersIn, withHooks } from "../install/settings.ts";
import { bundle, replaceFile } from "../process.ts";

export interface RunHooks {
  /** Arguments for Claude Code: the user's, with settings that hold our hooks where they are needed. */
  readonly args: readonly string[];
  /** Where the hooks come from. */
  readonly from: "settings" | "this run" | "nowhere";
  /** Why there are none. */
  readonly trouble?: string;
  /** A file that is of no use after the run. */
  readonly temporary?: string;
}

/**
 * @param args the user's arguments for Claude Code
 * @param host path of its program
 */
export async function hooksFor(
  config: Config,
  env: NodeJS.ProcessEnv,
  cwd: string,
  args: readonly string[],
  host: string,
): Promise<RunHooks> {
  const files = SCOPES.map((scope) => settingsFile(scope, config, cwd));
  if (files.some((file) => holdsOurs(textOf(file)))) return { args, from: "settings" };
  const given = settingsIn(args);
  const text = given ? textGiven(given.value, cwd) : "";
  if (text === undefined) return { args, from: "nowhere", trouble: `${given?.value} cannot be read` };
  if (holdsOurs(text)) return { args, from: "settings" };

  const root = copyOf(config);
  const table = join(root, "hooks/hooks.json");
  const version = await askVersion(host, env);
  const target = {
    platform: process.platform,
    app: root,
    node: process.execPath,
    ...(version ? { host: version } : {}),
  };
  const change = withHooks(text, handlersFor(table, defaultEvents(table), target), () => false, {});
  if ("refusal" in change) {
    const { line, column, reason } = change.refusal;
    return {
      args,
      from: "nowhere",
      trouble: `the settings on the command line: line ${line}, column ${column}: ${reason}`,
    };
  }
  makeHome(config.paths.home);
  const file = join(config.paths.home, given ? `run.settings-${process.pid}.json` : "run.settings.json");
  if (!existsSync(file) || readFileSync(file, "utf8") !== change.text) replaceFile(file, change.text);
  const theirs = given ? { args: given.rest, temporary: file } : { args };
  return { ...theirs, args: ["--settings", file, ...theirs.args], from: "this run" };
}

/** The installed copy, else the package that runs. */
function copyOf({ paths }: Config): string {
  return existsSync(join(paths.app, "hooks/mpm-hook")) ? paths.app : join(bundle("cli.js"), "../..");
}

function holdsOurs(text: string): boolean {
  const found = handlersIn(text);
  return (
    "handlers" in found &&
    found.handlers.some(({ handler }) => {
      const hook = hookOf(handler);
      return hook !== undefined && existsSync(hook);
    })
  );
}

function textOf(file: string): string {
  try {
    return readSnapshot(file).text ?? "";
  } catch {
    return ""; // what Claude Code cannot read, it does not run
  }
}

/** The last `--settings` among the arguments, and the others without any. */
function settingsIn(args: readonly string[]): { value: string; rest: string[] } | undefined {
  let value: string | undefined;
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--") {
      rest.push(...args.slice(i));
      break;
    }
    if (arg === "--settings" && i + 1 < args.length) value = args[++i];
    else if (arg.startsWith("--settings=")) value = arg.slice("--settings=".length);
    else rest.push(arg);
  }
  return value === undefined ? undefined : { value, rest };
}

/** Claude Code takes a file or JSON. */
function textGiven(value: string, cwd: string): string | undefined {
  if (value.trimStart().startsWith("{")) return value;
  try {
    const file = resolve(cwd, value);
    return statSync(file).isFile() ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
