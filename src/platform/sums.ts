// What each file of dist/ is, by a hash: written by the build, asked where something does not load, and by the doctor.

import { hash } from "node:crypto";
import { join } from "node:path";
import { readRegular, readText } from "./read.ts";

/** Within dist/. */
export const SUMS = "sums.json";
const SUM_CHARS = 8;

/** The hash of a file; undefined where it cannot be read. */
export function sumOf(file: string): string | undefined {
  const read = readRegular(file);
  return read.kind === "text" ? hash("sha256", read.bytes, "base64url").slice(0, SUM_CHARS) : undefined;
}

/** Where a file of dist/ is that is called so among the sums. */
export const placeIn = (dist: string, name: string): string => join(dist, name.replace(/^dist\//, ""));

/** Files of a dist/ that are not what was built, such as one that was cut: `dist/NAME`. None where an older version wrote no sums. */
export function damagedIn(dist: string): string[] {
  return sumsIn(dist).flatMap(([name, sum]) => (sumOf(placeIn(dist, name)) === sum ? [] : [name]));
}

function sumsIn(dist: string): [name: string, sum: unknown][] {
  try {
    const read: unknown = JSON.parse(readText(join(dist, SUMS)) ?? "{}");
    return typeof read === "object" && read !== null ? Object.entries(read) : [];
  } catch {
    return [];
  }
}
