// Where transcripts lie: below `projects/` of every configuration directory of Claude Code, whatever links lead there.
// - A session's own transcript is `projects/<project>/<session>.jsonl`; those of its subagents lie below
//   `<session>/subagents/`, in folders of workflows and teams too, or beside it as `agent-<id>.jsonl` (hosts before 2.1).
// - A file or folder is taken once, however many links lead to it; a loop ends.

import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const MAX_DEPTH = 8;

export interface TranscriptFile {
  readonly path: string;
  /** The session it belongs to, by its place; a file named after an agent alone has none. */
  readonly session?: string;
  readonly isSubagent: boolean;
  readonly bytes: number;
  /** ms since 1970 */
  readonly modifiedAt: number;
  /** What tells it from all others, whatever it is called. */
  readonly identity: string;
}

/** Every configuration directory that Claude Code may have used, `env` being CLAUDE_CONFIG_DIR and XDG_CONFIG_HOME. */
export function configurationDirectories(claudeHome: string, userHome: string): string[] {
  return [...new Set([claudeHome, join(userHome, ".claude"), join(userHome, ".config", "claude")])];
}

/** Finds all transcripts below the places: configuration directories, `projects`, one project, or files. */
export async function findTranscripts(places: readonly string[]): Promise<TranscriptFile[]> {
  const found = new Map<string, TranscriptFile>();
  const seen = new Set<string>();
  const visit = async (path: string, depth: number): Promise<void> => {
    const stats = await stat(path, { bigint: true }).catch(() => undefined);
    if (stats === undefined) return;
    const identity = `${stats.dev}:${stats.ino}`;
    if (stats.isFile()) {
      if (isTranscript(basename(path)) && !found.has(identity))
        found.set(identity, {
          path,
          ...placeOf(path),
          bytes: Number(stats.size),
          modifiedAt: Number(stats.mtimeMs),
          identity,
        });
      return;
    }
    if (!stats.isDirectory() || depth > MAX_DEPTH || seen.has(identity)) return;
    seen.add(identity);
    const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) if (mayLead(entry)) await visit(join(path, entry.name), depth + 1);
  };
  for (const place of places) {
    const projects = join(place, "projects");
    const isConfiguration = (await stat(projects).catch(() => undefined))?.isDirectory() === true;
    await visit(isConfiguration ? projects : place, 0);
  }
  return [...found.values()];
}

const mayLead = (entry: Dirent): boolean =>
  entry.isDirectory() || entry.isSymbolicLink() || (entry.isFile() && isTranscript(entry.name));

/** `journal.jsonl` of a workflow is no transcript. */
const isTranscript = (name: string): boolean => name.endsWith(".jsonl") && name !== "journal.jsonl";

function placeOf(path: string): { session?: string; isSubagent: boolean } {
  const name = basename(path, ".jsonl");
  for (let dir = dirname(path); dirname(dir) !== dir; dir = dirname(dir))
    if (basename(dir) === "subagents") return { session: basename(dirname(dir)), isSubagent: true };
  return name.startsWith("agent-") ? { isSubagent: true } : { session: name, isSubagent: false };
}
