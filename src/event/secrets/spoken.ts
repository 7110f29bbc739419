// What no name, joint or layout tells: a value that looks drawn by lot, on a line that speaks of passwords, or on the next one.
// `drone secret add --name npm --data X`, `use X as the password`, `env::var("DB_PASSWORD").unwrap_or("X")`, `Password:\n\nX`.

import { type Kind, located, type Span } from "./kind.ts";
import { isDrawn, isGenerated, isMember, isRandom, isStandIn } from "./value.ts";

/** So far before and behind the word something is looked for. Characters. */
const MAX_BEFORE = 80;
const MAX_BEHIND = 160;
/** A word that stands nearer than this to one that was looked around is not asked. Characters. */
const STEP = 80;
/** A line without them has no such value: the first is seen at once. */
const DIGIT = /\d/;
const MIXED = /[A-Z][a-z]{0,20}\d|\d[a-z]{0,20}[A-Z]|["'`«„“][^\s"'`]{0,60}\d/;
const BARE = /(?<![^\s"'`<>()[\]{},;:=|«»„“”])[^\s"'`<>()[\]{},;:=|«»„“”]{10,64}(?![^\s"'`<>()[\]{},;:=|«»„“”])/g;
const QUOTED = /(?<=["'`«„“] {0,1})[^\s"'`«»„“”]{8,64}(?= {0,1}["'`»“”])/g;
/** What else is made of letters and digits without sense. */
const SPEAKS_OF_HASHES = /sha\d|md5|hash|digest|checksum|integrity|commit|revision|uuid|etag|fingerprint|public/i;
/** A value that has a name of its own. */
const NAMED = /[:=]\s?["'`«„“] ?$/;
/** The end of a line that says that the next one holds the value, and that line, which may be the one after an empty one. */
const LEADS_ON = /:$|(?:passw|passphrase|requirepass|secret|token|api[_ -]?key|credential)\w{0,12}["'`*)\]]{0,4}$/i;
const MAX_LEAD = 48;
const NEXT_LINE =
  /\r?\n(?:[ \t]{0,8}\r?\n)?[ \t]{0,16}(?:\d{1,2}\) |=>? )?["'`]?([^\s"'`]{8,128})["'`]?[ \t]{0,8}(?:\r?\n|$)/y;

function spoken(text: string, at: number) {
  if (/^tokens/i.test(text.slice(at, at + 6))) return { spans: [], until: at + 1 }; // what models and parsers count
  const [start, end] = [beginOfLine(text, at), endOfLine(text, at)];
  const isWhole = end === text.length || text[end] === "\n";
  const until = isWhole ? Math.max(end, at + 1) : at + STEP;
  const line = text.slice(start, end);
  const spans =
    DIGIT.test(line) && MIXED.test(line) ? onLine(line, at - start, isWhole).map((span) => shifted(span, start)) : [];
  return { spans: spans.length === 0 && isWhole ? onNextLine(text, at, end) : spans, until };
}

function onLine(line: string, at: number, isWhole: boolean): Span[] {
  const drawn = spansOf(line, BARE).filter(({ end }) => (isWhole || end < line.length) && line[end] !== "("); // no call
  const quoted = spansOf(line, QUOTED).filter(({ start }) => start > at);
  const hashes = SPEAKS_OF_HASHES.test(line);
  const found = [
    ...drawn.filter(({ value }) => isDrawn(value)),
    ...quoted.filter(({ value, start }) => isDrawnInQuotes(value, !hashes && !NAMED.test(line.slice(0, start)))),
  ];
  return found.map(({ start, value }) => ({ start, end: start + value.replace(/[.!?]+$/, "").length }));
}

/** `Use the following password:` and then a line of nothing else. */
function onNextLine(text: string, at: number, end: number): Span[] {
  if (end === text.length || !LEADS_ON.test(text.slice(Math.max(at, end - MAX_LEAD), end).trimEnd())) return [];
  NEXT_LINE.lastIndex = text[end - 1] === "\r" ? end - 1 : end;
  const found = NEXT_LINE.exec(text);
  const value = found?.[1];
  if (!found || value === undefined || isStandIn(value) || isMember(value)) return [];
  if (!isGenerated(value) && (!isRandom(value) || value.includes("/"))) return [];
  const start = found.index + found[0].lastIndexOf(value);
  return [{ start, end: start + value.length }];
}

/** What quotes hold apart from the rest may have signs, and small letters alone. */
function isDrawnInQuotes(value: string, alone: boolean): boolean {
  if (isGenerated(value)) return /[A-Z]/.test(value) && /[a-z]/.test(value);
  return alone && /^[\w~+=-]{20,}$/.test(value) && isRandom(value, 3) && !isStandIn(value);
}

function spansOf(line: string, pattern: RegExp): (Span & { value: string })[] {
  return Array.from(line.matchAll(pattern), ({ 0: value, index }) => ({
    start: index,
    end: index + value.length,
    value,
  }));
}

const shifted = ({ start, end }: Span, by: number): Span => ({ start: start + by, end: end + by });

/** Where the line of a place begins, or what is looked at of it. */
function beginOfLine(text: string, at: number): number {
  const before = text.slice(Math.max(0, at - MAX_BEFORE), at);
  const begin = before.lastIndexOf("\n") + 1;
  if (begin > 0 || at <= MAX_BEFORE) return at - before.length + begin;
  return at - before.length + Math.max(before.search(/\s/), 0); // no half of a word
}

function endOfLine(text: string, at: number): number {
  const end = text.slice(at, at + MAX_BEHIND).indexOf("\n");
  return end < 0 ? Math.min(text.length, at + MAX_BEHIND) : at + end;
}

export const SPOKEN: readonly Kind[] = [
  located(
    "spoken_secret",
    "what looks drawn by lot and stands on a line with a word such as password, or on the one behind it",
    "https://owasp.org/www-community/vulnerabilities/Use_of_hard-coded_password",
    [
      ...[
        "password",
        "passwd",
        "passphrase",
        "passwort",
        "kennwort",
        "contrase",
        "mot de passe",
        "rootpw",
        "requirepass",
      ],
      ...[
        "credential",
        "creds",
        "secret",
        "token",
        "api_key",
        "api-key",
        "apikey",
        "api key",
        "login",
        "log in",
        "logging in",
      ],
      ...["zugang", "(pw ", "rocommunity", "sign in"],
      ...["пароль", "パスワード", "비밀번호"],
    ],
    spoken,
  ),
];
