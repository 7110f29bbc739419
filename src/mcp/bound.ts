// Answers that a model can read: no more than so many characters, with a cursor where there is more.

/** Of an answer; Claude Code refuses what is longer than 25,000 tokens. */
export const ANSWER_CHARS = 40_000;
/** Of a single text among others. */
const TEXT_CHARS = 2000;

/** A text cut to so many characters, saying how many are gone. */
export function cut(text: string, chars = TEXT_CHARS): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}... [${text.length - chars} more characters]`;
}

/** The first of the items that fit into an answer together: at least one. */
export function fitting<T>(items: readonly T[], chars = ANSWER_CHARS): readonly T[] {
  let room = chars;
  const end = items.findIndex((item, index) => {
    room -= JSON.stringify(item).length + 1;
    return room < 0 && index > 0;
  });
  return end < 0 ? items : items.slice(0, end);
}

/** A value whose every text is cut. */
function withCutTexts(value: unknown, chars = TEXT_CHARS): unknown {
  if (typeof value === "string") return cut(value, chars);
  if (Array.isArray(value)) return value.map((each) => withCutTexts(each, chars));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withCutTexts(inner, chars)]));
}

/** A value as JSON within the size of an answer: its texts are cut further and further. */
export function squeezed(value: unknown): unknown {
  for (let chars = ANSWER_CHARS; chars > 1; chars = Math.floor(chars / 2)) {
    const cutValue = withCutTexts(value, chars);
    if (JSON.stringify(cutValue).length <= ANSWER_CHARS) return cutValue;
  }
  return cut(JSON.stringify(value), ANSWER_CHARS);
}
