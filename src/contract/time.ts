// Times as people and programs give them, the same at the API and in the terminal:
// ISO 8601, milliseconds since 1970, so long ago (`10m`, `2h`, `3d`, `2w`), `now`, `today`, `yesterday`.

/** What a Date can hold, ms since 1970. */
const LATEST_MS = 8.64e15;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const UNITS = new Map([
  ["s", 1000],
  ["m", MINUTE_MS],
  ["h", 60 * MINUTE_MS],
  ["d", DAY_MS],
  ["w", 7 * DAY_MS],
]);

/** What is expected of a time, for error messages. */
export const TIME_EXPECTED = "an ISO time, milliseconds since 1970, 10m, 2h, 3d, today or yesterday";

/**
 * The time that a text stands for, ms since 1970; undefined where it stands for none. `today` and `yesterday` begin at
 * midnight of the local day, `now` is ms since 1970.
 */
export function readTime(text: string, now: number): number | undefined {
  const at = timeOf(text.trim(), now);
  return at !== undefined && Math.abs(at) <= LATEST_MS ? at : undefined;
}

/** Whether a text stands for a time, whenever it is read. */
export const isTime = (text: string): boolean => readTime(text, 0) !== undefined;

function timeOf(text: string, now: number): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  if (text === "now") return now;
  if (text === "today" || text === "yesterday") {
    const day = new Date(now);
    if (text === "yesterday") day.setDate(day.getDate() - 1);
    return day.setHours(0, 0, 0, 0);
  }
  const ago = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  if (ago) return now - Number(ago[1]) * (UNITS.get(ago[2] ?? "") ?? Number.NaN);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
