// One member of a JSON file of Claude Code that is ours, changed in the text as it stands: `statusLine` of its settings,
// `mcpServers.mpm` of its own configuration.
// - Pure: text in, text out. `withMember`, then `withoutMember` with the hollows that it returned, gives back the same bytes.

import { applyEdits } from "jsonc-parser";
import { children, end, entry, member, type Node, parseStrict, plain, type Refusal, refuse } from "./json.ts";
import { deletions, indentAt, insertion, isLines, layoutOf, spaced } from "./layout.ts";
import type { Change, Hollows } from "./settings.ts";

/** A name at the top of the file, or one in an object at the top of it. */
export type MemberPath = readonly [string] | readonly [string, string];

const BYTE_ORDER_MARK = "\uFEFF";

/** The value that stands there; undefined where none does. */
export function memberIn(text: string, path: MemberPath): { readonly value: unknown } | { readonly refusal: Refusal } {
  const parsed = parse(text, path);
  if ("refusal" in parsed) return parsed;
  const node = nodeAt(parsed.root, path);
  return { value: node && plain(parsed.body, node) };
}

/** Puts the value there, in the place of one that is there. */
export function withMember(text: string, path: MemberPath, value: unknown, hollows: Hollows): Change {
  const parsed = parse(text, path);
  if ("refusal" in parsed) return parsed;
  const { body, bom, root } = parsed;
  const node = nodeAt(root, path);
  if (node) {
    if (JSON.stringify(plain(body, node)) === JSON.stringify(value)) return { text, hollows };
    const content = isLines(body, root) ? spaced(value) : JSON.stringify(value);
    return { text: bom + applyEdits(body, [{ offset: node.offset, length: node.length, content }]), hollows };
  }
  const base = root ? body : `{}${body}`;
  const top = root ?? topOf(base);
  if (!top) return { text, hollows };
  const file = layoutOf(base, top);
  const property = (name: string, content: string) => `${JSON.stringify(name)}:${file.gap}${content}`;
  const written = property(path.at(-1) ?? "", file.write(value));
  const outer = path[1] === undefined ? undefined : member(top, path[0]);
  const container = outer ?? top;
  const indent = indentAt(base, top.offset) + file.unit;
  const item = path[1] === undefined || outer ? written : property(path[0], file.wrap("{", [written], "}", indent));
  const isHollow = children(container).length === 0;
  const was = root ? base.slice(container.offset, end(container)) : "";
  return {
    text: bom + applyEdits(base, [insertion(base, container, [item], file)]),
    hollows: isHollow ? { ...hollows, [outer ? path[0] : ""]: was } : hollows,
  };
}

/** Takes the member out, and what then holds nothing; what was hollow before is given back as it was. */
export function withoutMember(text: string, path: MemberPath, hollows: Hollows): Change {
  const parsed = parse(text, path);
  if ("refusal" in parsed) return parsed;
  const { body, bom, root } = parsed;
  if (!root || !nodeAt(root, path)) return { text, hollows };
  const chain = path[1] === undefined ? [root] : [root, member(root, path[0]) ?? root];
  // From the inside out: a container goes with its last member, unless it was there, empty, before.
  for (let depth = chain.length - 1; depth >= 0; depth--) {
    const container = chain[depth] ?? root;
    const all = children(container);
    const gone = all.filter((property) => entry(property).name === path[depth]);
    const at = depth === 0 ? "" : path[0];
    if (gone.length < all.length) return { text: bom + applyEdits(body, deletions(all, new Set(gone))), hollows };
    const { [at]: hollow, ...left } = hollows;
    if (hollow === undefined && depth > 0) continue;
    const content = hollow ?? "{}";
    return {
      text: bom + applyEdits(body, [{ offset: container.offset, length: container.length, content }]),
      hollows: left,
    };
  }
  return { text, hollows };
}

type Parsed =
  | { readonly body: string; readonly bom: string; readonly root: Node | undefined }
  | { readonly refusal: Refusal };

function parse(text: string, path: MemberPath): Parsed {
  const whole = parseStrict(text);
  if ("refusal" in whole) return whole;
  if (whole.root && whole.root.type !== "object")
    return { refusal: refuse(text, whole.root.offset, "the file: expected an object") };
  const outer = whole.root && path[1] !== undefined ? member(whole.root, path[0]) : undefined;
  if (outer && outer.type !== "object")
    return { refusal: refuse(text, outer.offset, `${path[0]}: expected an object`) };
  const bom = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  const body = text.slice(bom.length);
  return { body, bom, root: topOf(body) };
}

function topOf(text: string): Node | undefined {
  const parsed = parseStrict(text);
  return "root" in parsed ? parsed.root : undefined;
}

function nodeAt(root: Node | undefined, [first, second]: MemberPath): Node | undefined {
  const outer = root && member(root, first);
  return outer && second !== undefined ? member(outer, second) : outer;
}
