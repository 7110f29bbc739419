// An event made ready to be stored: its columns, what it says of its session, and its texts. Any thread can make it.

import type { Envelope } from "../contract/envelope.ts";
import type { Head } from "../session/input.ts";
import { type Extracted, extract, headOf, searchText } from "./extract.ts";

export interface Prepared extends Extracted {
  readonly head: Head;
  /** The envelope as JSON. */
  readonly json: string;
  /** What of it is searched. */
  readonly words: string;
}

/** Prepares an envelope that has so many bytes as JSON. */
export function prepare(
  envelope: Envelope,
  json = JSON.stringify(envelope),
  bytes = Buffer.byteLength(json),
): Prepared {
  const extracted = extract(envelope, bytes);
  return { ...extracted, head: headOf(envelope, extracted.project), json, words: searchText(envelope) };
}
