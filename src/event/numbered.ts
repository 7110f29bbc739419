// Numbers that a tool has put before the lines of a text: Read (`12→`, `12` and a tab), `cat -n`, `nl`, `bat`, `grep -n`
// (`12:`, `file:12:`, and `-` in the place of `:` where a line is context).
// - Lines are numbered where the number of one follows that of the line before: a single one may be anything else.
// - Linear: of a line a bounded number of characters is looked at.

import { createRewrites, type Rewrites } from "./rewrites.ts";

export interface Numbers {
  /** What stands before the lines, in order. */
  readonly rewrites: Rewrites;
  /** Names of files are among it, which may hold anything. */
  readonly named: boolean;
}

interface Prefix {
  readonly start: number;
  readonly end: number;
  readonly number: number;
  readonly file: string;
  /** What joins it to the line; `:` and `-` are one. */
  readonly joint: string;
}

/** Lines whose numbers follow each other. */
interface Run {
  /** What stands before its first line and its last one so far. */
  readonly first?: Prefix;
  readonly last?: Prefix;
  /** Which of the rewrites is that of its first line. */
  readonly begin: number;
  /** The numbers are a column of a table, whose other lines have tabs, too. */
  readonly inTable: boolean;
}

const AT_TAB = /\d\t/;
const AT_SIGN = /\d(?:→| ?│)/;
/** Numbers before a colon are looked for where a text begins, and behind the command and the first line of its output. */
const AT_BEGIN = /^(?:[^\n]{0,200}\n){0,2}?(?:[ \t]{0,8}|[^\s:"'`]{1,200}:)\d{1,7}[:-]/;
const NUMBER = /[ \t]{0,8}(\d{1,7})(→|\t| ?│ ?|[:-])/y;
/** The name of a file goes up to a colon; where a line is context it has to end like one. */
const FILE = /([^\s:"'`]{1,200}?)(?::(\d{1,7}):|(?<=\.\w{1,10})-(\d{1,7})-)/y;

/** Whether a text may have numbers before its lines: a look at every line takes long. */
export function mayBeNumbered(text: string): boolean {
  if (text.includes("\t") && AT_TAB.test(text)) return true;
  return AT_BEGIN.test(text) || ((text.includes("→") || text.includes("│")) && AT_SIGN.test(text));
}

/** The numbers before the lines of a text; undefined where there are none. */
export function numbersIn(text: string): Numbers | undefined {
  const rewrites = createRewrites();
  let named = false;
  let run: Run = { begin: 0, inTable: false };
  let [before, beforeEnd] = [0, 0];
  for (let from = 0, end = 0; from < text.length; from = end + 1) {
    end = text.indexOf("\n", from);
    if (end < 0) end = text.length;
    const prefix = prefixAt(text, from, end);
    if (!prefix && isBlank(text, from, end)) continue; // nl gives it no number
    const { last } = run;
    if (prefix && last && follows(prefix, last)) {
      run = { ...run, last: prefix };
      rewrites.add(prefix.start, prefix.end, "");
    } else {
      take(run);
      const inTable = last ? run.inTable : text.slice(before, beforeEnd).includes("\t");
      run = { ...(prefix ? { first: prefix, last: prefix } : {}), begin: rewrites.count, inTable };
      // Numbers of another run stand right before: what a gap parts does not belong together.
      if (prefix) rewrites.add(prefix.start, prefix.end, last ? "\n" : "");
    }
    [before, beforeEnd] = [from, end];
  }
  take(run);
  return rewrites.count === 0 ? undefined : { rewrites, named };

  /** Keeps what was found of a run, if it is one. */
  function take({ first, begin, inTable }: Run): void {
    if (rewrites.count - begin < 2 || (inTable && first?.joint === "\t")) rewrites.truncate(begin);
    else named ||= first?.file !== "";
  }
}

function prefixAt(text: string, from: number, end: number): Prefix | undefined {
  NUMBER.lastIndex = from;
  const number = NUMBER.exec(text);
  if (number && NUMBER.lastIndex <= end) {
    const joint = (number[2] ?? "").trim() || "\t";
    return { ...placed(NUMBER), number: Number(number[1]), file: "", joint: joint === "-" ? ":" : joint };
  }
  FILE.lastIndex = from;
  const file = FILE.exec(text);
  if (!file || FILE.lastIndex > end) return undefined;
  return { ...placed(FILE), number: Number(file[2] ?? file[3]), file: file[1] ?? "", joint: ":" };

  function placed(pattern: RegExp) {
    return { start: from, end: pattern.lastIndex };
  }
}

const follows = (next: Prefix, last: Prefix): boolean =>
  next.number === last.number + 1 && next.joint === last.joint && next.file === last.file;

function isBlank(text: string, from: number, end: number): boolean {
  let at = from;
  while (at < end && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++;
  return at === end || (at === end - 1 && text.charCodeAt(at) === 13);
}
