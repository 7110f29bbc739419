// Strict JSON as a tree over its text: where each value stands, and what is wrong with a text that is none.
// - Strict as Claude Code is: no comments, no trailing commas; a byte order mark is allowed and not part of the tree.

import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

export type { Node };

const BYTE_ORDER_MARK = "\uFEFF";

/** Why a text was refused, and where: line and column count from 1. */
export interface Refusal {
  readonly reason: string;
  readonly line: number;
  readonly column: number;
}

/** @param offset in UTF-16 units from the start of the text */
export function refuse(text: string, offset: number, reason: string): Refusal {
  const before = text.slice(0, offset).split("\n");
  return { reason, line: before.length, column: (before.at(-1) as string).replace(BYTE_ORDER_MARK, "").length + 1 };
}

/** The tree of a strict JSON text, offsets from the start of the text; undefined for a blank one. */
export function parseStrict(text: string): { root: Node | undefined } | { refusal: Refusal } {
  const body = text.startsWith(BYTE_ORDER_MARK) ? ` ${text.slice(1)}` : text;
  if (body.trim() === "") return { root: undefined };
  const errors: ParseError[] = [];
  const root = parseTree(body, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (first) return { refusal: refuse(text, first.offset, wording(body, first)) };
  try {
    JSON.parse(body);
  } catch (error) {
    // What the tree's parser lets pass and the host does not.
    const offset = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0);
    return { refusal: refuse(text, offset, "this is not JSON") };
  }
  return { root };
}

/** The children of an object or array: its values, or its properties with key and value. */
export function children(node: Node): readonly Node[] {
  return node.children ?? [];
}

/** Name and value of an object's property node. */
export function entry(property: Node): { name: string; value: Node } {
  const [key, value] = property.children as [Node, Node];
  return { name: key.value as string, value };
}

/** The value of that name: the last one, as JSON.parse has it. */
export function member(object: Node, name: string): Node | undefined {
  const properties = children(object).map(entry);
  return properties.findLast((property) => property.name === name)?.value;
}

export function end(node: Node): number {
  return node.offset + node.length;
}

/** The plain value of a node. */
export function plain(text: string, node: Node): unknown {
  return JSON.parse(text.slice(node.offset, end(node)));
}

function wording(text: string, { error, offset }: ParseError): string {
  if (text.slice(offset).match(/^\/[/*]/)) return "a comment, which Claude Code does not allow here";
  const before = text.slice(0, offset).trimEnd();
  if (before.endsWith(",") && /^\s*[}\]]/.test(text.slice(offset))) return "a trailing comma before this";
  const name = printParseErrorCode(error).replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
  return `not JSON: ${name.toLowerCase()}`;
}
