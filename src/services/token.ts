// The monitor's access token: 32 random bytes, made at first use, readable by its user alone.
// - Two who make it at once agree on one: it appears whole, or not at all.
// - A link, a file of another user or one that others may read is no token of ours, and is refused in words.

import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Paths } from "../config/config.ts";
import { makeHome } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";

const BYTES = 32;
const FOR_OTHERS = 0o077;
/** Absent on Windows, which has neither links of this kind nor such modes. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const REMEDY = "`mpm monitor token --rotate` makes a new one";

const newToken = () => randomBytes(BYTES).toString("base64url");

/** Reads the token of this home; makes it if there is none. Throws an explanation when it cannot be trusted. */
export function readOrMakeToken(paths: Paths): string {
  makeHome(paths.home);
  const there = readToken(paths);
  if (there !== undefined) return there;
  const aside = `${paths.token}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(aside, `${newToken()}\n`, { mode: 0o600, flag: "wx" });
    linkSync(aside, paths.token);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  const token = readToken(paths);
  if (token === undefined) throw new Error(`${paths.token} was removed as soon as it was made`);
  return token;
}

/** @returns the token; undefined where there is none. Throws an explanation when it cannot be trusted. */
export function readToken({ token: file }: Paths): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | NO_FOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP") throw new Error(`${file} is a link, not a token: ${REMEDY}`);
    throw error;
  }
  try {
    const { uid, mode } = fstatSync(descriptor);
    const user = process.geteuid?.();
    if (user !== undefined && uid !== user) throw new Error(`${file} belongs to another user (${uid}): ${REMEDY}`);
    if (user !== undefined && (mode & FOR_OTHERS) !== 0)
      throw new Error(`${file} can be read by other users, so that it is no secret any more: ${REMEDY}`);
    const token = readFileSync(descriptor, "utf8").trim();
    if (token.length < BYTES) throw new Error(`${file} holds no token: ${REMEDY}`);
    return token;
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a new token in the place of the old one, in one step. */
export function rotateToken(paths: Paths): void {
  makeHome(paths.home);
  replaceFile(paths.token, `${newToken()}\n`, { durable: true });
}
