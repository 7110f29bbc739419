// Projects: the directories that sessions call so, found by path or by name, with what is known of each.

import type { DatabaseSync } from "node:sqlite";
import { isCalled, type ProjectSummary, projectName } from "../../contract/project.ts";
import { integer, maybeText, text } from "../columns.ts";

export interface Projects {
  /** The latest first. */
  all(): ProjectSummary[];
  /** The paths that a path or name stands for, of a project or of the repository it belongs to. */
  find(name: string): string[];
  /** Takes note of a project that a session has. */
  keep(path: string): void;
  /** Forgets projects that have no session any more. */
  dropUnused(): void;
}

export function openProjects(db: DatabaseSync): Projects {
  const select = db.prepare("SELECT path, repository FROM project");
  const counts = db.prepare(`SELECT project, count(*) AS sessions, min(first_at) AS first_at, max(last_at) AS last_at
    FROM session GROUP BY project`);
  const insert = db.prepare("INSERT OR IGNORE INTO project VALUES (?, NULL)");
  const removeUnused = db.prepare(
    "DELETE FROM project WHERE NOT EXISTS (SELECT 1 FROM session WHERE session.project = project.path)",
  );
  const known = () =>
    select.all().map((row) => ({ path: text(row, "path"), repository: maybeText(row, "repository") }));
  return {
    all() {
      const repositories = new Map(known().map(({ path, repository }) => [path, repository]));
      const projects = counts.all().map((row) => {
        const project = text(row, "project");
        const repository = repositories.get(project);
        return {
          project,
          name: projectName({ repository, project }),
          ...(repository === undefined ? {} : { repository }),
          sessions: integer(row, "sessions"),
          firstAt: integer(row, "first_at"),
          lastAt: integer(row, "last_at"),
        };
      });
      return projects.sort((a, b) => b.lastAt - a.lastAt);
    },
    find(name) {
      const stands = (path: string | undefined) => path !== undefined && isCalled(path, name);
      return known()
        .filter(({ path, repository }) => stands(path) || stands(repository))
        .map(({ path }) => path);
    },
    keep: (path) => void insert.run(path),
    dropUnused: () => void removeUnused.run(),
  };
}
