// Which sessions are listed, in the URL and nowhere else: a link is the whole state of the Sessions view.

import type { SessionSummary } from "../../contract/session.ts";
import { dayHeading, midnight, rangeOf } from "./days.ts";

const KEYS = [
  "q",
  "project",
  "person",
  "state",
  "day",
  "since",
  "until",
  "minCost",
  "minMs",
  "signals",
  "order",
] as const;
export type ListingKey = (typeof KEYS)[number];
export type Listing = Readonly<Record<ListingKey, string>>;

export function listingFrom(params: URLSearchParams): Listing {
  const value = (key: ListingKey) => params.get(key) ?? "";
  return {
    q: value("q"),
    project: value("project"),
    person: value("person"),
    state: value("state"),
    day: value("day"),
    since: value("since"),
    until: value("until"),
    minCost: value("minCost"),
    minMs: value("minMs"),
    signals: value("signals"),
    order: value("order"),
  };
}

/** Only what is set, in a fixed order. */
export function paramsOfListing(listing: Listing): URLSearchParams {
  const params = new URLSearchParams();
  for (const key of KEYS) if (listing[key]) params.set(key, listing[key]);
  return params;
}

/** The same for GET /api/sessions; `now` is ms since 1970. */
export function requestOfListing(listing: Listing, now: number): URLSearchParams {
  const params = paramsOfListing(listing);
  params.delete("day");
  const { since, until } = rangeOf(listing.day, now);
  if (since !== undefined) params.set("since", String(since));
  if (until !== undefined) params.set("until", String(until));
  return params;
}

/** What is looked for in the words, belongs to another filter, or is none. */
const NO_FILTER: ReadonlySet<ListingKey> = new Set(["q", "until", "order"]);

/** Filters beside the words. */
export function countFilters(listing: Listing): number {
  return KEYS.filter((key) => !NO_FILTER.has(key) && listing[key] !== "").length;
}

export type Item =
  | { readonly kind: "day"; readonly text: string; readonly key: string }
  | { readonly kind: "session"; readonly session: SessionSummary };

/** The sessions with a heading before each day; they are the latest first. */
export function withDays(sessions: readonly SessionSummary[], now: number): Item[] {
  const items: Item[] = [];
  /** The day of the session before: most are of the same one. */
  let [from, to] = [0, 0];
  for (const session of sessions) {
    const { lastAt } = session;
    if (lastAt < from || lastAt >= to) {
      [from, to] = [midnight(lastAt, 0), midnight(lastAt, 1)];
      items.push({ kind: "day", text: dayHeading(lastAt, now), key: String(from) });
    }
    items.push({ kind: "session", session });
  }
  return items;
}
