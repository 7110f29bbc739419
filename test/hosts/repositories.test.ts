// Worktrees and subfolders of a repository are one project, by its name, each still visible.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ProjectSummary } from "../../src/contract/project.ts";
import { SessionsPage } from "../../src/contract/routes.ts";
import { Story } from "../browser/story.ts";
import { runMonitor } from "../trust/monitor.ts";
import { tempWorld, until } from "../world.ts";

test("sessions in a repository, a subfolder and a worktree of it are found by its name", async (t) => {
  const world = tempWorld(t);
  const main = join(world.home, "code/tidepool");
  const worktree = join(world.home, "code/tidepool-feature");
  const part = join(main, "ingest");
  const alone = join(world.home, "notes");
  mkdirSync(join(main, ".git/worktrees/feature"), { recursive: true });
  for (const directory of [part, worktree, alone]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(worktree, ".git"), `gitdir: ${main}/.git/worktrees/feature\n`);
  mkdirSync(join(world.home, ".git")); // dotfiles: they make no project of a home
  const monitor = await runMonitor(t, { world });
  const { host } = (await monitor.health()) as unknown as { host: string };
  const sessions = async (query: string) =>
    SessionsPage.parse(await (await monitor.ask(`/api/sessions?${query}`)).json()).sessions;
  for (const [index, project] of [main, part, worktree, alone].entries()) {
    const story = new Story({ session: `s-${index}`, project, start: Date.now() - 60_000 + index });
    const events = story.begin().prompt("Mend it").events;
    await monitor.store(...events.map((event) => ({ ...event, host: { ...event.host, name: host } })));
  }
  await until(async () => (await sessions("project=tidepool")).length === 3, 10_000, "the repositories");
  const found = await sessions("project=tidepool");
  assert.deepEqual(
    found.map(({ id, repository }) => [id, repository]),
    [
      ["s-2", main],
      ["s-1", main],
      ["s-0", main],
    ],
  );
  assert.equal((await sessions("project=notes"))[0]?.repository, undefined);
  assert.deepEqual(
    (await sessions("project=tidepool-feature")).map(({ id }) => id),
    ["s-2"],
  );
  const { projects } = (await (await monitor.ask("/api/projects")).json()) as { projects: unknown[] };
  const names = projects.map((project) => ProjectSummary.parse(project).name);
  assert.deepEqual(names.sort(), ["notes", "tidepool", "tidepool", "tidepool"]);
});
