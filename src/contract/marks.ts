// The marks that stand in a payload for what was taken out: written by the relay, recognised by page and tests.

/** What a cut mark counts. */
const CUT_UNITS = ["characters", "elements", "keys", "levels"] as const;
export type CutUnit = (typeof CUT_UNITS)[number];

export type Mark =
  | { readonly kind: "redacted"; readonly secret: string }
  | { readonly kind: "cut"; readonly count: number; readonly unit: CutUnit };

/** The mark in the place of a secret. */
export function redactionMark(kind: string): string {
  return `[redacted:${kind}]`;
}

/** How every mark of a cut begins. */
export const CUT_BEGINS = "…[cut: ";

/** The mark in the place of what was too long: so many characters, elements or keys are gone. */
export function cutMark(count: number, unit: Exclude<CutUnit, "levels"> = "characters"): string {
  return `${CUT_BEGINS}${count} ${unit}]…`;
}

/** The mark in the place of what was nested deeper than so many levels. */
export function depthMark(levels: number): string {
  return `${CUT_BEGINS}nested deeper than ${levels} levels]…`;
}

/** Matches every mark, globally. Groups: kind of the secret; count and unit of a cut; levels of a cut in depth. */
export const MARKS =
  /\[redacted:([a-zA-Z0-9_-]{1,60})\]|…\[cut: (\d{1,15}) (characters|elements|keys)\]…|…\[cut: nested deeper than (\d{1,6}) levels\]…/g;

const UNITS = new Map<string, CutUnit>(CUT_UNITS.map((unit) => [unit, unit]));

/** What a text that `MARKS` matched stands for; undefined for any other text. */
export function readMark(text: string): Mark | undefined {
  const match = new RegExp(`^(?:${MARKS.source})$`).exec(text);
  if (!match) return undefined;
  const [, secret, count, unit, levels] = match;
  if (secret !== undefined) return { kind: "redacted", secret };
  if (levels !== undefined) return { kind: "cut", count: Number(levels), unit: "levels" };
  return { kind: "cut", count: Number(count), unit: UNITS.get(unit ?? "") ?? "characters" };
}
