// The arguments of a verb: one table, from which parsing, help and completion are derived.
// - parseArgs of node:util splits the words; what they mean, and every sentence about a mistake, comes from the table.
//   It is used rather than a library of commands because none that is small has subverbs, refusals with a proposal, and
//   completion for three shells from one table.

import { parseArgs } from "node:util";
import { nearest } from "../platform/nearest.ts";
import { listed } from "../platform/text.ts";
import { UsageError } from "./terminal.ts";

/** A mistyped option may have this many letters wrong. */
const MAX_EDITS = 2;

/** The verb by itself, where it has subverbs. */
export const BARE = "";

interface About {
  /** One letter. */
  readonly short?: string;
  /** The subverbs that take it, BARE for the verb by itself; absent: all. */
  readonly only?: readonly string[];
  /** What is said of it for single subverbs, in the place of its line of help. */
  readonly aboutFor?: Readonly<Record<string, string>>;
  /** Heading of the group that it stands under in help. */
  readonly group?: string;
}

export interface Option<T = unknown> extends About {
  /** One line of help. */
  readonly about: string;
  /** What its value is called in help; absent: it takes none. */
  readonly value?: string;
  /** Values that a shell offers. */
  readonly offered?: readonly string[];
  /** A path, which a shell completes by itself. */
  readonly path?: true;
  /** The value, from all that was given for it in order; throws UsageError. */
  read(given: readonly string[], name: string, now: number): T;
}

export type Options = Readonly<Record<string, Option>>;
export type Values<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** What stands behind the verb without a name. */
export interface Operand {
  /** As in help: NAME. */
  readonly name: string;
  /** As in a sentence: "an agent's name". */
  readonly about: string;
  readonly optional?: true;
  /** Any number of them; the last one only. */
  readonly many?: true;
  readonly offered?: readonly string[];
  readonly path?: true;
}

export interface Subverb {
  /** One line of help. */
  readonly about: string;
  readonly operands?: readonly Operand[];
}

export interface Call<O> {
  readonly verb: string | undefined;
  readonly options: Values<O>;
  readonly operands: readonly string[];
  /** What stands after `--`, where the verb passes it on. */
  readonly passed: readonly string[];
}

/** All that a verb takes, and what help says of it. */
export interface Table<O extends Options = Options> {
  /** Paragraphs of help below the synopsis. */
  readonly text: readonly string[];
  readonly options: O;
  /** Options of which one may be given at a time. */
  readonly exclusive?: readonly (readonly string[])[];
  readonly operands?: readonly Operand[];
  readonly verbs?: Readonly<Record<string, Subverb>>;
  /** What the verb does without a subverb, in a line; absent: it needs one. */
  readonly bare?: string;
  /** What stands after `--` is not for us, but for this. */
  readonly passes?: string;
  /** Paragraphs at the end of help; lines that begin with two spaces are kept as they are. */
  readonly notes?: readonly string[];
}

/** A switch. */
export const flag = (about: string, more: About = {}): Option<boolean> => ({
  about,
  ...more,
  read: (given) => given.length > 0,
});

interface More extends About {
  readonly offered?: readonly string[];
  readonly path?: true;
}

/** A value that `read` understands, or undefined where it does not; `expected` goes into the sentence that says so. */
export function value<T>(
  name: string,
  about: string,
  expected: string,
  read: (text: string, now: number) => T | undefined,
  more: More = {},
): Option<T | undefined> {
  return {
    about,
    value: name,
    ...more,
    read(given, option, now) {
      const text = given.at(-1);
      if (text === undefined) return undefined;
      const found = read(text, now);
      if (found === undefined) throw new UsageError(`--${option}: expected ${expected}, received "${text}".`);
      return found;
    },
  };
}

/** Any text but none. */
export const text = (name: string, about: string, more: More = {}): Option<string | undefined> =>
  value(name, about, "a text", (given) => given || undefined, more);

/** Several values: the option may be repeated, and take several with commas between. */
export const list = (name: string, about: string, more: More = {}): Option<readonly string[]> => ({
  about,
  value: name,
  ...more,
  read: (given) =>
    given
      .flatMap((words) => words.split(","))
      .map((word) => word.trim())
      .filter(Boolean),
});

/** A whole number. */
export const whole = (
  name: string,
  about: string,
  [min, max]: readonly [min: number, max: number],
  more: More = {},
): Option<number | undefined> =>
  value(
    name,
    about,
    max === Number.POSITIVE_INFINITY ? `a whole number from ${min}` : `a number from ${min} to ${max}`,
    (given) => (/^\d{1,15}$/.test(given) && Number(given) >= min && Number(given) <= max ? Number(given) : undefined),
    more,
  );

/** One of the values. */
export const choice = <const V extends string>(
  values: readonly V[],
  about: string,
  more: About = {},
): Option<V | undefined> =>
  value(values.join("|"), about, listed(values, "or"), (given) => values.find((each) => each === given), {
    ...more,
    offered: values,
  });

const MAX_PORT = 65_535;
export const port = (about: string, more: More = {}): Option<number | undefined> =>
  whole("N", about, [0, MAX_PORT], more);

/** The options that a verb, or a subverb of it, takes, each with what is said of it there. */
export function optionsOf({ options }: Table, verb = BARE): [string, Option][] {
  return Object.entries(options)
    .filter(([, { only }]) => only === undefined || only.includes(verb))
    .map(([name, option]) => [name, { ...option, about: option.aboutFor?.[verb] ?? option.about }]);
}

/** Operands of a verb, or of a subverb of it. */
export function operandsOf(table: Table, verb?: string): readonly Operand[] {
  return (verb === undefined ? table.operands : table.verbs?.[verb]?.operands) ?? [];
}

export type Parsed<O> =
  | { readonly help: true; readonly verb: string | undefined }
  | { readonly help: false; readonly call: Call<O> };

/** Reads the words behind a verb. Throws UsageError, which says what is wrong and what was probably meant. */
export function parse<O extends Options>(
  name: string,
  table: Table<O>,
  args: readonly string[],
  now: number,
): Parsed<O> {
  const { given, words, passed, help } = split(table, args);
  const verb = table.verbs && words[0] !== "help" ? words.shift() : undefined;
  const called = verb === undefined ? `mpm ${name}` : `mpm ${name} ${verb}`;
  if (verb !== undefined && !Object.hasOwn(table.verbs ?? {}, verb)) {
    const verbs = Object.keys(table.verbs ?? {});
    throw new UsageError(
      `there is no \`${called}\`, only ${listed(verbs)}.${proposal(verb, verbs, (near) => `\`mpm ${name} ${near}\``)}`,
    );
  }
  if (help || words[0] === "help") return { help: true, verb };
  if (table.verbs && verb === undefined && table.bare === undefined)
    throw new UsageError(`\`${called}\` needs one of ${listed(Object.keys(table.verbs))}.`);

  const known = optionsOf(table, verb);
  for (const [option] of given) {
    if (known.some(([other]) => other === option)) continue;
    const near = proposal(
      option,
      known.map(([other]) => other),
      (other) => `--${other}`,
    );
    const elsewhere = table.passes ? ` What is for ${table.passes} stands after --.` : "";
    throw new UsageError(
      `\`${called}\` has no option ${option.length === 1 ? "-" : "--"}${option}.${near}${elsewhere}`,
    );
  }
  for (const group of table.exclusive ?? []) {
    const both = group.filter((option) => given.has(option)).map((option) => `--${option}`);
    if (both.length > 1) throw new UsageError(`${listed(both)} cannot be given together.`);
  }
  checkOperands(called, operandsOf(table, verb), words, table.passes);
  const options = valuesOf(table.options, (option) => given.get(option) ?? [], now);
  return { help: false, call: { verb, options, operands: words, passed } };
}

function valuesOf<O extends Options>(options: O, given: (name: string) => readonly string[], now: number): Values<O> {
  const values = Object.entries(options).map(([name, { read }]) => [name, read(given(name), name, now)]);
  return Object.fromEntries(values) as Values<O>; // what each `read` returns is its option's type
}

interface Split {
  /** What was given for each option, by its name; a letter that is none of ours stands for itself. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly words: string[];
  readonly passed: readonly string[];
  readonly help: boolean;
}

/** Splits the words into options and operands, by the table's spelling alone. */
function split(table: Table, args: readonly string[]): Split {
  const types = Object.entries(table.options).map(([name, { value: takes, short }]) => [
    name,
    { type: takes === undefined ? "boolean" : "string", multiple: true, ...(short ? { short } : {}) } as const,
  ]);
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(types), help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? Number.POSITIVE_INFINITY;
  const given = new Map<string, string[]>();
  const words: string[] = [];
  const passed: string[] = [];
  let help = false;
  let number: number | undefined;
  for (const token of tokens) {
    const word = args[token.index] ?? "";
    if (token.kind === "positional") (token.index > end && table.passes ? passed : words).push(token.value);
    else if (token.kind === "option" && /^-[\d.]/.test(word)) {
      // A number below zero is an operand; its digits come as options of one letter, all of the same word.
      if (token.index !== number) words.push(word);
      number = token.index;
    } else if (token.kind === "option" && token.name === "help") help = true;
    else if (token.kind === "option")
      given.set(token.name, [...(given.get(token.name) ?? []), givenFor(table.options[token.name], token)]);
  }
  return { given, words, passed, help };
}

/** The text that was given for an option; "" for a switch, and for an option that there is none of. */
function givenFor(
  option: Option | undefined,
  {
    rawName,
    value: text,
    inlineValue,
  }: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): string {
  if (option === undefined) return "";
  if (option.value === undefined) {
    if (text !== undefined) throw new UsageError(`${rawName} takes no value, received "${text}".`);
    return "";
  }
  if (text === undefined || (!inlineValue && text.startsWith("--")))
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}.`);
  return text;
}

function checkOperands(
  called: string,
  operands: readonly Operand[],
  words: readonly string[],
  passes: string | undefined,
): void {
  const needed = operands.filter(({ optional }) => !optional);
  if (words.length < needed.length)
    throw new UsageError(`\`${called}\` needs ${listed(needed.slice(words.length).map(({ about }) => about))}.`);
  const stray = operands.at(-1)?.many ? undefined : words[operands.length];
  if (stray === undefined) return;
  const elsewhere = passes ? ` What is for ${passes} stands after --.` : "";
  const takes =
    operands.length === 0
      ? `takes no argument, received "${stray}"`
      : `takes ${listed(operands.map(({ about }) => about))}, received "${stray}" as well`;
  throw new UsageError(`\`${called}\` ${takes}.${elsewhere}`);
}

/** "Did you mean ...?", with a space before it; "" where nothing is near. */
export function proposal(word: string, candidates: readonly string[], show: (near: string) => string): string {
  const near = nearest(word, candidates, MAX_EDITS) ?? candidates.find((each) => each.startsWith(word.slice(0, 3)));
  return near === undefined ? "" : ` Did you mean ${show(near)}?`;
}
