// Where a text stops being JSON: JSON.parse does not always say, and when it does it quotes the text, secrets included.

/** Beyond this, the place of an error is not searched for: it costs some twenty parses. Characters. */
const MAX_SEARCH = 4 * 1024 * 1024;

/** Line and column, counted from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/**
 * Index of the first character that cannot be; the text's length where it only ends too early; undefined if unknown.
 * @param message what JSON.parse said
 */
export function errorOffset(text: string, message: string): number | undefined {
  const told = offsetIn(message, text.length);
  if (told !== undefined) return told;
  if (text.length > MAX_SEARCH) return undefined;
  // V8 does not say where an unexpected token is, but the shortest beginning that has it ends there.
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const place = offsetIn((error as Error).message, text.length);
    return place !== undefined && place >= text.length;
  }
}

function offsetIn(message: string, length: number): number | undefined {
  if (message.startsWith("Unexpected end of JSON input")) return length;
  // The last one: what stands before may be quoted from the input.
  const match = /at position (\d+) \(line \d+ column \d+\)$/.exec(message);
  return match ? Number(match[1]) : undefined;
}
