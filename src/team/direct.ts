// A relay that sends straight to a team, without a monitor between: what leaves is decided here as it is for a forwarder.
// - It is the token that says so: who is known to the server as a device of a team sends no more than `team.content`.
// - Without a key of its own that it can trust, hashes are made with one of this process: less can be told apart, and
//   nothing more leaves.

import { randomBytes } from "node:crypto";
import type { Config, Paths } from "../config/config.ts";
import type { Envelope } from "../contract/envelope.ts";
import { DEVICE_TOKEN } from "../contract/team.ts";
import { replaceFile } from "../platform/file.ts";
import type { Log } from "../platform/log.ts";
import { readPrivate } from "../platform/read.ts";
import { projectEnvelope } from "./content.ts";

const KEY_BYTES = 32;
const MAX_BYTES = 4096;

const newKey = (): string => randomBytes(KEY_BYTES).toString("base64url");

/** What of an event leaves this machine; undefined where it is sent to no team. */
export function leavingOf(
  { serverToken, teamContent, paths }: Config,
  log: Log,
): ((event: Envelope) => Envelope) | undefined {
  if (!serverToken?.startsWith(DEVICE_TOKEN)) return undefined;
  const key = keyOf(paths, log);
  return (event) => projectEnvelope(event, teamContent, key);
}

/** The key that hashes are made with, of this home: made at first use, readable by its user alone. */
function keyOf({ teamKey: file }: Paths, log: Log): string {
  const read = readPrivate(file, MAX_BYTES);
  if (read.kind === "text" && read.text.trim().length >= KEY_BYTES) return read.text.trim();
  const key = newKey();
  if (read.kind === "missing") replaceFile(file, `${key}\n`, { durable: true });
  else log.warn({ file }, "the key for hashes cannot be trusted: hashes are others after each start");
  return key;
}
