// Rewrites the sentences of a source text: what a person reads becomes unreadable, what a program reads stays.
// - A sentence is a string, or a part of a template, in which words follow each other; a statement of SQL is none.
// - Reads just enough of TypeScript to know strings, templates, comments and patterns apart.

const SENTENCE = /[A-Za-z]{2,},? [a-z]{2,}/;
const SQL =
  /\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|FROM|WHERE|ORDER BY|GROUP BY|VALUES|JOIN|CASE WHEN)\b/;
/** What may stand before a pattern; after anything else a slash divides. */
const BEFORE_PATTERN = /(?:[=(,:[!&|?{};+>~]|=>|\b(?:return|case|typeof|in|of))\s*$/;

/** Each word backwards and with the number of its sentence, but for escapes: no two sentences stay equal. */
function unreadable(text: string, number: number): string {
  if (!SENTENCE.test(text) || SQL.test(text)) return text;
  return text.replace(/\\u\{[^}]*\}|\\u[\da-f]{4}|\\x..|\\.|[A-Za-z]+/gis, (word) =>
    word.startsWith("\\") ? word : `x${[...word].reverse().join("")}${number}`,
  );
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const PATTERN = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** Up to its end, or to what is put in. */
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;

/** The source with its sentences rewritten, and how many there were. */
export function rewriteSentences(source: string): { readonly text: string; readonly count: number } {
  let [out, count, at] = ["", 0, 0];
  /** Braces that are open in each `${...}` around this place. */
  const open: number[] = [];
  const next = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const rewrite = (text: string): void => {
    const after = unreadable(text, count);
    if (after !== text) count++;
    out += after;
  };
  const readTemplate = (): void => {
    const part = next(TEMPLATE) ?? "";
    rewrite(part);
    if (part.endsWith("${")) open.push(0);
  };
  const readCharacter = (): void => {
    const c = source[at++] ?? "";
    out += c;
    const depth = open.at(-1);
    if (c === "`") readTemplate();
    if (depth === undefined || (c !== "{" && c !== "}")) return;
    open.pop();
    if (c === "}" && depth === 0) readTemplate();
    else open.push(depth + (c === "{" ? 1 : -1));
  };
  while (at < source.length) {
    const kept = next(COMMENT) ?? (BEFORE_PATTERN.test(out.slice(-20)) ? next(PATTERN) : undefined);
    if (kept !== undefined) {
      out += kept;
      continue;
    }
    const string = next(STRING);
    if (string === undefined) readCharacter();
    else rewrite(string);
  }
  return { text: out, count };
}
