// Where the page is, from the part of the URL behind "#": every view, filter and selection has a link.

import { signal } from "@preact/signals";

export interface Route {
  /** "" is Now. */
  readonly view: string;
  readonly id: string;
  readonly params: URLSearchParams;
}

function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", id = ""] = path.split("/");
  return { view, id: decode(id), params: new URLSearchParams(query) };
}

export function linkTo(view: string, id = "", params?: URLSearchParams): string {
  const path = id ? `#/${view}/${encodeURIComponent(id)}` : `#/${view}`;
  return params && params.size > 0 ? `${path}?${params}` : path;
}

/** The present link with other parameters: those that are named change, one that is undefined or "" goes, the others stay. */
export function linkWith(changes: Readonly<Record<string, string | undefined>>): string {
  const { view, id, params } = route.peek();
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes))
    if (value) next.set(name, value);
    else next.delete(name);
  return linkTo(view, id, next);
}

/** A hash that is no valid escape is taken as it is: it comes from anywhere. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = signal<Route>(parseRoute(""));

/** What the address bar said when the route was read from it. */
let read = "";

/** Follows the address bar from now on. */
export function startRouting(): void {
  const follow = (): void => {
    read = location.hash;
    route.value = parseRoute(read);
  };
  addEventListener("hashchange", follow);
  follow();
}

export function go(link: string): void {
  location.hash = link;
}

/**
 * Changes the link without a step in the history: filters while they are typed, a selection that moves. Whoever is on
 * the way to another place gets there: its link is in the address bar a moment before the route follows.
 */
export function replace(link: string): void {
  if (link === location.hash || location.hash !== read) return;
  history.replaceState(history.state, "", link); // with the place in it: place.ts
  read = location.hash;
  route.value = parseRoute(link);
}
