// The command that goes on with a session, to be pasted into a terminal.

import type { SessionSummary } from "../../contract/session.ts";

type Resumed = Pick<SessionSummary, "id" | "project" | "cwd">;

/** `cd` to where it was begun, for Claude Code looks for a session there. */
export function resumeCommand({ id, project, cwd }: Resumed): string {
  const place = project || cwd;
  const resume = `claude --resume ${quoted(id)}`;
  return place ? `cd ${quoted(place)} && ${resume}` : resume;
}

/** As a POSIX shell and PowerShell take it for one word. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
