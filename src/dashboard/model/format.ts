// Numbers and times as people read them. Units are always said; nothing is longer than it must be.

import { projectName as knownName, type Placed } from "../../contract/project.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NONE = "–";

/** A duration in milliseconds: "85 ms", "4.2 s", "3 m 07 s", "2 h 05 m", "3 d 4 h", "90 d". */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return NONE;
  const value = Math.max(0, ms);
  if (value < SECOND_MS) return `${Math.round(value)} ms`;
  if (value < 10 * SECOND_MS) return `${(value / SECOND_MS).toFixed(1)} s`;
  if (value < MINUTE_MS) return `${Math.floor(value / SECOND_MS)} s`;
  if (value < HOUR_MS) return pair(value, MINUTE_MS, "m", SECOND_MS, "s", 2);
  if (value < DAY_MS) return pair(value, HOUR_MS, "h", MINUTE_MS, "m", 2);
  return pair(value, DAY_MS, "d", HOUR_MS, "h", 1).replace(/ 0 h$/, "");
}

function pair(value: number, large: number, one: string, small: number, other: string, digits: number): string {
  const rest = Math.floor((value % large) / small);
  return `${Math.floor(value / large)} ${one} ${String(rest).padStart(digits, "0")} ${other}`;
}

/** The same in whole seconds, for a timer that runs: "7 s" instead of "7.0 s", so that it does not flicker. */
export function timer(ms: number): string {
  return ms < MINUTE_MS ? `${Math.max(0, Math.floor(ms / SECOND_MS))} s` : duration(ms);
}

/** "3 events", "1 event". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** With separators: "12,345". */
export function number(value: number): string {
  if (Number.isInteger(value) && value >= 0 && value < 1000) return String(value);
  return Number.isFinite(value) ? whole.format(value) : NONE;
}

/** Short: "950", "12.3 k", "4.1 M". */
export function short(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  for (const [limit, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (value >= limit) return `${(value / limit).toFixed(value >= 100 * limit ? 0 : 1)} ${unit}`;
  return String(Math.round(value));
}

/** Bytes in binary units: "512 B", "1.4 MiB". */
export function size(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  for (const [limit, unit] of [
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"],
  ] as const)
    if (value >= limit) return `${(value / limit).toFixed(1)} ${unit}`;
  return `${value} B`;
}

/** A share of a whole: "3.2 %". */
export function share(part: number, all: number): string {
  if (!(all > 0)) return NONE;
  const percent = (100 * part) / all;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Local time of day: "14:03:27". */
export function clock(t: number): string {
  if (!Number.isFinite(t)) return NONE;
  const at = new Date(t);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** With milliseconds: "14:03:27.120". */
export function preciseClock(t: number): string {
  return Number.isFinite(t) ? `${clock(t)}.${String(Math.floor(t) % 1000).padStart(3, "0")}` : NONE;
}

/** Local date: "2026-11-24". */
export function day(t: number): string {
  const at = new Date(t);
  return Number.isFinite(t) ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}` : NONE;
}

/** Time of day today, else date and time. */
export function moment(t: number, now: number): string {
  return day(t) === day(now) ? clock(t) : `${day(t)} ${clock(t).slice(0, 5)}`;
}

/** "just now", "4 m ago", "3 d ago". */
export function ago(t: number, now: number): string {
  const passed = now - t;
  if (!Number.isFinite(passed)) return NONE;
  if (passed < 5 * SECOND_MS) return "just now";
  for (const [unit, name] of [
    [DAY_MS, "d"],
    [HOUR_MS, "h"],
    [MINUTE_MS, "m"],
  ] as const)
    if (passed >= unit) return `${Math.floor(passed / unit)} ${name} ago`;
  return `${Math.floor(passed / SECOND_MS)} s ago`;
}

/** What a person calls a session's project, where it has none, too. */
export const projectName = (placed: Placed): string => knownName(placed) || "no project";

/** US dollars: "$0.42", "$1,204". */
export function dollars(value: number): string {
  return value >= 100 ? `$${number(value)}` : `$${value.toFixed(2)}`;
}
