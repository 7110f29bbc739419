// What is wrong with an agent file, or could not be done: where, what was expected, what was there instead.

import { printable } from "../platform/text.ts";

const SHOWN_CHARS = 60;

export interface Problem {
  readonly severity: "error" | "warning";
  /** Absolute path of the file or directory. */
  readonly path: string;
  /** Counted from 1; absent where the whole file is meant. */
  readonly line?: number;
  /** Dotted path of the field, as `mcpServers.0`. */
  readonly field?: string;
  readonly expected: string;
  readonly received: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** What is wrong with one field; the caller knows file and line. */
export interface FieldProblem {
  /** An error keeps Claude Code from loading the agent; with a warning it loads, perhaps otherwise than was meant. */
  readonly severity: "error" | "warning";
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  readonly received: string;
  readonly suggestion?: string;
}

/** One line: `path:line: field: expected ..., received ... Did you mean ...?` */
export function explain(problem: Problem, shortPath: (path: string) => string): string {
  const where = shortPath(problem.path) + (problem.line === undefined ? "" : `:${problem.line}`);
  const field = problem.field ? `${problem.field}: ` : "";
  const hint = problem.suggestion ? ` Did you mean ${problem.suggestion}?` : "";
  return printable(`${where}: ${field}expected ${problem.expected}, received ${problem.received}.${hint}`);
}

/** A value as it is shown in a problem: JSON, cut to a readable length. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS - 3)}...` : text;
}

/** What the operating system said, in words where it is a common case. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    ENOENT: "nothing there",
    ELOOP: "a symbolic link, or a loop of them",
    ENOSPC: "no space left on the disk",
    EDQUOT: "the disk quota is used up",
    EROFS: "a read-only file system",
    EISDIR: "a directory",
    ENOTDIR: "a path through something that is no directory",
    EMFILE: "too many open files",
  };
  return (code && words[code]) || message || String(error);
}
