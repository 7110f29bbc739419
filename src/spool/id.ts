// The id of an event, from the entry that it was stored as.

import { hash } from "node:crypto";

/**
 * The event's id: a ULID of the time of storing and of a hash of all that the entry is. The same entry gives the same
 * id after any crash; a name that is used again does not.
 */
export function entryId(name: string, mtimeNs: bigint, bytes: Uint8Array): string {
  const digest = hash("sha256", Buffer.concat([Buffer.from(`${name}\0${mtimeNs}\0`), bytes]), "buffer");
  return ulid(Number(mtimeNs / 1_000_000n), digest);
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TIME_DIGITS = 10;
const RANDOM_BYTES = 10;
const DIGIT_BITS = 5;

/** A ULID, https://github.com/ulid/spec: ten digits of milliseconds since 1970, sixteen of the first 80 bits given. */
function ulid(ms: number, random: Uint8Array): string {
  let text = "";
  for (let left = Math.max(0, ms); text.length < TIME_DIGITS; left = Math.floor(left / CROCKFORD.length))
    text = CROCKFORD.charAt(left % CROCKFORD.length) + text;
  let bits = 0;
  let held = 0;
  for (const byte of random.subarray(0, RANDOM_BYTES)) {
    bits = (bits << 8) | byte;
    for (held += 8; held >= DIGIT_BITS; held -= DIGIT_BITS) {
      text += CROCKFORD.charAt((bits >> (held - DIGIT_BITS)) & 31);
      bits &= (1 << (held - DIGIT_BITS)) - 1;
    }
  }
  return text;
}
