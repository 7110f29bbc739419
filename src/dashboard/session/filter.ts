// Which rows of a model the list shows. Grows with the model without looking at old rows again.

import type { SessionModel } from "../model/session.ts";

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
  /** How many rows of the model were looked at. */
  seen: number;
}

export function filtered(kind: Kind, text: string): Filtered {
  return { kind, text: text.trim().toLowerCase(), rows: [], seen: 0 };
}

/** Looks at the rows that are new. */
export function grow(list: Filtered, model: SessionModel): void {
  for (; list.seen < model.length; list.seen += 1) if (matches(list, model, list.seen)) list.rows.push(list.seen);
}

function matches({ kind, text }: Filtered, model: SessionModel, row: number): boolean {
  const event = model.names.text(model.event.at(row));
  if (kind === "calls" && event !== "PreToolUse") return false;
  if (kind === "failed" && !model.isFailed(row)) return false;
  if (kind === "turns" && !TURNS.has(event)) return false;
  if (kind === "waits" && !WAITS.has(event)) return false;
  if (text === "") return true;
  const tool = model.names.text(model.tool.at(row));
  return `${event} ${tool} ${model.texts[row]}`.toLowerCase().includes(text);
}
