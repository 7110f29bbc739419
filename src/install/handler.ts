// The entry that Claude Code gets for an event, and how ours is told from others.
// - The form follows the host: `args` from 2.1.139 on, one quoted command line before; node and script on Windows.
// - A project's entry names no machine: it finds this home as each user has it, and does nothing where there is none.
// - Events come from hooks/hooks.json, the table that the plugin uses too; what the host does not know is left out.

import { readFileSync } from "node:fs";
import { posix, win32 } from "node:path";
import * as z from "zod/mini";
import { HOOK_EVENTS, hookEvent } from "../contract/catalog.ts";
import { isBefore } from "./host.ts";
import type { Scope } from "./scope.ts";
import type { Handler } from "./settings.ts";

const EXEC_FORM_SINCE = "2.1.139";
const TIMEOUT_S = 5;

const Table = z.object({
  hooks: z.record(
    z.string(),
    z.tuple([z.object({ hooks: z.tuple([z.object({ args: z.tuple([z.string()]), timeout: z.number() })]) })]),
  ),
});

/** What the form of a handler depends on. */
export interface Target {
  readonly platform: NodeJS.Platform;
  /** Absolute path of the installed copy. */
  readonly app: string;
  /** Absolute path of the Node to run; used on Windows only. */
  readonly node: string;
  /** Version of Claude Code, as 2.1.330; absent: a recent one. */
  readonly host?: string;
}

/**
 * Names of the default events, in the order of the table. A project's leave out compactions: Claude Code shows each hook
 * of one in a line of its own, and would to everybody, also where there is no mpm.
 */
export function defaultEvents(table: string, scope: Scope = "user"): string[] {
  const events = Object.keys(Table.parse(JSON.parse(readFileSync(table, "utf8"))).hooks);
  return scope === "project" ? events.filter((event) => !event.endsWith("Compact")) : events;
}

/**
 * The handlers to register.
 * @param table path of hooks/hooks.json
 * @param events names; unknown to the host ones are left out
 */
export function handlersFor(
  table: string,
  events: readonly string[],
  target: Target,
  scope: Scope = "user",
): Map<string, Handler> {
  const { hooks } = Table.parse(JSON.parse(readFileSync(table, "utf8")));
  const known = events.filter((event) => {
    const since = hookEvent(event)?.since;
    return since !== undefined && !(target.host !== undefined && isBefore(target.host, since));
  });
  return new Map(
    known.map((event) => {
      const timeout = hooks[event]?.[0].hooks[0].timeout ?? TIMEOUT_S;
      return [event, scope === "project" ? portableHandler(event, timeout) : handler(event, timeout, target)];
    }),
  );
}

/** Events that the host is too old for. */
export function unknownTo(host: string | undefined, events: readonly string[]): string[] {
  return host === undefined ? [] : events.filter((event) => isBefore(host, hookEvent(event)?.since ?? "0"));
}

/** Names of events that may be asked for: everything but what would change how the host works. */
export function allowedEvents(): string[] {
  return HOOK_EVENTS.filter((event) => event.safety !== "never").map((event) => event.name);
}

function handler(event: string, timeout: number, target: Target): Handler {
  const windows = target.platform === "win32";
  const program = windows ? target.node : posix.join(target.app, "hooks/mpm-hook");
  const args = windows ? [win32.join(target.app, "dist/hook.js"), event] : [event];
  if (target.host === undefined || !isBefore(target.host, EXEC_FORM_SINCE))
    return { type: "command", command: program, args, timeout };
  const quote = windows ? quoteForWindows : quoteForShell;
  return { type: "command", command: [quote(program), ...args.map(quote)].join(" "), timeout };
}

/**
 * The entry for everybody who works on a project. Only an absolute path is run, so that nothing in the repository is;
 * where there is none, the event is read to its end, as Claude Code waits for that.
 */
function portableHandler(event: string, timeout: number): Handler {
  const command = `hook="${PORTABLE_HOME}/app/hooks/mpm-hook"; case $hook in /*) [ ! -x "$hook" ] || exec "$hook" ${event} project ;; esac; head -n 1 >/dev/null 2>&1 || :`;
  return { type: "command", command, timeout };
}

/** MPM_HOME as hooks/mpm-hook finds it, for a shell; hooks/mpm-once knows a project's entry by its beginning. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell fills it in
const PORTABLE_HOME = "${MPM_HOME:-${CLAUDE_MPM_HOME:-$HOME/.claude-mpm}}";

/** A word for a POSIX shell: nothing in it is special. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A word for Git Bash, which runs the shell form on Windows; PowerShell alone would not take it. A path there has no quote. */
function quoteForWindows(word: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(word) ? word : `"${word.replaceAll("\\", "/")}"`;
}

/** The hook that a handler of ours runs: at a path of this machine, or as a project's entry finds it on each. */
export type OwnHook = { readonly kind: "path"; readonly path: string } | { readonly kind: "portable" };

const CommandHandler = z.looseObject({
  type: z.literal("command"),
  command: z.string(),
  args: z.optional(z.array(z.string())),
});

/** Tells a handler of ours, of whatever installation and form, from others' (undefined). */
export function ownHook(handler: unknown): OwnHook | undefined {
  const parsed = CommandHandler.safeParse(handler);
  if (!parsed.success) return undefined;
  const { command, args } = parsed.data;
  if (!args && command.includes(`${PORTABLE_HOME}/app/hooks/mpm-hook`)) return { kind: "portable" };
  const words = args ? [command, ...args] : shellWords(command);
  const path = words.slice(0, 2).find((word) => OURS.test(word));
  return path === undefined ? undefined : { kind: "path", path };
}

const OURS = /(?:^|[\\/])hooks[\\/]mpm-hook$|[\\/]app[\\/]dist[\\/]hook\.js$/;

/** True for claude-mpm's own hook handler, which is not ours. */
export function isClaudeMpm(handler: unknown): boolean {
  const parsed = Foreign.safeParse(handler);
  if (!parsed.success) return false;
  const { command = "", _mpm } = parsed.data;
  return _mpm !== undefined || /(?:^|[\\/\s'"])claude-hook(?:-fast|-handler)?(?:\.sh)?(?=$|[\s'"])/.test(command);
}

const Foreign = z.looseObject({ command: z.optional(z.string()), _mpm: z.optional(z.unknown()) });

/** The words of a simple command line, quotes taken off. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\;&|<>])+/gs) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
      (_, single, double, escaped) => single ?? escaped ?? double.replace(/\\([\\"$`])/g, "$1"),
    ),
  );
}
