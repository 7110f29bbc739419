// The hooks of a Claude Code settings file, changed in the text as it stands.
// - Pure: text in, text out. Only our own handlers are edited, and the containers that hold nothing but ours.
// - `withHooks`, then `withoutHooks` with the hollows that it returned, gives back the same bytes.
// - A text that Claude Code would refuse is refused with line and column; so is a `hooks` of another shape.

import { applyEdits, type Edit } from "jsonc-parser";
import * as z from "zod/mini";
import { groupsIn, handlersOf, matcherOf, misshapen } from "./hooks.ts";
import { children, end, entry, member, type Node, parseStrict, plain, type Refusal, refuse } from "./json.ts";
import { deletions, indentAt, insertion, isLines, layoutOf, spaced } from "./layout.ts";

/** One command that Claude Code runs for an event, as it stands in the settings. */
export const Handler = z.looseObject({
  type: z.literal("command"),
  command: z.string(),
  args: z.exactOptional(z.readonly(z.array(z.string()))),
  /** Seconds. */
  timeout: z.number(),
});
export type Handler = z.infer<typeof Handler>;

/** What was empty before ours went in, by dotted path ("" the file, "hooks", "hooks.Stop"): its text then. */
export type Hollows = Readonly<Record<string, string>>;

/** Says of a handler in a settings file whether it is ours. */
export type Ours = (handler: unknown) => boolean;

export interface Found {
  readonly event: string;
  readonly handler: unknown;
  /** The group's matcher, where it has one that leaves something out. */
  readonly matcher?: string;
}

export type Change = { readonly text: string; readonly hollows: Hollows } | { readonly refusal: Refusal };

/** Every handler in the file, whoever it belongs to. */
export function handlersIn(text: string): { handlers: readonly Found[] } | { refusal: Refusal } {
  const parsed = parseSettings(text);
  if ("refusal" in parsed) return parsed;
  const handlers = groupsIn(parsed.root).flatMap(({ event, group }) =>
    handlersOf(group).map((node) => {
      const matcher = matcherOf(group);
      return { event, handler: plain(parsed.text, node), ...(matcher === undefined ? {} : { matcher }) };
    }),
  );
  return { handlers };
}

/**
 * Registers each wanted handler once, for every matcher, and takes out every other one of ours.
 * @param wanted event name to handler, in the order in which new ones are added
 * @param hollows what an earlier registration in this text returned
 */
export function withHooks(text: string, wanted: ReadonlyMap<string, Handler>, ours: Ours, hollows: Hollows): Change {
  const parsed = parseSettings(text);
  if ("refusal" in parsed) return parsed;
  const { keep, renew } = survivors(parsed.text, parsed.root, wanted, ours);
  const renewed = applyEdits(parsed.text, renew);
  // Offsets have moved, but the order of handlers has not.
  const kept = new Set(keep);
  const cleaned = remove(renewed, rootOf(renewed), (index) => !kept.has(index), ours, hollows);
  const root = rootOf(cleaned.text);
  const present = new Set(
    groupsIn(root)
      .filter(({ group }) => handlersOf(group).some((node) => ours(plain(cleaned.text, node))))
      .map(({ event }) => event),
  );
  const missing = [...wanted].filter(([event]) => !present.has(event));
  const added = add(cleaned.text, root, missing);
  return { text: parsed.bom + added.text, hollows: { ...cleaned.hollows, ...added.hollows } };
}

/** Takes out every handler of ours; what was hollow before is given back as it was. */
export function withoutHooks(text: string, ours: Ours, hollows: Hollows): Change {
  const parsed = parseSettings(text);
  if ("refusal" in parsed) return parsed;
  const removed = remove(parsed.text, parsed.root, () => true, ours, hollows);
  return { text: parsed.bom + removed.text, hollows: removed.hollows };
}

type Parsed = { text: string; bom: string; root: Node | undefined } | { refusal: Refusal };

function parseSettings(whole: string): Parsed {
  const parsed = parseStrict(whole);
  if ("refusal" in parsed) return parsed;
  const misfit = parsed.root && misshapen(parsed.root);
  if (misfit) return { refusal: refuse(whole, misfit.node.offset, misfit.reason) };
  const bom = whole.startsWith("\uFEFF") ? "\uFEFF" : "";
  const text = whole.slice(bom.length);
  return { text, bom, root: rootOf(text) };
}

function rootOf(text: string): Node | undefined {
  const parsed = parseStrict(text);
  return "root" in parsed ? parsed.root : undefined;
}

/**
 * Which of our handlers stay, by their place among all handlers of the file: for each wanted event the first one that
 * every matcher meets, made to say what is wanted now.
 */
function survivors(
  text: string,
  root: Node | undefined,
  wanted: ReadonlyMap<string, Handler>,
  ours: Ours,
): { keep: readonly number[]; renew: Edit[] } {
  const keep: number[] = [];
  const renew: Edit[] = [];
  const settled = new Set<string>();
  let index = -1;
  for (const { event, group } of groupsIn(root)) {
    for (const node of handlersOf(group)) {
      index++;
      const handler = wanted.get(event);
      if (!handler || settled.has(event) || matcherOf(group) !== undefined) continue;
      const value = plain(text, node);
      if (!ours(value)) continue;
      settled.add(event);
      keep.push(index);
      if (sameHandler(value, handler)) continue;
      const content = isLines(text, root) ? spaced(handler) : JSON.stringify(handler);
      renew.push({ offset: node.offset, length: node.length, content });
    }
  }
  return { keep, renew };
}

function sameHandler(value: unknown, handler: Handler): boolean {
  const sorted = (object: object) => JSON.stringify(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(value as object) === sorted(handler);
}

/** Deletes our handlers, by their place among all, and what then holds nothing; refills what was hollow before. */
function remove(
  text: string,
  root: Node | undefined,
  doomed: (index: number) => boolean,
  ours: Ours,
  hollows: Hollows,
): { text: string; hollows: Hollows } {
  const hooks = root && member(root, "hooks");
  if (!root || !hooks) return { text, hollows: {} };
  const edits: Edit[] = [];
  const left: Record<string, string> = { ...hollows };
  let index = 0;

  /** Deletes children of a container. True: nothing is left, and the container is to go as well. */
  const clear = (container: Node, gone: readonly Node[], path?: string): boolean => {
    const all = children(container);
    if (gone.length === 0) return false;
    if (gone.length < all.length) {
      edits.push(...deletions(all, new Set(gone)));
      return false;
    }
    const hollow = path === undefined ? undefined : left[path];
    if (path === undefined || hollow === undefined) return true;
    delete left[path];
    edits.push({ offset: container.offset, length: container.length, content: hollow });
    return false;
  };

  const clearGroup = (group: Node): boolean => {
    const handlers = handlersOf(group);
    const gone = handlers.filter((node) => ours(plain(text, node)) && doomed(index + handlers.indexOf(node)));
    index += handlers.length;
    const list = member(group, "hooks");
    return list !== undefined && clear(list, gone);
  };

  const events = children(hooks).filter((property) => {
    const { name, value } = entry(property);
    return clear(value, children(value).filter(clearGroup), `hooks.${name}`);
  });
  if (clear(hooks, events, "hooks")) {
    const property = children(root).filter((candidate) => entry(candidate).value === hooks);
    if (clear(root, property, "")) edits.push({ offset: root.offset, length: root.length, content: "{}" });
  }
  return { text: applyEdits(text, edits), hollows: left };
}

/** Adds a group of its own for each handler: to the event's list, as a new event, or with the first `hooks` at all. */
function add(
  text: string,
  root: Node | undefined,
  missing: readonly (readonly [string, Handler])[],
): { text: string; hollows: Hollows } {
  if (missing.length === 0) return { text, hollows: {} };
  const blank = root === undefined;
  const base = blank ? `{}${text}` : text;
  const file = layoutOf(base, rootOf(base) as Node);
  const hollows: Record<string, string> = {};
  const edits: Edit[] = [];

  const put = (container: Node, items: readonly string[], path: string) => {
    if (children(container).length === 0)
      hollows[path] = blank && path === "" ? "" : base.slice(container.offset, end(container));
    edits.push(insertion(base, container, items, file));
  };

  const top = rootOf(base) as Node;
  const hooks = member(top, "hooks");
  const groupOf = (handler: Handler) => file.write({ hooks: [handler] });
  const propertyOf = ([event, handler]: readonly [string, Handler]) =>
    `${JSON.stringify(event)}:${file.gap}[${groupOf(handler)}]`;
  if (hooks) {
    const fresh = missing.filter(([event, handler]) => {
      const list = member(hooks, event);
      if (list) put(list, [groupOf(handler)], `hooks.${event}`);
      return !list;
    });
    if (fresh.length > 0) put(hooks, fresh.map(propertyOf), "hooks");
  } else {
    const indent = indentAt(base, top.offset) + file.unit;
    put(top, [`"hooks":${file.gap}${file.wrap("{", missing.map(propertyOf), "}", indent)}`], "");
  }
  return { text: applyEdits(base, edits), hollows };
}
