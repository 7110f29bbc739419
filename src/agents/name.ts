// Names of agents: which of them Claude Code loads, which are wise, and the file that each is deployed to.

import { hash } from "node:crypto";

/** Longer ones are dropped by Claude Code 2.1.330. */
const MAX_LOADED_CHARS = 256;
const MAX_WISE_CHARS = 64;
const MAX_FILE_BYTES = 200;
const HASH_CHARS = 8;
const WISE = new RegExp(`^(?=.{1,${MAX_WISE_CHARS}}$)[a-z0-9]+(-[a-z0-9]+)*$`);

export const WISE_NAME = `lower-case letters, digits and hyphens, ${MAX_WISE_CHARS} at most`;

/** True for a name that Claude Code loads an agent under. */
export function isAgentName(name: unknown): name is string {
  return typeof name === "string" && name !== "" && nameFault(name) === undefined;
}

/** What Claude Code expects of a name that it does not load; undefined for one that it does. */
export function nameFault(name: string): string | undefined {
  if (name.startsWith("-")) return "a name that does not begin with a hyphen";
  if (name.length > MAX_LOADED_CHARS) return `a name of at most ${MAX_LOADED_CHARS} characters`;
  // A full-width colon is one, too.
  if (name.normalize("NFKC").includes(":")) return "a name without a colon, which is kept for plugins";
  return undefined;
}

/** True for a name that is easily typed, and the same in every program and file system. */
export function isWise(name: string): boolean {
  return WISE.test(name);
}

/** The wise name that is nearest to a text; undefined where nothing is left of it. */
export function asName(text: string): string | undefined {
  const name = text
    .normalize("NFKD")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_WISE_CHARS)
    .replace(/^-+|-+$/g, "");
  return isWise(name) ? name : undefined;
}

/**
 * The file in .claude/agents for the agent of a name: `<name>.md` where every file system takes that, else what is left
 * of it, a tilde and a checksum. Names of two agents give two files, but where a file system folds their letters.
 */
export function fileOf(name: string): string {
  if (isFileName(name)) return `${name}.md`;
  return `${asName(name) ?? "agent"}~${hash("sha256", name).slice(0, HASH_CHARS)}.md`;
}

function isFileName(name: string): boolean {
  return (
    name.isWellFormed() &&
    Buffer.byteLength(name) <= MAX_FILE_BYTES &&
    !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\:*?"<>|~]|^[. ]|[. ]$/u.test(name)
  );
}
