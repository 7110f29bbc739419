// What people read: links lead somewhere, commands are ones that mpm has, and what README names exists.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { optionsOf } from "../../../src/cli/arguments.ts";
import { VERBS } from "../../../src/cli/verbs.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { ROOT } from "../../world.ts";

interface Node {
  readonly type: string;
  readonly url?: string;
  readonly value?: string;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: { readonly line: number } } | undefined;
}

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...globSync("docs/**/*.md", { cwd: ROOT }),
];
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");
const treeOf = (text: string): Node =>
  fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

function* nodes(node: Node): Generator<Node> {
  yield node;
  for (const child of node.children ?? []) yield* nodes(child);
}

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

/** The command lines of ours that a page shows, each with its line. */
function commandsIn(page: string): { line: string; where: string }[] {
  return [...nodes(treeOf(textOf(page)))].flatMap(({ type, value = "", position }) => {
    if (type !== "inlineCode" && type !== "code") return [];
    return value
      .split("\n")
      .flatMap((line) => line.split(/\s*(?:&&|\||;)\s*/))
      .map((line) => line.replace(/^\s*(?:\$ |(?:[A-Z_]+=\S+ )+)?/, "").replace(/\s#.*$/, ""))
      .filter((line) => /^(?:npx mpm-hook|mpm)(?: |$)/.test(line))
      .map((line) => ({ line, where: `${page}:${position?.start.line} ${line}` }));
  });
}

test("every command that a page shows is one that mpm has, with options that it takes", async () => {
  let seen = 0;
  for (const page of PAGES.filter((each) => !each.startsWith("CHANGELOG")))
    for (const { line, where } of commandsIn(page)) {
      const [, name, ...words] = line.replace(/^npx mpm-hook/, "mpm").split(/\s+/);
      if (name === undefined || /^[.<[…]|^--(?:help|version)$/.test(name)) continue;
      seen++;
      if (name !== "completion") await checkCommand(name, words, where);
    }
  assert.ok(seen > 40, `${seen} commands were found`);
});

/** Fails where mpm has no such verb, no such verb below it, or an option is none of its. */
async function checkCommand(name: string, words: readonly string[], where: string): Promise<void> {
  const listed = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  assert.ok(listed, where);
  const { table } = (await listed.load()).verb;
  const [first = "", setting = ""] = words;
  const sub = Object.hasOwn(table.verbs ?? {}, first) ? first : undefined;
  if (table.verbs && /^[a-z]/.test(first)) assert.ok(sub ?? table.bare, where);
  const known = new Set(["help", ...optionsOf(table, sub).map(([option]) => option)]);
  for (const option of optionsIn(words)) assert.ok(known.has(option), `${where}: --${option}`);
  if (name === "config" && /^(?:get|set|unset)$/.test(sub ?? "") && /^[a-z]/.test(setting))
    assert.ok(SETTING_KEYS.has(setting), where);
}

const SETTING_KEYS = new Set<string>(Object.values(SETTINGS).map(({ key }) => key));

/** Names of options among the words, up to `--`. */
function optionsIn(words: readonly string[]): string[] {
  const end = words.indexOf("--");
  const own = end < 0 ? words : words.slice(0, end);
  return own.flatMap((word) => /^--([a-z][\w-]*)/.exec(word)?.[1] ?? []);
}

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
