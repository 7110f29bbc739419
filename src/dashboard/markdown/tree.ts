// Markdown as a tree of a few elements that are known to be harmless: what people and models write is never HTML here.
// - Links lead to the web or to mail, all others are text; images are named and not loaded; HTML is shown as it is written.
// - A text is read in pieces, a few milliseconds each; one that would take longer is plain.

import type { Definition, Nodes, Table } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

export type Tag =
  | "p"
  | "heading"
  | "hr"
  | "blockquote"
  | "ul"
  | "ol"
  | "li"
  | "pre"
  | "code"
  | "em"
  | "strong"
  | "del"
  | "br"
  | "a"
  | "table"
  | "tr"
  | "th"
  | "td"
  | "plain";

export interface Element {
  readonly tag: Tag;
  readonly children: readonly Leaf[];
  /** Of a link: http, https or mailto. */
  readonly href?: string;
  /** Of a heading, 1 to 6. */
  readonly level?: number;
  /** Of a list: its first number. */
  readonly start?: number;
  /** Of code: its language, as it was written. */
  readonly language?: string;
  /** Of an item that is a task. */
  readonly checked?: boolean;
}
export type Leaf = string | Element;

/** A piece is cut where it can be, once it is so long: reading a few of these takes no longer than a frame. Characters. */
const PIECE = 1500;
/** Longer pieces are plain. Characters. */
const MAX_PIECE = 8000;
/** More of what may be markup in one paragraph is none: reading takes time with its square. */
const MAX_SIGNS = 400;
const SIGNS = /[*_[\]~`<&@]/g;
/** A line in so many quotes and lists means nothing, and takes a level of the stack for each. */
const NESTED = /^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)])){16}/m;
const MAX_DEPTH = 40;

/** Reads a text. */
export function readMarkdown(text: string): readonly Leaf[] {
  return piecesOf(text).flatMap(readPiece);
}

/** The text in pieces that can be read one by one: it is cut between blocks, and not inside of code, lists and tables. */
export function piecesOf(text: string): string[] {
  if (text.length <= PIECE) return [text];
  const pieces: string[] = [];
  let from = 0;
  let at = 0;
  let fence: string | undefined;
  let isBlank = false;
  for (const line of text.split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const begins = isBlank && fence === undefined && !/^(?:[ \t]|[*+-] |\d{1,9}[.)] |\||$)/.test(line);
    if (begins && at - from >= PIECE) {
      pieces.push(text.slice(from, at));
      from = at;
    }
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence)) fence = undefined;
    isBlank = line.trim() === "";
    at += line.length + 1;
  }
  return [...pieces, text.slice(from)];
}

/** Reads a piece. */
export function readPiece(text: string): readonly Leaf[] {
  if (isStrange(text)) return [plain(text)];
  const root = fromMarkdown(text, { extensions: [gfm({ singleTilde: false })], mdastExtensions: [gfmFromMarkdown()] });
  const definitions = new Map<string, Definition>();
  for (const node of root.children) if (node.type === "definition") definitions.set(node.identifier, node);
  const reader: Reader = { definitions, depth: 0 };
  return root.children.flatMap((node) => leavesOf(node, reader));
}

function isStrange(text: string): boolean {
  return (
    text.length > MAX_PIECE ||
    NESTED.test(text) ||
    text.split(/\n[ \t]*\n/).some((paragraph) => (paragraph.match(SIGNS)?.length ?? 0) > MAX_SIGNS)
  );
}

const plain = (text: string): Element => ({ tag: "plain", children: [text] });

interface Reader {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly depth: number;
}

function leavesOf(node: Nodes, before: Reader): Leaf[] {
  if (before.depth > MAX_DEPTH) return ["…"];
  const reader = { ...before, depth: before.depth + 1 };
  const inside = (children: readonly Nodes[]): Leaf[] => children.flatMap((child) => leavesOf(child, reader));
  const element = (tag: Tag, children: readonly Nodes[]): Leaf[] => [{ tag, children: inside(children) }];
  switch (node.type) {
    case "text":
      return [node.value];
    case "html":
      return [node.value];
    case "paragraph":
      return element("p", node.children);
    case "heading":
      return [{ tag: "heading", level: node.depth, children: inside(node.children) }];
    case "thematicBreak":
      return [{ tag: "hr", children: [] }];
    case "blockquote":
      return element("blockquote", node.children);
    case "list":
      return [
        {
          tag: node.ordered ? "ol" : "ul",
          children: inside(node.children),
          ...(typeof node.start === "number" ? { start: node.start } : {}),
        },
      ];
    case "listItem":
      return [
        {
          tag: "li",
          children: inside(node.children),
          ...(typeof node.checked === "boolean" ? { checked: node.checked } : {}),
        },
      ];
    case "code":
      return [{ tag: "pre", children: [node.value], ...(node.lang ? { language: node.lang } : {}) }];
    case "inlineCode":
      return [{ tag: "code", children: [node.value] }];
    case "emphasis":
      return element("em", node.children);
    case "strong":
      return element("strong", node.children);
    case "delete":
      return element("del", node.children);
    case "break":
      return [{ tag: "br", children: [] }];
    case "link":
      return linkTo(node.url, inside(node.children));
    case "linkReference":
      return linkTo(reader.definitions.get(node.identifier)?.url ?? "", inside(node.children));
    case "image":
      return image(node.alt, node.url);
    case "imageReference":
      return image(node.alt, reader.definitions.get(node.identifier)?.url ?? "");
    case "footnoteReference":
      return [`[${node.label ?? node.identifier}]`];
    case "footnoteDefinition":
      return [{ tag: "p", children: [`[${node.label ?? node.identifier}] `] }, ...inside(node.children)];
    case "table":
      return [table(node, inside)];
    default:
      return [];
  }
}

function table({ children }: Table, inside: (children: readonly Nodes[]) => Leaf[]): Element {
  const rows = children.map((row, index): Element => {
    const tag = index === 0 ? "th" : "td";
    return { tag: "tr", children: row.children.map((cell): Element => ({ tag, children: inside(cell.children) })) };
  });
  return { tag: "table", children: rows };
}

const HARMLESS = new Set(["http:", "https:", "mailto:"]);

/** The address as the browser reads it, where it leads to the web or to mail. */
export function harmless(url: string): string | undefined {
  const read = URL.canParse(url) ? new URL(url) : undefined;
  return read && HARMLESS.has(read.protocol) ? read.href : undefined;
}

function linkTo(url: string, children: readonly Leaf[]): Leaf[] {
  const href = harmless(url);
  if (href !== undefined) return [{ tag: "a", href, children }];
  // A path in the project, or what might do harm: said, and nothing to be clicked.
  return textOf(children) === url || url === "" ? [...children] : [...children, ` (${url})`];
}

function image(alt: string | null | undefined, url: string): Leaf[] {
  return [`[image${alt ? `: ${alt}` : ""}] `, ...linkTo(url, [url])];
}

function textOf(leaves: readonly Leaf[]): string {
  return leaves.map((leaf) => (typeof leaf === "string" ? leaf : textOf(leaf.children))).join("");
}
