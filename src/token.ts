// The monitor's access token: 32 random bytes, made at first use, readable by its user alone.

import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Paths } from "./config.ts";
import { makeDirectory } from "./directory.ts";

const BYTES = 32;

/** Reads the token of this home; makes it if there is none. Two who make it at once agree on one. */
export function readOrMakeToken(paths: Paths): string {
  makeDirectory(paths.home);
  try {
    const descriptor = openSync(paths.token, "wx", 0o600);
    try {
      writeSync(descriptor, `${randomBytes(BYTES).toString("base64url")}\n`);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const token = readFileSync(paths.token, "utf8").trim();
  if (token.length >= BYTES) return token;
  throw new Error(`${paths.token} holds no token: remove it, and a new one is made`);
}
