// The id of an event, from the entry that it was stored as.

import { hash } from "node:crypto";

/** What is hashed before the entry itself. */
export const idBeginning = (name: string, mtimeNs: bigint): string => `${name}\0${mtimeNs}\0`;

/**
 * The event's id: a ULID of the time of storing and of a hash of all that the entry is. The same entry gives the same
 * id after any crash; a name that is used again does not. `bytes`: `idBeginning`, then the entry.
 */
export function entryId(mtimeNs: bigint, bytes: Uint8Array): string {
  return ulid(Number(mtimeNs / 1_000_000n), hash("sha256", bytes, "buffer"));
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_DIGITS = 10;
const RANDOM_BYTES = 10;
/** Two digits are looked up at once. */
const PAIRS = Array.from(CROCKFORD).flatMap((first) => Array.from(CROCKFORD, (second) => first + second));
const PAIR_BITS = 10;

/** A ULID, https://github.com/ulid/spec: ten digits of milliseconds since 1970, sixteen of the first 80 bits given. */
function ulid(ms: number, random: Uint8Array): string {
  let text = "";
  for (let left = Math.max(0, ms); text.length < TIME_DIGITS; left = Math.floor(left / PAIRS.length))
    text = PAIRS[left % PAIRS.length] + text;
  let bits = 0;
  let held = 0;
  for (const byte of random.subarray(0, RANDOM_BYTES)) {
    bits = (bits << 8) | byte;
    held += 8;
    if (held < PAIR_BITS) continue;
    held -= PAIR_BITS;
    text += PAIRS[bits >> held];
    bits &= (1 << held) - 1;
  }
  return text;
}
