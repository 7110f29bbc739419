// What an event is shown as: plain data, rendered by the page and by the exported file alike. Never markup.

import type { DiffLine } from "./diff.ts";

export type Tone = "plain" | "good" | "bad" | "wait";

export interface Item {
  /** done, doing, open, or how a line begins in words. */
  readonly state: "done" | "doing" | "open" | "none";
  readonly text: string;
  readonly about?: string;
}

export type Block =
  | { readonly kind: "facts"; readonly rows: readonly (readonly [string, string])[] }
  | {
      readonly kind: "code";
      readonly title: string;
      readonly text: string;
      readonly firstLine?: number;
      readonly tone?: Tone;
      readonly prompt?: true;
    }
  | { readonly kind: "prose"; readonly title: string; readonly text: string; readonly tone?: Tone }
  | { readonly kind: "diff"; readonly title: string; readonly lines: readonly DiffLine[] }
  | { readonly kind: "list"; readonly title: string; readonly items: readonly Item[] }
  | { readonly kind: "note"; readonly text: string; readonly tone: Tone };

/** A payload's record, or {} for whatever else came. */
export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string as it is, a number or boolean in words, anything else as JSON; "" for nothing. */
export function words(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value, null, 2) ?? "";
}

/** Rows for what is there, in the order given. */
export function facts(...rows: readonly (readonly [string, unknown])[]): Block[] {
  const present = rows.map(([label, value]) => [label, words(value)] as const).filter(([, value]) => value !== "");
  return present.length > 0 ? [{ kind: "facts", rows: present }] : [];
}

export function code(
  title: string,
  value: unknown,
  more: { firstLine?: number; tone?: Tone; prompt?: true } = {},
): Block[] {
  const text = words(value);
  return text === "" ? [] : [{ kind: "code", title, text, ...more }];
}

export function prose(title: string, value: unknown, tone?: Tone): Block[] {
  const text = words(value);
  return text === "" ? [] : [{ kind: "prose", title, text, ...(tone ? { tone } : {}) }];
}

/** Text of a message's or an MCP answer's content: a string, or blocks of which some have text. */
export function contentText(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return words(value);
  return value
    .map((block) => {
      const { type, text } = record(block);
      if (typeof text === "string") return text;
      return typeof block === "string" ? block : `(${words(type) || "block"})`;
    })
    .join("\n");
}
