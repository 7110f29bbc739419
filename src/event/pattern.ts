// The user's own patterns: compiled, and tried out before they may see an event.
// - A pattern that is no regular expression, matches nothing at all, or takes too long is a problem in words.
// - Trying out is no proof: docs/redaction.md says what is not promised.

import { createContext, runInContext } from "node:vm";

export interface UserPattern {
  readonly name: string;
  readonly regex: string;
}

export interface UsablePattern {
  readonly name: string;
  readonly regex: RegExp;
}

/** How long a pattern may take for each text that it is tried on, ms; a good one takes a thousandth of it. */
const TRIAL_MS = 100;
/** Characters of those texts. */
const TRIAL_LENGTH = 6000;

/** @returns those that can be used, and for each of the others a sentence */
export function usablePatterns(patterns: readonly UserPattern[]): { usable: UsablePattern[]; problems: string[] } {
  const usable: UsablePattern[] = [];
  const problems: string[] = [];
  for (const { name, regex: source } of patterns) {
    const outcome = compiled(source);
    if (typeof outcome === "string") problems.push(`redaction.patterns: "${name}" ${outcome}`);
    else usable.push({ name, regex: outcome });
  }
  return { usable, problems };
}

function compiled(source: string): RegExp | string {
  let regex: RegExp;
  try {
    regex = new RegExp(source, "g");
  } catch {
    return "is no regular expression.";
  }
  if (isNested(source)) return "repeats a repetition without end, which can take forever. Give one of them a maximum.";
  try {
    for (const trial of trialsOf(source)) if (isSlow(trial, source)) return "takes too long on some texts.";
    // Lookaround alone matches without taking a character: there is nothing to put a mark in the place of.
    if (new RegExp(`^(?:${source})$`).test("")) return "matches nothing at all, so it would match everywhere.";
  } catch {
    return "cannot be tried out.";
  }
  return regex;
}

/** A repetition without end inside another one, as in (a+)+. */
function isNested(source: string): boolean {
  const plain = source.replace(/\\./gs, "x").replace(/\[[^\]]*\]/g, "x");
  const open: boolean[] = [];
  let endless = false; // in the innermost open group
  for (let at = 0; at < plain.length; at++) {
    const rest = plain.slice(at, at + 16);
    if (rest[0] === "(") {
      open.push(endless);
      endless = false;
    } else if (rest[0] === ")") {
      const repeated = /^\)(?:[*+]|\{\d{1,6},\})/.test(rest);
      if (repeated && endless) return true;
      endless = (open.pop() ?? false) || endless || repeated;
    } else if (/^(?:[*+]|\{\d{1,6},\})/.test(rest)) endless = true;
  }
  return false;
}

interface Trial {
  readonly regex: string;
  readonly text: string;
}

/** Long texts of what the pattern speaks of, against the whole of it and each of its groups. */
function trialsOf(source: string): Trial[] {
  const letters = [...new Set(source.replace(/\\./gs, "").replace(/[^A-Za-z0-9_@./ -]/g, ""))].slice(0, 12);
  const pumps = [...new Set([...letters, "a", "A", "0", " ", "-", "\n", "a0", "aA", "a ", ...words(source)])];
  const groups = [source, ...groupsOf(source)];
  return groups.flatMap((regex) =>
    pumps.map((pump) => ({ regex, text: pump.repeat(Math.ceil(TRIAL_LENGTH / pump.length)) })),
  );
}

/** What stands literally in a pattern, as the beginning of a text that gets past it. */
function words(source: string): string[] {
  return (source.match(/[A-Za-z0-9_:=-]{2,40}/g) ?? []).slice(0, 4);
}

/** The source of every repeated group. */
function groupsOf(source: string): string[] {
  const found: string[] = [];
  const open: number[] = [];
  const plain = source.replace(/\\./gs, "__").replace(/\[[^\]]*\]/g, (all) => "_".repeat(all.length));
  for (let at = 0; at < plain.length && found.length < 8; at++) {
    if (plain[at] === "(") open.push(at);
    else if (plain[at] === ")") {
      const from = open.pop();
      const repeat = /^\)(?:[*+]|\{\d{0,6},?\d{0,6}\})/.exec(plain.slice(at))?.[0];
      if (from !== undefined && repeat) found.push(source.slice(from, at + repeat.length));
    }
  }
  return found;
}

/** A regex cannot be stopped, but a script that uses one can. */
function isSlow({ regex, text }: Trial, whole: string): boolean {
  const end = regex === whole ? "" : "(?=\\u0001)"; // what a group is followed by does not come: it has to try everything
  const given = createContext({ source: `${regex}${end}`, text: `${text}\u0000!` });
  try {
    runInContext('const r = new RegExp(source, "g"); while (r.exec(text)) r.lastIndex += 100', given, {
      timeout: TRIAL_MS,
    });
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return true;
    return false; // a group that is no regex of its own says nothing about the whole
  }
}
