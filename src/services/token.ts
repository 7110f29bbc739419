// The monitor's access token: 32 random bytes, made at first use, readable by its user alone.
// - Two who make it at once agree on one: it appears whole, or not at all.
// - A link, a file of another user or one that others may read is no token of ours, and is refused.

import { randomBytes } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";
import type { Paths } from "../config/config.ts";
import type { ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { makeHome } from "../platform/directory.ts";
import { errorCode } from "../platform/error.ts";
import { replaceFile } from "../platform/file.ts";
import { readPrivate } from "../platform/read.ts";

const BYTES = 32;
const MAX_BYTES = 4096;

export type TokenTrouble = ReasonOf<"token_unusable">;

const newToken = () => randomBytes(BYTES).toString("base64url");

/** The token of this home, made if there is none; or why it cannot be trusted. */
export function readOrMakeToken(paths: Paths): Result<string, TokenTrouble> {
  makeHome(paths.home);
  const there = readToken(paths);
  if (!there.ok) return there;
  if (there.value !== undefined) return done(there.value);
  const aside = `${paths.token}.${randomBytes(6).toString("hex")}`;
  try {
    // On the disk before its name: after a power cut an empty one would keep everybody out.
    writeFileSync(aside, `${newToken()}\n`, { mode: 0o600, flag: "wx", flush: true });
    linkSync(aside, paths.token);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  const made = readToken(paths);
  if (!made.ok) return made;
  return made.value === undefined ? unusable(paths.token, "vanished") : done(made.value);
}

const unusable = (file: string, problem: TokenTrouble["problem"]) =>
  failed<TokenTrouble>({ code: "token_unusable", file, problem });

/** The token; undefined where there is none; or why it cannot be trusted. */
export function readToken({ token: file }: Paths): Result<string | undefined, TokenTrouble> {
  const read = readPrivate(file, MAX_BYTES);
  if (read.kind === "missing") return done(undefined);
  if (read.kind === "unusable") return unusable(file, read.problem);
  const token = read.text.trim();
  return token.length < BYTES ? unusable(file, "malformed") : done(token);
}

/** Makes a new token in the place of the old one, in one step. */
export function rotateToken(paths: Paths): void {
  makeHome(paths.home);
  replaceFile(paths.token, `${newToken()}\n`, { durable: true });
}
