// A project: the directory that Claude Code calls so. Worktrees and subfolders of one repository share its name.

import * as z from "zod/mini";

/** One element of GET /api/projects; times are ms since 1970. */
export const ProjectSummary = z.object({
  /** Its path. */
  project: z.string(),
  /** What people call it: the last part of the repository's path, else of its own. */
  name: z.string(),
  repository: z.exactOptional(z.string()),
  sessions: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
});
export type ProjectSummary = z.infer<typeof ProjectSummary>;
