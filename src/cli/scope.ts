// The settings file that a verb means: --user, --project or --local.

import { SCOPES, type Scope } from "../install/scope.ts";
import { flag } from "./arguments.ts";

export const SCOPE_OPTIONS = {
  user: flag("~/.claude/settings.json: every project of yours"),
  project: flag("./.claude/settings.json: everybody who works on the project, if it is committed"),
  local: flag("./.claude/settings.local.json: you, in this project"),
};

/** The scope that was named; undefined where none was. */
export function scopeOf(options: Readonly<Record<Scope, boolean>>): Scope | undefined {
  return SCOPES.find((scope) => options[scope]);
}
