// Replaces credentials in a JSON value by `[redacted:<kind>]`; what stands around them stays.
// - Looks at every string, also at keys, at lists of lines as one text, and into JSON and small base64 within strings.
// - A field whose name says that it is secret loses its text, whatever that is; numbers and booleans stay.
// - What holds nothing is given back as it is, the same object; redacting twice changes nothing more.
// - What takes more than its budget of processor time is taken out unseen: it holds up nothing behind it.
// - Linear in the size of the value; of a very large one only beginning and end are looked at and kept (MAX_LOOKED_AT).
// docs/redaction.md has the kinds, what was measured, and what is not promised.

import { cutMark, redactionMark } from "../contract/marks.ts";
import { type Budget, type Limits, openBudget, UNSEEN } from "./budget.ts";
import { type Found, find } from "./find.ts";
import { isSecretName } from "./names.ts";
import { type Look, type PatternProblem, type UserPattern, usablePatterns, withPatterns } from "./pattern.ts";
import { createPieces } from "./pieces.ts";
import { printedSecrets } from "./printed.ts";
import { secretColumns, secretRows } from "./rows.ts";
import { inArguments } from "./secrets/command.ts";
import type { Span } from "./secrets/kind.ts";
import { isSecretNumber } from "./secrets/name.ts";
import { isAddress, isGibberish, isLabel, isTelling, speaksOfSecrets } from "./secrets/value.ts";

export type { PatternProblem, UserPattern } from "./pattern.ts";

export type Counts = Readonly<Record<string, number>>;

export interface Redaction<T> {
  readonly value: T;
  /** How often each kind was found; empty if nothing was. */
  readonly counts: Counts;
  /** How many texts were so long that their middle was cut out unseen. */
  readonly cut: number;
}

export interface Redactor {
  redact<T>(value: T): Redaction<T>;
}

/** The kind of what a field's name says to be secret. */
export const NAMED_KIND = "secret_field";
/** The kind of what a tool gave that was asked for a secret. */
export const PRINTED_KIND = "printed_secret";
/** A text that is shorter holds no credential, unless its name says so. Characters. */
const MIN_TEXT = 6;
/** What is nested deeper is taken out: it cannot be looked at without end. Payloads are much flatter. */
const MAX_DEPTH = 1000;
/** Texts without a credential are remembered: so many, of so many characters. Keys, paths and names come again and again. */
const MAX_CLEAN = 4096;
const MAX_CLEAN_TEXT = 128;
/** What is looked at of one event: four times what an envelope can hold. Of longer texts the middle is cut out. Characters. */
const MAX_LOOKED_AT = 2 * 1024 * 1024;
/** One text takes at most so much of what is left. */
const SHARE = 0.75;
/** Looked at beyond what is kept of a cut text, so that no half of a credential is left at the cut. Characters. */
const MARGIN = 16 * 1024;
/** A name takes about as long as so many characters. */
const OF_NAME = 64;
const TOO_DEEP = redactionMark("too_deep");
/**
 * Processor time that an event may take: a thousand times what an ordinary one of 10 kB does, and of large ones what makes five
 * million characters a second. What is left then is taken out unseen. The most is a third of what a relay may take to end when
 * it is told to: a machine is seldom ours alone.
 */
const LIMITS: Limits = { leastMs: 60, charactersPerMs: 5000, mostMs: 300 };
/** The first events of a process take up to a hundred times as long, until their code is compiled: each may take the most. */
const COLD_LIMITS: Limits = { ...LIMITS, leastMs: LIMITS.mostMs };
const COLD_EVENTS = 100;
/** A mark may make something beside it show: what was changed is looked at again, a large text once. Characters. */
const MAX_PASSES = { small: 8, large: 2 };
const LARGE = 32 * 1024;
/** Of a large text what stands so near to a mark is looked at again; where that is too much, nothing is. Characters. */
const BESIDE = 1024;
const MAX_BESIDE = 4 * LARGE;
const MARK = /\[redacted:[A-Za-z0-9_-]{1,60}\]/g;
const ONLY_MARK = /^\[redacted:[A-Za-z0-9_-]{1,60}\]$/;
/** An element of a list of arguments whose successor is a secret. */
const ARGUMENT = /^--?[A-Za-z-]{0,40}(?:password|passwd|passphrase|pass|secret|token|api-?key|access-?key)$/i;

/** Makes a redactor for the known kinds and the user's own patterns; those that cannot be used are left out, and named. */
export function createRedactor({
  enabled,
  patterns,
  budgetMs,
}: {
  enabled: boolean;
  patterns: readonly UserPattern[];
  /** Of any event, in the place of LIMITS. */
  budgetMs?: number;
}): {
  redactor: Redactor;
  problems: PatternProblem[];
} {
  const { usable, problems } = usablePatterns(patterns);
  const clean = new Set<string>();
  const given = budgetMs === undefined ? undefined : { ...LIMITS, leastMs: budgetMs, mostMs: budgetMs };
  let looked = 0;
  const limits = () => given ?? (looked++ < COLD_EVENTS ? COLD_LIMITS : LIMITS);
  const redactor: Redactor = {
    redact(value) {
      if (!enabled) return { value, counts: {}, cut: 0 };
      return withPatterns(usable, (look) => {
        const counts: Record<string, number> = {};
        const walker = createWalker(look, counts, clean, openBudget(limits()), printedSecrets(value));
        return { value: walker.walk(value, 0) as typeof value, counts, cut: walker.cut };
      });
    },
  };
  return { redactor, problems };
}

type Node = Readonly<Record<string, unknown>>;

function createWalker(
  look: Look,
  counts: Record<string, number>,
  clean: Set<string>,
  budget: Budget,
  printed: ReadonlyMap<string, readonly Span[]>,
) {
  let left = MAX_LOOKED_AT;
  const walker = { walk, cut: 0 };
  return walker;

  function walk(node: unknown, depth: number): unknown {
    if (typeof node === "string") return text(node);
    if (typeof node !== "object" || node === null) return node;
    if (depth > MAX_DEPTH) return count("too_deep", TOO_DEEP);
    if (budget.isSpent) return count(UNSEEN, redactionMark(UNSEEN));
    return Array.isArray(node) ? list(node, depth) : object(node as Node, depth);
  }

  /** `secretValue`: what stands in it as its value is secret. */
  function object(node: Node, depth: number, secretValue = false): Node {
    let entries: [string, unknown][] | undefined;
    const keys = Object.keys(node);
    const secretKeys = secretsBySiblings(node, keys, places);
    const table = secretRows(node);
    budget.grow(keys.length * OF_NAME);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      const value = node[key];
      budget.spend(OF_NAME);
      if (budget.isSpent) {
        entries ??= keys.slice(0, index).map((before) => [before, node[before]]);
        entries.push([count(UNSEEN, cutMark(keys.length - index, "keys")), null]);
        break;
      }
      const newKey = text(key);
      const secret =
        isSecretName(newKey) || isAnswer(newKey, value) || secretKeys?.has(key) || (secretValue && VALUE.test(key));
      const newValue =
        table?.key === key && Array.isArray(value)
          ? rows(value, table.columns, depth + 1)
          : secret
            ? named(newKey, value, depth)
            : walk(value, depth + 1);
      if (!entries && (newKey !== key || newValue !== value))
        entries = keys.slice(0, index).map((before) => [before, node[before]]);
      entries?.push([newKey, newValue]);
    }
    return entries ? Object.fromEntries(distinct(entries)) : node;
  }

  /** What stands under a name that says secret. */
  function named(name: string, value: unknown, depth: number): unknown {
    if (typeof value === "string") return isHarmlessText(value) ? walk(value, depth + 1) : secretText(value);
    if (typeof value === "number") return isSecretNumber(name, value) ? secretText(String(value)) : value;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return mapped(value, secretText);
    if (typeof value === "object" && value !== null && !Array.isArray(value) && depth <= MAX_DEPTH)
      return object(value as Node, depth + 1, true);
    if (COOKIES.test(name) && Array.isArray(value)) return mapped(value, (item) => cookie(item, depth + 1));
    return walk(value, depth + 1);
  }

  /** One of a list of them, as in HAR. */
  function cookie(item: unknown, depth: number): unknown {
    return typeof item === "object" && item !== null && !Array.isArray(item) && depth <= MAX_DEPTH
      ? object(item as Node, depth, true)
      : walk(item, depth);
  }

  function secretText(value: string): string {
    if (value === "" || ONLY_MARK.test(value)) return value;
    const [known] = value.length >= MIN_TEXT && isWithin(value.length) ? places(value) : [];
    const kind = known?.kind ?? NAMED_KIND;
    return count(kind, redactionMark(kind));
  }

  function list(node: readonly unknown[], depth: number): readonly unknown[] {
    if (node.length > 1 && node.every((item) => typeof item === "string")) {
      const length = (node as string[]).reduce((sum, item) => sum + item.length + 1, 0);
      if (isWithin(length)) return lines(node as string[]);
    }
    return rows(node, secretColumns(node), depth);
  }

  /** A list whose items are rows, with the columns of them that are secret. */
  function rows(node: readonly unknown[], columns: ReadonlySet<number>, depth: number): readonly unknown[] {
    if (columns.size === 0) return mapped(node, (item) => walk(item, depth + 1));
    return mapped(node, (row) =>
      Array.isArray(row)
        ? mapped(row, (cell, column) =>
            columns.has(column) && typeof cell === "string" && (isTelling(cell) || isGibberish(cell))
              ? secretText(cell)
              : walk(cell, depth + 2),
          )
        : walk(row, depth + 1),
    );
  }

  /** Lines of one text (a diff, a file), arguments of one command, or names and values. */
  function lines(given: readonly string[]): readonly string[] {
    const found = inArguments(given);
    const parts = mapped(given, (item, index) => {
      const before = index > 0 ? (given[index - 1] as string) : "";
      budget.spend(OF_NAME);
      if (budget.isSpent) return item; // looked at with the others, as one text
      if (ARGUMENT.test(before) || (item.length >= MIN_TEXT && isTelling(item) && isListedName(before)))
        return secretText(item);
      const spans = found.get(index) ?? [];
      return spans.reduceRight((text, { start, end }) => {
        const kind = "password_option";
        return text.slice(0, start) + count(kind, redactionMark(kind)) + text.slice(end);
      }, item);
    });
    return replacedLines(parts);
  }

  function replacedLines(parts: readonly string[], known?: Found[]): readonly string[] {
    let current = parts;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const passes = length > LARGE ? MAX_PASSES.large : MAX_PASSES.small;
    for (let pass = 0; pass < passes; pass++) {
      const found = (pass === 0 ? known : undefined) ?? placesIn(current.join("\n"), pass > 0);
      // What was looked at once stays, though there was no time to look at it again.
      if (found.length === 0 || (pass > 0 && budget.isSpent)) break;
      let offset = 0;
      let from = 0;
      current = current.map((part) => {
        const [start, end] = [offset, offset + part.length];
        offset = end + 1;
        while (from < found.length && (found[from] as Found).end <= start) from++;
        if (from === found.length || (found[from] as Found).start >= end) return part;
        const pieces = createPieces();
        let at = start;
        for (let index = from; index < found.length && (found[index] as Found).start < end; index++) {
          const place = found[index] as Found;
          pieces.add(part.slice(at - start, Math.max(place.start, start) - start));
          pieces.add(place.start >= start ? count(place.kind, redactionMark(place.kind)) : redactionMark(place.kind));
          at = Math.min(place.end, end);
        }
        pieces.add(part.slice(at - start));
        return pieces.whole();
      });
    }
    return current;
  }

  function text(value: string): string {
    if (value.length < MIN_TEXT || (value.length <= MAX_CLEAN_TEXT && clean.has(value) && !printed.has(value)))
      return value;
    if (!isWithin(value.length)) return ends(value, Math.floor(left * SHARE));
    const found = places(value);
    if (found.length > 0) return replacedLines([value], found)[0] as string;
    if (value.length <= MAX_CLEAN_TEXT) remember(value);
    return value;
  }

  /** Whether so many characters may be looked at, which are then counted. */
  function isWithin(characters: number): boolean {
    if (characters > Math.floor(left * SHARE)) return false;
    left -= characters;
    budget.grow(characters);
    return true;
  }

  function remember(value: string): void {
    if (clean.size >= MAX_CLEAN) clean.clear();
    clean.add(value);
  }

  /** Beginning and end of a text of which so many characters can be looked at. */
  function ends(value: string, room: number): string {
    walker.cut++;
    const head = Math.max(Math.floor((room * 2) / 3) - MARGIN, 0);
    const tail = Math.max(Math.floor(room / 3) - MARGIN, 0);
    left -= room;
    budget.grow(room);
    const removed = value.length - head - tail;
    if (removed === value.length) return cutMark(removed);
    const before = seen(value.slice(0, head + MARGIN), 0, head);
    const last = value.slice(value.length - tail - MARGIN);
    return before + cutMark(removed) + seen(last, MARGIN, last.length);
  }

  /** What stands between two places of a text, with what it needs to be understood around it. */
  function seen(value: string, start: number, end: number): string {
    const found = places(value).flatMap((place) =>
      place.end > start && place.start < end
        ? [{ ...place, start: Math.max(place.start, start) - start, end: Math.min(place.end, end) - start }]
        : [],
    );
    return replacedLines([value.slice(start, end)], found)[0] as string;
  }

  /** Of a large text that was looked at before: what stands beside its marks. */
  function placesIn(value: string, again: boolean): Found[] {
    if (!again || value.length <= LARGE) return places(value);
    return besideMarks(value).flatMap(({ start, end }) =>
      places(value.slice(start, end)).flatMap((place) => {
        const [from, to] = [place.start + start, place.end + start];
        // What a window cuts off is no half of a credential.
        const isCut = (from === start && start > 0) || (to === end && end < value.length);
        return isCut ? [] : [{ ...place, start: from, end: to }];
      }),
    );
  }

  /** By the user's patterns, then by the known kinds; marks are left alone. */
  function places(value: string): Found[] {
    if (ONLY_MARK.test(value)) return [];
    if (budget.isSpent) return [{ start: 0, end: value.length, kind: UNSEEN, sure: true }];
    const found = find(value, budget.meter);
    const asked = (printed.get(value) ?? []).map((place) => ({ ...place, kind: PRINTED_KIND, sure: false }));
    const own = look(value).map(({ name, ...place }) => ({ ...place, kind: name, sure: true }));
    if (found.length === 0 && own.length === 0 && asked.length === 0) return found;
    const marks = value.includes("[redacted:") ? marksIn(value) : [];
    return withoutMarks(joined([...own, ...found, ...asked]), marks);
  }

  function count(kind: string, mark: string): string {
    counts[kind] = (Object.hasOwn(counts, kind) ? (counts[kind] as number) : 0) + 1;
    return mark;
  }
}

/** The same list if nothing changes. */
function mapped<T>(items: readonly T[], change: (item: T, index: number) => T): readonly T[] {
  let copy: T[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as T;
    const changed = change(item, index);
    if (changed === item) continue;
    copy ??= items.slice();
    copy[index] = changed;
  }
  return copy ?? items;
}

const NAME =
  /^(?:name|key|field|variable|header|option|param|parameter|label|title|env|environmentvariable|parameter_?name|variable_?name|key_?name|secret_?name)$/i;
const VALUE =
  /^(?:value|val|string_?value|secret_?string|secret_?value|content|data|default|plaintext|current|token)$/i;
const COOKIES = /cookies$/i;
const KEY_NAME = /^key_?name$/i;
/** Members of a JSON Web Key that are private: https://www.rfc-editor.org/rfc/rfc7518#section-6 */
const PRIVATE_MEMBERS = new Set(["d", "p", "q", "dp", "dq", "qi", "k", "oth"]);

/** The keys of an object whose values are secret because of what stands beside them: `{ "name": "API_KEY", "value": "..." }`. */
function secretsBySiblings(
  node: Node,
  keys: readonly string[],
  places: (text: string) => Found[],
): Set<string> | undefined {
  if (typeof node["kty"] === "string") return PRIVATE_MEMBERS;
  const values = keys.filter((key) => VALUE.test(key));
  if (values.length === 0) return undefined;
  const names = keys.some((key) => {
    const name = node[key];
    if (typeof name !== "string" || !NAME.test(key)) return false;
    if (KEY_NAME.test(key)) return true;
    return isSecretName(name) && !name.includes("[redacted:") && places(name).length === 0;
  });
  return names || node["sensitive"] === true ? new Set(values) : undefined;
}

/** What was answered to a question for a secret. */
function isAnswer(question: string, value: unknown): boolean {
  if (typeof value !== "string" || !question.endsWith("?") || !speaksOfSecrets(question)) return false;
  return value.length >= MIN_TEXT && isTelling(value) && !/\s|\[redacted:/.test(value);
}

/** A header or a variable in a list of names and values. */
function isListedName(name: string): boolean {
  return name.length <= 64 && /^[\w-]+$/.test(name) && isSecretName(name);
}

/** What a name such as `password` or `license_key` has in forms, translations and documents. */
function isHarmlessText(value: string): boolean {
  return isAddress(value) || (/\s/.test(value) && isLabel(value)) || value.startsWith("arn:");
}

/** Two keys that became the same stay two. */
function distinct(entries: [string, unknown][]): [string, unknown][] {
  const seen = new Set<string>();
  /** By key: the number that its next one is given. */
  const next = new Map<string, number>();
  return entries.map(([key, value]) => {
    let unique = key;
    for (let number = next.get(key) ?? 2; seen.has(unique); number++) {
      unique = `${key} #${number}`;
      next.set(key, number + 1);
    }
    seen.add(unique);
    return [unique, value];
  });
}

function marksIn(text: string): Found[] {
  return Array.from(text.matchAll(MARK), ({ 0: mark, index }) => ({
    start: index,
    end: index + mark.length,
    kind: "",
    sure: true,
  }));
}

/** Stretches of a text around its marks, without overlaps; none where they are too much. */
function besideMarks(text: string): { start: number; end: number }[] {
  const windows: { start: number; end: number }[] = [];
  let size = 0;
  MARK.lastIndex = 0;
  for (let mark = MARK.exec(text); mark; mark = MARK.exec(text)) {
    const [start, end] = [Math.max(0, mark.index - BESIDE), Math.min(text.length, MARK.lastIndex + BESIDE)];
    const last = windows.at(-1);
    size += end - Math.max(start, last?.end ?? 0);
    if (size > MAX_BESIDE) return [];
    if (last && start <= last.end) last.end = end;
    else windows.push({ start, end });
  }
  return windows;
}

function joined(found: Found[]): Found[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const result: Found[] = [];
  for (const next of found) {
    const last = result.at(-1);
    if (last && next.start < last.end) result[result.length - 1] = { ...last, end: Math.max(last.end, next.end) };
    else result.push(next);
  }
  return result;
}

/** A place that is all mark is none; one that cuts into a mark ends there. */
function withoutMarks(found: Found[], marks: readonly Found[]): Found[] {
  if (marks.length === 0) return found;
  let from = 0;
  return found.flatMap((place) => {
    while (from < marks.length && (marks[from] as Found).end <= place.start) from++;
    const pieces: Found[] = [];
    let start = place.start;
    for (let index = from; index < marks.length && (marks[index] as Found).start < place.end; index++) {
      const mark = marks[index] as Found;
      if (mark.start > start) pieces.push({ ...place, start, end: mark.start });
      start = mark.end;
    }
    if (start < place.end) pieces.push({ ...place, start });
    return pieces;
  });
}
