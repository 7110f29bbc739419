// The command lines of ours that pages show, as somebody would type them.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { ROOT } from "../../world.ts";

export interface Node {
  readonly type: string;
  readonly url?: string;
  readonly value?: string;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: { readonly line: number } } | undefined;
}

export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...globSync("docs/**/*.md", { cwd: ROOT }),
];
export const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");
export const treeOf = (text: string): Node =>
  fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

export function* nodes(node: Node): Generator<Node> {
  yield node;
  for (const child of node.children ?? []) yield* nodes(child);
}

export interface Shown {
  /** What stands behind `mpm`. */
  readonly words: readonly string[];
  /** Page, line and command. */
  readonly where: string;
  /** It stands in a block of its own, not within a sentence. */
  readonly isBlock: boolean;
}

/** What a page writes in the place of what its reader has. */
const PLACEHOLDERS: Readonly<Record<string, readonly string[]>> = {
  ID: ["a-session"],
  DIR: ["."],
  NAME: ["dana"],
  CODE: ["abcd-efgh"],
  URL: ["http://127.0.0.1:9"],
  KEY: ["relay.idleMs"],
  VALUE: ["10m"],
  "PATH...": [".claude-mpm/agents"],
  $MPM_STORE: ["postgres://mpm@127.0.0.1:9/mpm"],
};

/** The commands of a page, the changelog's past ones aside. */
export function commandsIn(page: string): Shown[] {
  return [...nodes(treeOf(textOf(page)))].flatMap(({ type, value = "", position }) => {
    if (type !== "inlineCode" && type !== "code") return [];
    return value
      .split("\n")
      .flatMap((line) => line.split(/\s*(?:&&|\||;)\s*/))
      .map((line) => line.replace(/^\s*(?:\$ |(?:[A-Z_]+=\S+ )+)?/, "").replace(/ (?:#|>|2>).*$/, ""))
      .filter((line) => /^(?:npx mpm-hook|mpm)(?: |$)/.test(line))
      .map((line) => ({
        words: wordsOf(line.replace(/^(?:npx mpm-hook|mpm) ?/, "")),
        where: `${page}:${position?.start.line} ${line}`,
        isBlock: type === "code",
      }));
  });
}

/** Two spaces part a command from what is said of it; brackets stand around what may be left out. */
function wordsOf(line: string): string[] {
  const [command = ""] = line.split(/\s{2,}/);
  const words = command.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words
    .map((word) => (/^['"]/.test(word) ? word.slice(1, -1) : word.replace(/^\[(.*)\]$/, "$1")))
    .flatMap((word) => PLACEHOLDERS[word] ?? [word]);
}
