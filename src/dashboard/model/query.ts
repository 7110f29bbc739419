// What is searched for, in the URL and nowhere else: a link is the whole state of the Search view.

import { rangeOf } from "./days.ts";

export interface Query {
  readonly q: string;
  readonly project: string;
  readonly session: string;
  readonly event: string;
  readonly tool: string;
  readonly agent: string;
  readonly failed: boolean;
  /** A word of days.ts; it goes before since and until. */
  readonly day: string;
  /** ISO 8601, local as an input of type datetime-local has it, or ms since 1970; "" for open. */
  readonly since: string;
  readonly until: string;
}

export const EMPTY_QUERY: Query = {
  q: "",
  project: "",
  session: "",
  event: "",
  tool: "",
  agent: "",
  failed: false,
  day: "",
  since: "",
  until: "",
};

const TEXT_KEYS = ["q", "project", "session", "event", "tool", "agent", "day", "since", "until"] as const;

export function queryFrom(params: URLSearchParams): Query {
  const texts = Object.fromEntries(TEXT_KEYS.map((key) => [key, params.get(key) ?? ""]));
  return { ...EMPTY_QUERY, ...texts, failed: params.get("failed") === "1" };
}

/** Only what is set, in a fixed order, so that equal queries have equal links. */
export function paramsOf(query: Query): URLSearchParams {
  const params = new URLSearchParams();
  for (const key of TEXT_KEYS) if (query[key]) params.set(key, query[key]);
  if (query.failed) params.set("failed", "1");
  return params;
}

/** The same for GET /api/events: times in ms, by `now`, ms since 1970; a time that does not parse is left out. */
export function requestOf(query: Query, now: number): URLSearchParams {
  const params = paramsOf(query);
  const { since = timeOf(query.since), until = timeOf(query.until) } = query.day ? rangeOf(query.day, now) : {};
  for (const [key, at] of Object.entries({ day: undefined, since, until })) {
    if (at === undefined) params.delete(key);
    else params.set(key, String(at));
  }
  return params;
}

function timeOf(given: string): number | undefined {
  const at = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
  return Number.isNaN(at) ? undefined : at;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** A time as an input of type datetime-local has it; "" where it is none. */
export function localInput(given: string): string {
  const t = timeOf(given);
  if (t === undefined) return "";
  const at = new Date(t);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Filters that are set beside the words. */
export function countFilters(query: Query): number {
  return [...paramsOf({ ...query, q: "" }).keys()].length;
}

export function isEmpty(query: Query): boolean {
  return paramsOf(query).size === 0;
}

/** The words of a search that are found whole only, where beginnings of them may be meant. */
export function wholeWords(q: string): string[] {
  return q.includes('"') ? [] : q.split(/\s+/).filter((word) => /^\p{L}{3,}$/u.test(word) && !OPERATORS.has(word));
}

const OPERATORS = new Set(["AND", "OR", "NOT"]);
