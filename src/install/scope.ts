// Where Claude Code reads settings that we may register in, and what we remember of each registration.
// - app/registered lists them; it exists exactly while there is one, and tells a plugin's copy of the hook to keep still.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { replaceFile } from "../platform/file.ts";

export const SCOPES = ["user", "project", "local"] as const;
export type Scope = (typeof SCOPES)[number];

const Registration = z.looseObject({
  scope: z.enum(SCOPES),
  /** Absolute path of the settings file, as asked for. */
  file: z.string(),
  /** Events that were asked for by name; absent: the default ones. */
  events: z.array(z.string()).optional(),
  /** What was empty before ours went in. */
  hollows: z.record(z.string(), z.string()).default({}),
  /** Nothing was there: the file goes when only ours is in it. */
  madeFile: z.boolean().default(false),
  /** Directories that were made for it, outermost first. */
  madeDirectories: z.array(z.string()).default([]),
});
export type Registration = z.infer<typeof Registration>;

/** @param cwd the directory in which Claude Code is started */
export function settingsFile(scope: Scope, config: Config, cwd: string): string {
  if (scope === "user") return join(config.claudeHome, "settings.json");
  if (scope === "project") return join(cwd, ".claude/settings.json");
  return join(repositoryOf(cwd) ?? cwd, ".claude/settings.local.json");
}

/** The root of the git repository around a directory: there Claude Code reads the local settings, wherever it starts. */
function repositoryOf(directory: string): string | undefined {
  if (existsSync(join(directory, ".git"))) return directory;
  const above = dirname(directory);
  return above === directory ? undefined : repositoryOf(above);
}

/** What app/registered says; nothing where it is missing or damaged. */
export function readRegistrations(app: string): Registration[] {
  try {
    return z.array(Registration).parse(JSON.parse(readFileSync(join(app, "registered"), "utf8")));
  } catch {
    return [];
  }
}

export function writeRegistrations(app: string, registrations: readonly Registration[]): void {
  const file = join(app, "registered");
  const text = `${JSON.stringify(registrations, null, 1)}\n`;
  if (registrations.length === 0) rmSync(file, { force: true });
  else if (!existsSync(file) || readFileSync(file, "utf8") !== text) replaceFile(file, text, { durable: true });
}

/** The list with this registration in place of an earlier one for the same file. */
export function including(registrations: readonly Registration[], registration: Registration): Registration[] {
  return [...excluding(registrations, registration.file), registration];
}

export function excluding(registrations: readonly Registration[], file: string): Registration[] {
  return registrations.filter((other) => other.file !== file);
}
