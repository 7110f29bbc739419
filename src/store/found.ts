// What is read back from any store: envelopes as they were parsed before, with where words were found in them.

import type { Envelope } from "../contract/envelope.ts";
import { searchText } from "./extract.ts";
import type { Filter } from "./port.ts";
import { type Alternative, readSearch, snippetOf } from "./words.ts";

/** A value of a timeline's row. */
export const atom = (value: unknown): string | number | null =>
  typeof value === "string" || typeof value === "number" ? value : null;

/** An envelope as it was stored: parsed before that. */
export function storedEnvelope(json: unknown): Envelope {
  const envelope: Envelope = JSON.parse(String(json));
  return envelope;
}

export function snippetIn(envelope: Envelope, search: readonly Alternative[]): { readonly snippet?: string } {
  const snippet = snippetOf(searchText(envelope), search);
  return snippet === undefined ? {} : { snippet };
}

/** What a filter searches for; undefined where it searches for no words. */
export function searchOf({ q }: Filter): readonly Alternative[] | undefined {
  return q === undefined || q.trim() === "" ? undefined : readSearch(q);
}
