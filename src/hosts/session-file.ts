// What Claude Code writes of itself: sessions/<pid>.json in its configuration directory. A hint that may be missing.
// - Seen with host 2.1.330: `status` is idle, busy or waiting (then `waitingFor` says for what), each with the time since
//   when; `pidDomain` names machine and pid namespace; `procStart` is field `starttime` of /proc/<pid>/stat. The file goes
//   with the process, unless that is killed.
// - Read within bounds, and only as a regular file: the directory is the user's, its content is from outside.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod/mini";

const MAX_BYTES = 64 * 1024;
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export const SessionFile = z.object({
  pid: z.int(),
  sessionId: z.string(),
  procStart: z.optional(z.string()),
  pidDomain: z.optional(z.string()),
  status: z.optional(z.string()),
  /** ms since 1970 */
  statusUpdatedAt: z.optional(z.number()),
  waitingFor: z.optional(z.string()),
});
export type SessionFile = z.infer<typeof SessionFile>;

/** The directory that the files of a transcript's configuration lie in; undefined for what is no path of a transcript. */
export function sessionsBeside(transcript: unknown): string | undefined {
  if (typeof transcript !== "string" || !transcript.startsWith("/") || !transcript.endsWith(".jsonl")) return undefined;
  const projects = dirname(dirname(transcript));
  return basename(projects) === "projects" ? join(dirname(projects), "sessions") : undefined;
}

/** The file of a process; undefined where there is none that can be read. */
export async function readSessionFile(directory: string, pid: number): Promise<SessionFile | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(join(directory, `${pid}.json`), FLAGS);
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const parsed = SessionFile.safeParse(JSON.parse(buffer.toString("utf8", 0, bytesRead)));
    return parsed.success && parsed.data.pid === pid ? parsed.data : undefined;
  } catch {
    return undefined; // missing, unreadable, or just being written
  } finally {
    await file?.close();
  }
}
