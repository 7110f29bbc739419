// Which rows of a score the list shows. Grows with the score without looking at old rows again.

import type { Score } from "../model/score.ts";

export type Kind = "all" | "calls" | "failed" | "turns" | "waits";

export const KINDS: readonly (readonly [Kind, string])[] = [
  ["all", "All"],
  ["calls", "Calls"],
  ["failed", "Failed"],
  ["turns", "Turns"],
  ["waits", "Waits"],
];

const TURNS = new Set(["UserPromptSubmit", "Stop", "StopFailure", "SessionStart", "SessionEnd"]);
const WAITS = new Set(["PermissionRequest", "PermissionDenied", "Notification", "Elicitation", "ElicitationResult"]);

export interface Filtered {
  readonly kind: Kind;
  readonly text: string;
  readonly rows: number[];
  /** How many rows of the score were looked at. */
  seen: number;
}

export function filtered(kind: Kind, text: string): Filtered {
  return { kind, text: text.trim().toLowerCase(), rows: [], seen: 0 };
}

/** Looks at the rows that are new. */
export function grow(list: Filtered, score: Score): void {
  for (; list.seen < score.length; list.seen += 1) if (matches(list, score, list.seen)) list.rows.push(list.seen);
}

function matches({ kind, text }: Filtered, score: Score, row: number): boolean {
  const event = score.names.text(score.event.at(row));
  if (kind === "calls" && event !== "PreToolUse") return false;
  if (kind === "failed" && !score.isFailed(row)) return false;
  if (kind === "turns" && !TURNS.has(event)) return false;
  if (kind === "waits" && !WAITS.has(event)) return false;
  if (text === "") return true;
  const tool = score.names.text(score.tool.at(row));
  return `${event} ${tool} ${score.texts[row]}`.toLowerCase().includes(text);
}
