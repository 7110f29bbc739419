// Days as people say them, for filters: a word in the link, a span of time in the request.

import { day as isoDay } from "./format.ts";

export const DAYS = [
  ["today", "Today"],
  ["yesterday", "Yesterday"],
  ["week", "Last 7 days"],
] as const;

const WEEK_DAYS = 7;

export interface Range {
  /** ms since 1970, both ends included; absent: open. */
  readonly since?: number;
  readonly until?: number;
}

/** The local days that a word stands for; open where it is none. */
export function rangeOf(word: string, now: number): Range {
  switch (word) {
    case "today":
      return { since: midnight(now, 0) };
    case "yesterday":
      return { since: midnight(now, -1), until: midnight(now, 0) - 1 };
    case "week":
      return { since: midnight(now, 1 - WEEK_DAYS) };
    default:
      return {};
  }
}

const heading = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const headingOfYear = new Intl.DateTimeFormat("en", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

/** "Today", "Yesterday", "Monday, November 23", and the year where it is another. */
export function dayHeading(t: number, now: number): string {
  const day = midnight(t, 0);
  if (day === midnight(now, 0)) return "Today";
  if (day === midnight(now, -1)) return "Yesterday";
  const isThisYear = new Date(t).getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? heading : headingOfYear).format(t);
}

const short = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

/** "Nov 23", and "2025-11-23" where the year is another. */
export function shortDay(t: number, now: number): string {
  return new Date(t).getFullYear() === new Date(now).getFullYear() ? short.format(t) : isoDay(t);
}

/** The beginning of the local day, so many days on. */
export function midnight(t: number, days: number): number {
  const at = new Date(t);
  at.setDate(at.getDate() + days);
  return at.setHours(0, 0, 0, 0);
}
