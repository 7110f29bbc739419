// What no name, joint or layout tells: a value that looks drawn by lot, on a line behind a word such as password.
// `drone secret add --name npm --data X`, `sign in with the password "X"`, `{:password "X"}`.

import { type Kind, located } from "./kind.ts";
import { isMember, isRandom, isStandIn } from "./value.ts";

/** So far behind the word something is looked for. Characters. */
const MAX_BEHIND = 120;
/** A line without it has no such value. */
const MIXED = /[A-Z][a-z]{0,20}\d|\d[a-z]{0,20}[A-Z]/;
const VALUE = /(?<![^\s"'`<>()[\]{},;:=|])[^\s"'`<>()[\]{},;:=|]{10,64}(?![^\s"'`<>()[\]{},;:=|])/g;

function spoken(text: string, at: number) {
  const [line = ""] = text.slice(at, at + MAX_BEHIND).split("\n", 1);
  const until = at + Math.max(line.length, 1);
  if (!MIXED.test(line)) return { spans: [], until };
  const values = Array.from(line.matchAll(VALUE), ({ 0: found, index }) => ({
    value: found.replace(/[.!?]+$/, ""),
    start: at + index,
  })).filter(({ value }) => isDrawn(value));
  return { spans: values.map(({ value, start }) => ({ start, end: start + value.length })), until };
}

/** Capitals, small letters and digits, mixed as in no name (`OAuth2Error`), path, version or hash. */
function isDrawn(value: string): boolean {
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/\d[^\d]+\d/.test(value)) return false;
  return !/[/\\@%_-]|^\$/.test(value) && isRandom(value, 3) && !isMember(value) && !isStandIn(value);
}

export const SPOKEN: readonly Kind[] = [
  located(
    "spoken_secret",
    "what looks drawn by lot and stands on a line behind a word such as password",
    "https://owasp.org/www-community/vulnerabilities/Use_of_hard-coded_password",
    ["password", "passwd", "passphrase", "rootpw", "credentials", "secret"],
    spoken,
  ),
];
