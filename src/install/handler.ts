// The entry that Claude Code gets for an event, and how ours is told from others.
// - The form follows the host: `args` from 2.1.139 on, one quoted command line before; node and script on Windows.
// - Events come from hooks/hooks.json, the table that the plugin uses too; what the host does not know is left out.

import { readFileSync } from "node:fs";
import { posix, win32 } from "node:path";
import * as z from "zod";
import { HOOK_EVENTS, hookEvent } from "../contract/catalog.ts";
import { isBefore } from "./host.ts";
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

/** Names of the default events, in the order of the table. */
export function defaultEvents(table: string): string[] {
  return Object.keys(Table.parse(JSON.parse(readFileSync(table, "utf8"))).hooks);
}

/**
 * The handlers to register.
 * @param table path of hooks/hooks.json
 * @param events names; unknown to the host ones are left out
 */
export function handlersFor(table: string, events: readonly string[], target: Target): Map<string, Handler> {
  const { hooks } = Table.parse(JSON.parse(readFileSync(table, "utf8")));
  const known = events.filter((event) => {
    const since = hookEvent(event)?.since;
    return since !== undefined && !(target.host !== undefined && isBefore(target.host, since));
  });
  return new Map(
    known.map((event) => [event, handler(event, hooks[event]?.[0].hooks[0].timeout ?? TIMEOUT_S, target)]),
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

/** A word for a POSIX shell: nothing in it is special. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A word for Git Bash, which runs the shell form on Windows; PowerShell alone would not take it. A path there has no quote. */
function quoteForWindows(word: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(word) ? word : `"${word.replaceAll("\\", "/")}"`;
}

/** The path of the hook that a handler runs, if it is one of ours, of whatever installation and form. */
export function hookOf(handler: unknown): string | undefined {
  if (typeof handler !== "object" || handler === null) return undefined;
  const { type, command, args } = handler as Record<string, unknown>;
  if (type !== "command" || typeof command !== "string") return undefined;
  const words = Array.isArray(args) ? [command, ...args.filter((arg) => typeof arg === "string")] : shellWords(command);
  return words.slice(0, 2).find((word) => OURS.test(word));
}

const OURS = /(?:^|[\\/])hooks[\\/]mpm-hook$|[\\/]app[\\/]dist[\\/]hook\.js$/;

/** True for claude-mpm's own hook handler, which is not ours. */
export function isClaudeMpm(handler: unknown): boolean {
  if (typeof handler !== "object" || handler === null) return false;
  const { command, _mpm } = handler as Record<string, unknown>;
  if (_mpm !== undefined) return true;
  return (
    typeof command === "string" && /(?:^|[\\/\s'"])claude-hook(?:-fast|-handler)?(?:\.sh)?(?=$|[\s'"])/.test(command)
  );
}

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
