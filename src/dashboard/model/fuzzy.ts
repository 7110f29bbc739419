// How well a text fits what was typed: its characters in their order, the better the closer together and at word starts.

const AT_START = 8;
const AT_WORD = 6;
const NEXT_TO_LAST = 4;
const ANYWHERE = 1;

/** Undefined: it does not fit. Larger is better; 0 where nothing was typed. */
export function fit(typed: string, text: string): number | undefined {
  const wanted = typed.toLowerCase().replace(/\s+/g, "");
  const given = text.toLowerCase();
  const whole = given.indexOf(typed.toLowerCase().trim());
  let score = whole >= 0 ? wanted.length * AT_START : 0;
  let at = -1;
  for (const character of wanted) {
    const next = given.indexOf(character, at + 1);
    if (next < 0) return undefined;
    score += next === 0 ? AT_START : next === at + 1 ? NEXT_TO_LAST : isWordStart(given, next) ? AT_WORD : ANYWHERE;
    at = next;
  }
  // Of two that fit equally, the shorter one is meant.
  return wanted === "" ? 0 : score - given.length / 100;
}

function isWordStart(text: string, at: number): boolean {
  return /[\s/_.:-]/.test(text[at - 1] ?? "");
}
