// What people call a session's project: its repository, and the worktree or folder in it where the session is.

import { baseName } from "../../contract/project.ts";
import type { SessionSummary } from "../../contract/session.ts";
import { projectName } from "../model/format.ts";

export function ProjectName({ session }: { session: Pick<SessionSummary, "project" | "repository" | "cwd"> }) {
  const { project, repository } = session;
  const name = projectName(session);
  if (!repository || repository === project) return <span title={project || undefined}>{name}</span>;
  return (
    <span title={project}>
      {name} <span class="worktree">{baseName(project)}</span>
    </span>
  );
}
