// Where a session stands in a list of sessions: the cursor of their pages, the same in every store.

import type { SessionOrder } from "../contract/session.ts";

/** By rank, the highest first, then by id. */
export interface SessionPlace {
  readonly rank: number;
  readonly id: string;
}

export const writePlace = ({ rank, id }: SessionPlace): string => Buffer.from(`${rank} ${id}`).toString("base64url");

/** Reads `next` of an earlier page; undefined for what is none of this order. */
export function readPlace(given: string, order: SessionOrder = "latest"): SessionPlace | undefined {
  const match = /^(-?[\d.e+-]{1,30}) ([^\0]+)$/s.exec(Buffer.from(given, "base64url").toString());
  const rank = Number(match?.[1]);
  const isRank = order === "cost" ? Number.isFinite(rank) : Number.isSafeInteger(rank);
  return match && isRank ? { rank, id: match[2] ?? "" } : undefined;
}
