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

/** Where a session is, as far as it is known. */
export interface Placed {
  readonly project?: string | undefined;
  readonly repository?: string | undefined;
  readonly cwd?: string | undefined;
}

/** What people call a session's project: by its repository, where that is known; "" where no path is. */
export const projectName = ({ repository, project, cwd }: Placed): string =>
  baseName(repository || project || cwd || "");

/** The last part of a path, whichever slashes it has; what is nothing but slashes as it is. */
export const baseName = (path: string): string => path.split(/[/\\]/).findLast((part) => part !== "") ?? path;

/** Whether a person who gives a path, or a name in whatever case, means the project with that path. */
export const isCalled = (path: string, given: string): boolean =>
  path === given || baseName(path).toLowerCase() === given.toLowerCase();
