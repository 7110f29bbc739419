// Projects: the directories that sessions call so, found by path or by name, with what is known of each.

import { isCalled, type ProjectSummary, projectName } from "../../contract/project.ts";
import { integer, maybeText, text } from "../columns.ts";
import type { Statements } from "./connection.ts";
import { type Scope, within } from "./scope.ts";

/** The latest first. */
export async function allProjects(sql: Statements, scope: Scope): Promise<ProjectSummary[]> {
  const found = await sql.rows(`SELECT s.project, max(p.repository) AS repository, count(*) AS sessions,
      min(s.first_at) AS first_at, max(s.last_at) AS last_at
    FROM mpm.session s LEFT JOIN mpm.project p ON p.tenant = s.tenant AND p.path = s.project
    WHERE ${within(scope, "s")} GROUP BY s.project ORDER BY last_at DESC`);
  return found.map((row) => {
    const project = text(row, "project");
    const repository = maybeText(row, "repository");
    return {
      project,
      name: projectName({ repository, project }),
      ...(repository === undefined ? {} : { repository }),
      sessions: integer(row, "sessions"),
      firstAt: integer(row, "first_at"),
      lastAt: integer(row, "last_at"),
    };
  });
}

/** The paths that a path or name stands for, of a project or of the repository it belongs to. */
export async function findProjects(sql: Statements, { tenant }: Scope, name: string): Promise<string[]> {
  const known = await sql.rows("SELECT path, repository FROM mpm.project WHERE tenant = $1", [tenant]);
  const stands = (path: string | undefined) => path !== undefined && isCalled(path, name);
  return known
    .filter((row) => stands(text(row, "path")) || stands(maybeText(row, "repository")))
    .map((row) => text(row, "path"));
}

/** Forgets projects that have no session any more. */
export async function dropUnusedProjects(sql: Statements, { tenant }: Scope): Promise<void> {
  await sql.run(
    `DELETE FROM mpm.project p WHERE p.tenant = $1
      AND NOT EXISTS (SELECT 1 FROM mpm.session s WHERE s.tenant = p.tenant AND s.project = p.path)`,
    [tenant],
  );
}
