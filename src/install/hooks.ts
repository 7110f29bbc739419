// The shape of `hooks` in a settings file: events, each a list of groups, each a matcher and a list of handlers.

import { children, entry, member, type Node } from "./json.ts";

export interface Group {
  readonly event: string;
  readonly group: Node;
}

export function groupsIn(root: Node | undefined): readonly Group[] {
  const hooks = root && member(root, "hooks");
  if (!hooks) return [];
  return children(hooks)
    .map(entry)
    .flatMap(({ name, value }) => children(value).map((group) => ({ event: name, group })));
}

export function handlersOf(group: Node): readonly Node[] {
  const handlers = member(group, "hooks");
  return handlers ? children(handlers) : [];
}

/** The matcher of a group that not everything matches. */
export function matcherOf(group: Node): string | undefined {
  const matcher: unknown = member(group, "matcher")?.value;
  return typeof matcher === "string" && matcher !== "" && matcher !== "*" ? matcher : undefined;
}

/** The first part of the file that has not the shape of hooks. */
export function misshapen(root: Node): { node: Node; reason: string } | undefined {
  const expect = (node: Node | undefined, type: Node["type"], path: string) =>
    node && node.type !== type
      ? { node, reason: `${path}: expected ${article(type)}, received ${article(node.type)}` }
      : undefined;
  const top = expect(root, "object", "the file");
  if (top) return top;
  const hooks = member(root, "hooks");
  if (!hooks) return undefined;
  const outer = expect(hooks, "object", "hooks");
  if (outer) return outer;
  for (const { name, value } of children(hooks).map(entry)) {
    const list = expect(value, "array", `hooks.${name}`);
    if (list) return list;
    for (const [index, group] of children(value).entries()) {
      const path = `hooks.${name}[${index}]`;
      const inner =
        expect(group, "object", path) ??
        expect(member(group, "matcher"), "string", `${path}.matcher`) ??
        expect(member(group, "hooks"), "array", `${path}.hooks`);
      if (inner) return inner;
      for (const [place, handler] of handlersOf(group).entries()) {
        const innermost = expect(handler, "object", `${path}.hooks[${place}]`);
        if (innermost) return innermost;
      }
    }
  }
  return undefined;
}

function article(type: Node["type"]): string {
  return type === "null" ? "null" : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}
