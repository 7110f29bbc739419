// The user's own patterns: JavaScript regular expressions, of which none can hold up an event.
// - One that cannot be used is a problem with a code, and leaves the others in force.
// - A regular expression can take for ever on some text, and no trial or analysis finds all of those that do. A script of
//   node:vm can be stopped, whatever it does: the text that a pattern has not got through in time is taken out whole. A
//   library of linear expressions (re2js) would do without, but it is large and knows neither lookbehind nor lookahead.

import { createContext, Script } from "node:vm";
import { spentMs } from "./spent.ts";

export interface UserPattern {
  readonly name: string;
  readonly regex: string;
}

export interface UsablePattern {
  readonly name: string;
  readonly regex: RegExp;
}

export interface PatternProblem {
  readonly name: string;
  readonly code: "not_a_regex" | "matches_nothing";
}

/** How long the user's patterns may take for one event before the text that they are at is given up, ms. */
const STEP_MS = 50;
/** So many texts of an event are given up; then all the others that are left, unseen. */
const MAX_GIVEN_UP = 3;

/** What is wrong with a pattern, if something is. */
export function patternProblem({ name, regex }: UserPattern): PatternProblem | undefined {
  try {
    new RegExp(regex);
  } catch {
    return { name, code: "not_a_regex" };
  }
  // Lookaround alone matches without taking a character: there is nothing to put a mark in the place of.
  // Not known in time is not known to be wrong: a pattern that is left out leaves a secret in.
  const outcome = inTime(() => new RegExp(`^(?:${regex})$`).test(""));
  return outcome?.value === true ? { name, code: "matches_nothing" } : undefined;
}

/** A sentence for a person. */
export function explainPattern({ name, code }: PatternProblem): string {
  const what = {
    not_a_regex: "is no regular expression",
    matches_nothing: "matches nothing at all, so it would match everywhere",
  };
  return `the pattern "${name}" ${what[code]}`;
}

/** Those that can be used, and what is wrong with each of the others. */
export function usablePatterns(patterns: readonly UserPattern[]): {
  usable: UsablePattern[];
  problems: PatternProblem[];
} {
  const problems = patterns.map(patternProblem);
  return {
    usable: patterns.flatMap(({ name, regex }, index) =>
      problems[index] ? [] : [{ name, regex: new RegExp(regex, "g") }],
    ),
    problems: problems.filter((problem) => problem !== undefined),
  };
}

export interface Match {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Looks for the patterns in a text. */
export type Look = (text: string) => Match[];

/**
 * Does work that looks for the patterns, in bounded time: where it takes too long it is begun anew, and the text that it
 * was at is matched whole by the pattern that was slow.
 */
export function withPatterns<T>(patterns: readonly UsablePattern[], work: (look: Look) => T): T {
  if (patterns.length === 0) return work(() => []);
  const givenUp = new Map<string, string>();
  let current: { text: string; name: string } | undefined;
  const look: Look = (text) => {
    const slow = givenUp.get(text);
    if (slow !== undefined) return [{ start: 0, end: text.length, name: slow }];
    return patterns.flatMap(({ name, regex }) => {
      current = { text, name };
      const found = matches(text, name, regex);
      current = undefined;
      return found;
    });
  };
  while (givenUp.size < MAX_GIVEN_UP) {
    const outcome = inTime(() => work(look));
    if (outcome) return outcome.value;
    if (!current) break;
    givenUp.set(current.text, current.name);
  }
  const [name = ""] = [...givenUp.values(), ...patterns.map((pattern) => pattern.name)];
  return work((text) => [{ start: 0, end: text.length, name }]);
}

function matches(text: string, name: string, regex: RegExp): Match[] {
  const found: Match[] = [];
  for (const match of text.matchAll(regex))
    if (match[0].length > 0) found.push({ start: match.index, end: match.index + match[0].length, name });
  return found;
}

/** Made at first use: who has no patterns needs none. */
let machine: { context: { work?: () => void }; script: Script } | undefined;

/** On a machine that is busy with others, a clock runs on while the work stands still: then it is tried so often. */
const TRIES = 5;

/** The value of some work; undefined where it was stopped because it took too long. */
function inTime<T>(work: () => T): { value: T } | undefined {
  for (let tried = 1; ; tried++) {
    const before = spentMs();
    const outcome = once(work);
    if (outcome || tried === TRIES || spentMs() - before >= STEP_MS / 2) return outcome;
  }
}

function once<T>(work: () => T): { value: T } | undefined {
  let outcome: { value: T } | undefined;
  machine ??= { context: createContext({}), script: new Script("work()") };
  machine.context.work = () => {
    outcome = { value: work() };
  };
  try {
    machine.script.runInContext(machine.context, { timeout: STEP_MS });
    return outcome;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}
