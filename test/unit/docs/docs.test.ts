// What people read: links lead somewhere, commands are ones that mpm has, and what README names exists.

import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { parse } from "../../../src/cli/arguments.ts";
import { VERBS } from "../../../src/cli/verbs.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { ROOT } from "../../world.ts";
import { commandsIn, type Node, nodes, PAGES, type Shown, textOf, treeOf } from "./commands.ts";

const plain = (node: Node): string => node.value ?? (node.children ?? []).map(plain).join("");

/** The anchors that a forge gives to headings. */
const anchorsOf = (page: string): Set<string> =>
  new Set(
    [...nodes(treeOf(textOf(page)))]
      .filter(({ type }) => type === "heading")
      .map((heading) =>
        plain(heading)
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, "")
          .replaceAll(" ", "-"),
      ),
  );

test("every link within the project leads to a file that is there, and to a heading that is in it", () => {
  for (const page of PAGES)
    for (const { type, url = "", position } of nodes(treeOf(textOf(page)))) {
      if ((type !== "link" && type !== "image") || /^[a-z]+:/.test(url)) continue;
      const [path = "", anchor] = url.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      const where = `${page}:${position?.start.line} ${url}`;
      assert.ok(existsSync(join(ROOT, target)), where);
      if (anchor !== undefined && target.endsWith(".md")) assert.ok(anchorsOf(target).has(anchor), where);
    }
});

test("every command that a page shows is one that mpm takes as it stands", async () => {
  let seen = 0;
  for (const page of PAGES.filter((each) => !each.startsWith("CHANGELOG")))
    for (const command of commandsIn(page)) {
      const [name] = command.words;
      if (name === undefined || /^[.<[…]|^--(?:help|version)$/.test(name)) continue;
      seen++;
      if (name !== "completion") await checkCommand(command);
    }
  assert.ok(seen > 40, `${seen} commands were found`);
});

/** Fails where mpm refuses the words. Within a sentence, a verb may be named without what it needs. */
async function checkCommand({ words: [name = "", ...words], where, isBlock }: Shown): Promise<void> {
  const listed = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  assert.ok(listed, where);
  const { table } = (await listed.load()).verb;
  const [first = "", setting = ""] = words;
  const isMention = !isBlock && words.length <= (Object.hasOwn(table.verbs ?? {}, first) ? 1 : 0);
  if (!isMention) assert.doesNotThrow(() => parse(name, table, words, 0), where);
  if (name === "config" && /^(?:get|set|unset)$/.test(first) && /^[a-z]/.test(setting))
    assert.ok(SETTING_KEYS.has(setting), where);
}

const SETTING_KEYS = new Set<string>(Object.values(SETTINGS).map(({ key }) => key));

test("each page of docs/ is reachable from the README", () => {
  const reached = new Set<string>(["README.md"]);
  for (const page of reached)
    for (const { type, url = "" } of nodes(treeOf(textOf(page)))) {
      if (type !== "link" || /^[a-z]+:/.test(url)) continue;
      const target = normalize(join(dirname(page), url.split("#")[0] ?? ""));
      if (target.endsWith(".md") && existsSync(join(ROOT, target))) reached.add(target);
      else if (existsSync(join(ROOT, target)) && !target.includes("."))
        for (const inner of globSync("*.md", { cwd: join(ROOT, target) })) reached.add(join(target, inner));
    }
  assert.deepEqual(
    PAGES.filter((page) => page.startsWith("docs/") && !reached.has(page)),
    [],
  );
});
