// The commands that README and docs/ show, run as they stand, on a machine that has just installed mpm.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandsIn, PAGES } from "../../unit/docs/commands.ts";
import { newMachine } from "../install/machine.ts";

/** What is not run here, and where it is. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(?:tail|top|monitor)$/, "goes on until it is stopped: test/process/cli, test/process/monitor"],
  [/^mcp$/, "speaks to a program: test/process/mcp"],
  [/^run\b/, "starts Claude Code: test/process/run"],
  [/^config edit$/, "opens an editor: test/process/install/config.test.ts"],
  [/^monitor copy\b|^team\b|^config set team\./, "needs PostgreSQL, or a team: test/process/team"],
  [/^install --at-login$/, "changes what the system starts: test/process/install/at-login.test.ts"],
  [/^completion --help$|^--version$|^$/, "test/process/cli"],
  [/^(?:agents|config|alerts)$/, "the name of a group"],
];
/** What answers with status 1 here, and says why. */
const REFUSED: readonly (readonly [RegExp, RegExp])[] = [
  [/^forget --session a-session$/, /id that begins with a-session/],
  [/^alerts test$/, /desktop/],
  [/^agents show migrator$/, /migrator/],
];
/** What others need comes first, what ends everything last. */
const ORDER = ["install", "agents", "status", "", "pause", "resume", "uninstall"];
const place = (line: string): number => {
  const at = ORDER.indexOf(line.split(" ")[0] ?? "");
  return at < 0 ? ORDER.indexOf("") : at;
};

test("each command of README and docs/ that can be run by itself does what it should", async (t) => {
  const machine = newMachine(t);
  mkdirSync(join(machine.project, ".claude-mpm/agents"), { recursive: true });
  writeFileSync(
    join(machine.project, ".claude-mpm/agents/pilot.md"),
    "---\nname: pilot\ndescription: Finds the way into harbours.\n---\nFind the way.\n",
  );
  const shown = PAGES.filter((page) => page === "README.md" || page.startsWith("docs/")).flatMap(commandsIn);
  const lines = new Map(shown.map(({ words, where }) => [words.join(" "), { words, where }]));
  const own = [...lines].filter(([line]) => !ELSEWHERE.some(([pattern]) => pattern.test(line)));
  assert.ok(own.length > 40, `${own.length} commands`);
  for (const [line, { words, where }] of own.sort(([a], [b]) => place(a) - place(b))) {
    const { status, stdout, stderr } = await machine.mpm(...words);
    const refused = REFUSED.find(([pattern]) => pattern.test(line));
    const said = `${where}\n${stdout.slice(-400)}${stderr}`;
    if (refused) assert.match(stderr, refused[1], said);
    else assert.equal(status, 0, said);
  }
  assert.equal(existsSync(machine.mpmHome), false, "the last of them has left nothing");
});
