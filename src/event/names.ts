// Field names that say that their value is a secret.

import { isHarmlessName, strengthOf } from "./secrets/name.ts";

/** The last words of such a name, without what joins them: `dbPassword`, `db_password` and `DB-PASSWORD` end alike. */
const SECRET_ENDS =
  /(?:^|_)(?:pass(?:word|wd|phrase|code)?s?|pwd|pw|secrets?|(?:api|access|secret|private|encryption|signing|account|auth|master|session|client|subscription)_?keys?(?:_data|_base)?|api_?secret|tokens?|(?:auth|access|refresh|id|bearer)_?token|jwt|bearer|authorization|auth|credentials?|cookies?|otp|cvv|cvc|connection_?string|secret_?string|password_?(?:hash|confirmation|again|new|old)|secret_?value)$/;
/** What comes in pages and streams has tokens, too. */
const HARMLESS =
  /(?:^|_)(?:page|next|prev|previous|continuation|sync|cancel|cancellation|max|min|input|output|total|cache\w*|num|count|stop|special|public)_?(?:tokens?|keys?|secrets?)$/;
/** Names seen are remembered, up to so many. */
const MAX_REMEMBERED = 4096;
const remembered = new Map<string, boolean>();

/** @param name a key of an object, as it stands there */
export function isSecretName(name: string): boolean {
  if (name.length < 2 || name.length > 128 || name === "PWD" || name === "OLDPWD") return false;
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const words = name
    .replace(/\[redacted:[\w-]{1,60}\]/g, "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/_?\d{0,9}_?$/, "")
    .toLowerCase();
  const secret = (SECRET_ENDS.test(words) || strengthOf(name) >= 2) && !HARMLESS.test(words) && !isHarmlessName(name);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(name, secret);
  return secret;
}
