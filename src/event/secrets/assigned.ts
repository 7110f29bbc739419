// Values that are secret because of the name in front of them: `.env` lines, connection strings, queries, options, source.
// - The regex takes whatever may be a value; whether it is one is judged here, since source code is full of names like these.

import { context, type Kind } from "./kind.ts";

/** Names that hold nothing else than secrets, as they stand in front of a value. */
const STRONG =
  "pass(?:word|wd|phrase|code)|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|account[_-]?key|master[_-]?key|credentials?|_pass|_pw";
/** Names that often mean something else. */
const WEAK = "token|_?auth(?![A-Za-z])|jwt|session[_-]?key|_key";
/** `password_policy` is none, `token_count` neither. */
const HARMLESS_REST =
  "(?![_-]?(?:types?|counts?|counter|ur[il]s?|endpoint|file|filename|path|dir|names?|length|len|limits?|max|min|sizes?|budget|usage|used|expir\\w{0,32}|ttl|age|polic\\w{1,32}|field|input|label|placeholder|hint|prompt|regex|pattern|rules?|strength|manager|store|provider|handler|service|factory|class|algorithm|alg|format|prefix|version|enabled|disabled|required|error|err|message|msg|mode|stream|kind|index|start|end|pos|position|list|mask|mismatch|reset|i[sz]e\\w{0,32}|arn|ref|method|scheme|user\\w{0,32}|level|range|text)\\b)";
const NAME = `(?:(?<strong>${STRONG})|(?<!(?:page|next|sync|continuation|cancel(?:l?ation)?|max|min)[_-]?)(?<weak>${WEAK}))${HARMLESS_REST}[\\w-]{0,32}`;
const SEPARATOR =
  "(?<close>\\\\{0,7}[\"'`]?)\\]?\\??[ \\t]{0,4}(?<sep>:=|=>|={1,3}|:(?!:)|[ \\t](?:is|was)[ \\t])[ \\t]{0,4}(?:[brfu]{1,2}(?=[\"']))?";
const OPEN = "(?<open>\\\\{0,7}[\"'`])?";
const QUOTED = "(?<quoted>(?:(?!\\k<open>)(?:\\\\{1,32}[^\\\\\\n]|[^\\\\\\n])){1,400})";
const BARE = "(?<bare>[^\\s\"'`;&|<>(){}\\[\\],\\\\]{1,400})";
/** A line of an .env file goes to its end. */
const LINE =
  "(?<=(?:^|\\n)[ \\t0-9→+-]{0,16}(?:export |set |ENV |ARG )?[A-Za-z0-9_]{1,64}=)(?<line>[^\\s\"'`;\\\\]{1,400})";

const ASSIGNMENT = new RegExp(`(${NAME}${SEPARATOR}${OPEN})(?:${QUOTED}|${LINE}|${BARE})`, "iy");
const OPTION =
  /(?<=(?:^|[\s"'`])--?[A-Za-z-]{0,30})((?:pass(?:word|wd|phrase)?|secret|token|api-?key|access-?key|auth-?token)[a-z-]{0,16}[ \t]{1,3}["'`]?)(?!-|\$|\{|<|\[|\*)(?<bare>[^\s"'`\\;|&<>]{4,400})/iy;

const PLACEHOLDER =
  /^(?:\$|%[A-Za-z_({]|<|\{|\[|\*+$|x{3,}$|\.{2,}|…|#|&|@|process\.env|os\.environ|os\.getenv|getenv|import\.meta|env\.|env\(|self\.|this\.|\/\/|\/\*)/i;
const NOTHING =
  /^(?:|null|true|false|yes|no|on|off|none|nil|undefined|void|never|unknown|any|string|number|integer|int|bool|boolean|object|array|buffer|bytes|str|symbol|function|class|const|let|var|new|await|async|return|typeof|required|optional|default|required,|str,|text|auto|basic|bearer|oauth2?|inherit|anonymous|write|read|include|omit|same-origin)[;,.)]?$/i;
const SECRET_WORD = /pass(?:word|wd|phrase|code)|secret|token|api[_-]?key|credential|auth/i;
const DIGIT = /\d/;
const LETTER = /[A-Za-z]/;
/** Not only letters, digits and what joins names. */
const SYMBOL = /[^\w.\-/\s:]/;
/** `config.token`, `a.b[0]`: names, no values. */
const MEMBER = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$/;
const IDENTIFIER = /^[A-Za-z_$][A-Za-z_$]*\d?$/;
const NUMBER = /^(?:0x[0-9a-f]+|\d+(?:\.\d+)?)$/i;
const PUBLIC = /public|sort_?key|foreign|primary|cache_?key/i;
/** Tokens that are no part of a language. */
const SURE_TOKEN =
  /(?:(?:access|auth|refresh|api|bearer|private|deploy|session|bot)[_-]?token|__?auth(?:token)?|^_auth)$/i;
const LINE_END = /^[ \t]*(?:\r?\n|\\{1,7}[nr]|$|#)/;

export const ASSIGNED: readonly Kind[] = [
  context(
    "assignment",
    "value of a name such as password, api_key or TOKEN: .env lines, connection strings, queries, JSON in text",
    "https://owasp.org/www-community/vulnerabilities/Use_of_hard-coded_password",
    [
      ...[
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "secret",
        "api_key",
        "api-key",
        "apikey",
        "_pass",
        "_pw",
      ],
      ...["access_key", "access-key", "accesskey", "private_key", "private-key", "privatekey", "credential"],
      ...["encryption_key", "encryption-key", "encryptionkey", "signing_key", "signing-key", "signingkey"],
      ...["account_key", "account-key", "accountkey", "master_key", "master-key", "masterkey"],
      ...["token", "auth", "_auth", "jwt", "session_key", "session-key", "sessionkey", "_key"],
    ],
    ASSIGNMENT,
    isAssigned,
  ),
  context(
    "option",
    "value of a command-line option such as --password or --token",
    "https://cwe.mitre.org/data/definitions/214.html",
    ["pass", "secret", "token", "api-key", "apikey", "access-key", "accesskey", "auth-token"],
    OPTION,
    (match) => {
      const value = match.groups?.["bare"] ?? "";
      return (
        !PLACEHOLDER.test(value) &&
        !NOTHING.test(value) &&
        (DIGIT.test(value) || SYMBOL.test(value) || value.length >= 12)
      );
    },
  ),
];

function isAssigned(match: RegExpExecArray): boolean {
  const { strong, quoted, line, bare, close = "", sep = "" } = match.groups as Record<string, string | undefined>;
  const value = quoted ?? line ?? bare ?? "";
  if (PLACEHOLDER.test(value) || NOTHING.test(value)) return false;
  const { text: name, before } = nameOf(match);
  if (PUBLIC.test(name)) return false;
  if (/^(?:OLD)?PWD$/.test(name) && /^[/~A-Z]/.test(value)) return false; // the working directory
  const shouted = /^[A-Z][A-Z0-9_]*$/.test(name);
  if (strong === undefined && /_key$/i.test(name) && !(shouted && value.length >= 16 && DIGIT.test(value)))
    return false;
  const sure = strong !== undefined || shouted || SURE_TOKEN.test(name);
  const tight = sep === "=" && match[0].endsWith(`=${match.groups?.["open"] ?? ""}${value}`);
  if (quoted !== undefined) return isQuotedSecret(value, { jsonKey: close !== "", sure, tight });
  const after = match.input.slice(match.index + match[0].length, match.index + match[0].length + 40);
  if (/^[([{]/.test(after) || MEMBER.test(value)) return false;
  if (line !== undefined && before !== ".") return isLineSecret(value, shouted, after);
  return tight ? isTightSecret(value, sure, before, after) : isLooseSecret(value, sure, before, after, sep);
}

function isQuotedSecret(
  value: string,
  { jsonKey, sure, tight }: { jsonKey: boolean; sure: boolean; tight: boolean },
): boolean {
  if (jsonKey) return sure ? !/\s.*\s.*\s/.test(value) : value.length >= 8 && DIGIT.test(value) && !/\s/.test(value);
  if (/\s/.test(value)) return sure && tight && DIGIT.test(value) && value.length <= 64;
  const mixed = DIGIT.test(value) && LETTER.test(value);
  if (!sure) return value.length >= 12 && mixed && !/[/(){}]/.test(value);
  if (value.length < 4 || (!DIGIT.test(value) && (SECRET_WORD.test(value) || /[(){}<>?:[\]^\\]/.test(value))))
    return false;
  const plain = DIGIT.test(value) || SYMBOL.test(value) || /^[a-z]+(?:-[a-z]+)*$/.test(value);
  return plain ? value.length >= 6 || mixed : value.length >= 12;
}

/** A line of its own, as in an .env file. */
function isLineSecret(value: string, shouted: boolean, after: string): boolean {
  if (NUMBER.test(value)) return value.length >= 4;
  return shouted ? value.length >= 3 : isTelling(value) || (LINE_END.test(after) && value.length >= 3);
}

/** `name=value`: a query, a form, a connection string, an option, or an assignment of minified source. */
function isTightSecret(value: string, sure: boolean, before: string, after: string): boolean {
  if (NUMBER.test(value)) return sure && value.length >= 4 && !/^[,)]/.test(after);
  const telling = isTelling(value) && !IDENTIFIER.test(value);
  if (before === ".") return sure && telling && /^(?:[\s"'`\\]|$)/.test(after);
  if (!sure) return DIGIT.test(value) && LETTER.test(value) && value.length >= 8;
  if (telling && value.length >= 4) return true;
  return value.length >= 3 && /^(?:[\s&;"'`\\/]|$)/.test(after) && !"(,".includes(before || " ");
}

/** `name: value` and `name = value`: YAML, INI, headers, sentences, or source. */
function isLooseSecret(value: string, sure: boolean, before: string, after: string, sep: string): boolean {
  const whole = LINE_END.test(after);
  const mixed = DIGIT.test(value) && LETTER.test(value);
  if (NUMBER.test(value) || before === ".") return false;
  if (!sure) return mixed && value.length >= 12 && (whole || sep === ":");
  if (IDENTIFIER.test(value) && !(whole && /^[a-z]{6,}\d*$/.test(value) && sep !== "=>")) return false;
  if (isTelling(value)) return value.length >= 5 && (whole || /^[\s&;,"'`\\]/.test(after));
  return whole && value.length >= 6 && /^[a-z][a-z0-9_-]*$/.test(value) && /^\s*$/.test(before);
}

/** Letters with digits, or characters that stand in no name. */
function isTelling(value: string): boolean {
  return (DIGIT.test(value) && LETTER.test(value)) || SYMBOL.test(value.replace(/[!?;:,.]+$/, ""));
}

/** The whole name that the match ends, and the character before it. */
function nameOf(match: RegExpExecArray): { text: string; before: string } {
  const { input, index } = match;
  let from = index;
  while (from > 0 && index - from < 64 && /[\w-]/.test(input[from - 1] as string)) from--;
  if (input[from - 1] === "\\" && from < index) from++; // the n of \n
  const end = /^[\w-]*/.exec(match[0])?.[0].length ?? 0;
  return { text: input.slice(from, index + end), before: input[from - 1] ?? "" };
}
