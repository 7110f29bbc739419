// Durations and sizes as people write them: `30m`, `90d`, `4GiB`. A bare number is milliseconds, or bytes.

const DURATIONS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const SIZES = {
  B: 1,
  kB: 1e3,
  KiB: 1024,
  MB: 1e6,
  MiB: 1024 ** 2,
  GB: 1e9,
  GiB: 1024 ** 3,
  TB: 1e12,
  TiB: 1024 ** 4,
} as const;

export const DURATION_EXPECTED = "a duration such as 30s, 5m, 2h or 90d";
export const SIZE_EXPECTED = "a size such as 64MiB or 4GiB";

/** Milliseconds; undefined for what is no duration. */
export const readDuration = (text: string): number | undefined => read(text, DURATIONS);
/** Bytes; undefined for what is no size. Units may be written in any case. */
export const readSize = (text: string): number | undefined => read(text, SIZES);

/** A duration in the largest unit that gives a whole number. */
export const writeDuration = (ms: number): string => write(ms, DURATIONS, ["w"]);
/** A size in the largest binary unit that gives a whole number. */
export const writeSize = (bytes: number): string => write(bytes, SIZES, ["kB", "MB", "GB", "TB"]);

function read(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, name = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const unit = Object.entries(units).find(([each]) => each.toLowerCase() === name.toLowerCase());
  if (name !== "" && !unit) return undefined;
  const value = Math.round(Number(amount) * (unit?.[1] ?? 1));
  return Number.isSafeInteger(value) ? value : undefined;
}

function write(value: number, units: Readonly<Record<string, number>>, not: readonly string[]): string {
  const usable = Object.entries(units).filter(([name, size]) => !not.includes(name) && value % size === 0);
  const [name = "", size = 1] = usable.at(-1) ?? [];
  return value === 0 ? `0${Object.keys(units)[0]}` : `${value / size}${name}`;
}
