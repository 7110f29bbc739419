// Values that are secret because of the name in front of them: `.env` lines, YAML, properties, JSON in text, connection
// strings, queries, options, pairs of name and value, calls, sentences, source.
// - A word finds the place; the whole name, what joins it to its value, and the value are read from there.
// - Whether it is a secret is judged by all three: source code is full of names like these.

import { type Joint, mayBePaired, plainJoint } from "./glance.ts";
import { context, type Kind, located } from "./kind.ts";
import { isHarmlessName, isSecretNumber, type Said, saidBy } from "./name.ts";
import { closingQuote } from "./quote.ts";
import {
  hasDigit,
  hasSymbol,
  isGenerated,
  isGibberish,
  isIdentifier,
  isLabel,
  isMember,
  isMixed,
  isNumber,
  isPassphrase,
  isRandom,
  isStandIn,
  isTelling,
  speaksOfSecrets,
} from "./value.ts";

/** A name is not longer. Characters. */
const MAX_NAME = 80;
/** A quoted value is not longer. Characters. */
const MAX_VALUE = 1024;
/** A value without quotes is not longer; what follows and could belong to it goes with it. Characters. */
const MAX_BARE = 256;
/** What ends it: a word, and a token. By character, of the first 128. */
const ENDS_WORD = endings(/[\s"'`\\]/);
const ENDS_TOKEN = endings(/[\s"'`\\;&|<>(){}[\],]/);
/** Without quotes only keys and tokens are longer, and those have no odd characters. */
const MAX_ODD = 128;
const KEY_LIKE = /^[\w+/=.~%-]+$/;
const ODD = endings(/[^\w+/=.~%-]/);
/** What a call that opens a value consists of, and how long it is at most. */
const WORD = endings(/[\w.:]/);
const MAX_OPENING = 40;
/** So much of what follows a value is looked at. Characters. */
const MAX_AFTER = 80;
/** What may follow a name that has a value: anything else is the end of it. */
const FOLLOWS = new Set([..."\\\"'`*])?! \t\u00a0:=-,({[<>→：\r\n"].map((character) => character.charCodeAt(0)));
/** What stands before a name on its line and makes it no part of a sentence: indentation, marks of a diff, numbers of lines. */
const LINE_START =
  /^(?:[\w./@-]{1,100}[:-]\d{1,6}[:-])?[\s\d+\-→|>*#$:"'`;.]{0,32}(?:export |set |setx |ENV |ARG |SET |declare -x |readonly |local )?["'`{]?$/;
const MAX_LINE_START = 160;

/** What joins name and value. */
const JOINED =
  /(\\{0,7}["'`]|[?!]\\{0,7}["'](?=:))?\*{0,2}\]?(?:\[\d{0,4}\](?=[ \t]?=))?\)?[?!]?(?:[ \t](?:\([^()\n]{1,40}\)|(?:re)?(?:freshed|generated|created|issued|rotated|obtained|received))(?=:))?(?:[ \t]?:[ \t]{0,4}&?(?:'static[ \t])?[A-Za-z][\w.<>[\]?]{0,40}(?=[ \t]{0,4}=[ \t]{0,4}(?:[A-Z]\w{0,20}\((?:default=)?)?["'`]))?(?:[ \t\u00a0]{0,100}(:=|=>|->|→|<-(?=[ \t]["'])|\|\|=|\?\?=|(?:\|\||\?\?)(?=[ \t]{0,4}["'])|\?=|={1,3}|:[-=?](?=[^\s"'>])|:(?!:)|::(?= [A-Za-z0-9+/]{6,400}={0,2}(?:\s|$))|：)\*{0,2}|(?:[ \t](?:for[ \t]|of[ \t]|d[eiu]?[ \t'\u2019]|del[ \t]|für[ \t])[^\n:=]{1,40})?([ \t](?:is|was|ist|lautet|est|es|(?:has been |was )?(?:changed|generated|reset|set)(?: successfully)?(?: to)?)(?:[ \t]?:)?[ \t]|[ \t]?:[ \t]|[ \t]to[ \t](?=["'`]))|([({])(?=["'])|(,)(?=[ \t]{0,16}(?:<<|default[ ]?=[ ]?)?["']|(?<=--[\w-]{1,40}["'],)\s{0,40}["'])|([ \t\u00a0]{1,40}(?:default[ \t]|[-–—][ \t])?(?![ \t=:|│┃&<>(){}])))[ \t\u00a0]{0,100}(?:\r?\n[ \t]{1,40}(?=["']))?/y;
/** From a name that is itself a value to the value that belongs to it: `"name": "X", "value": "Y"`, attributes, plist. */
const PAIRED =
  /\\{0,7}["']?(?:[,;]?[\s-]{0,40}(?:\\{0,7}"\w{1,40}\\{0,7}"\s{0,4}:\s{0,4}(?:\\{0,7}"[^"\\\n]{0,80}\\{0,7}"|true|false|null|\{\}|\[\]|\d{1,20}),\s{0,40}|[\w-]{1,20}=["'][^"'<>\n]{0,80}["']\s{1,4}){0,4}\\{0,7}["']?(?:value|val|string_?value|parameter_?value|secret_?string|content)\\{0,7}["']?\s{0,4}[:=]\s{0,4}|\s{0,4}<\/key>\s{0,20}<string>|[^<>\n]{0,60}>(?:\s{0,20}<value>)?(?=[^<\s]{4,200}<\/(?:[\w-]{1,20}:)?(?:property|entry|string|param|setting|value|env|item|option|field|password|secret|token)>)|\\{0,7}["']?\s{0,4}:\s{0,4}\{[^{}]{0,200}?["']value\\{0,7}["']\s{0,4}:\s{0,4}|["']?[ \t]{0,4}\{[^{}]{0,300}?\n[ \t]{1,20}default[ \t]{1,20}=[ \t]{1,4}(?=")|["']?:[ \t]{0,4}\r?\n([ \t]{1,20})(?:(?!value|default)\w{1,20}:[^\n]{0,200}\r?\n\1){0,4}(?:value|default):[ \t]{1,4})/iy;
/** The same where only what looks drawn by lot is a value: cells of HTML, fields that a test fills in. */
const FILLED =
  /<\/[\w:]{1,20}>:?\s{0,40}<[\w:]{1,20}(?: [^<>\n]{0,60})?>\s{0,4}|(?: [^<>\n]{0,60})?>\s{0,40}<value>|["']\)?\.(?:fill|type|send_?keys|set_?value|set_?text|press_?sequentially)\(\s?["']|["'](?: field)? with ["']/iy;
/** What may stand before the value itself: a tag, a call with a default, a prefix of a string. */
const OPENED =
  /(?:default[ ]?=[ ]?(?=["'])|\s{0,20}string\(\d{1,4}\) (?=")|<<(?=")|\[\]byte\((?=["'])|JSON\.stringify\((?=["'])|(?:crypt|md5|sha[12]|hash)\((?=["'])|!{1,2}\w{1,20}[ \t]{1,4}|&\w{1,20}[ \t]{1,4}|[|>][-+]?[ \t]{0,4}\r?\n[ \t]{1,40}|[\w.:]{1,40}\([ \t]?["'][\w.-]{1,80}["'][ \t]{0,2},[ \t]{0,2}|[A-Z]\w{0,30}(?:::\w{1,20})?\((?:default=)?(?=["'])|REG_(?:EXPAND_)?SZ[ \t]{1,20}|[brfuLRN@]{1,2}(?=["'])|[A-Z]\w{0,30}\(\s{1,40}(?=["'])|[[(]\s{0,40}(?=["'])|<!\[CDATA\[|\[-(?=[^\s\]])){0,2}('''(?=[^'\s])|"""(?=[^"\s])|\\{0,7}["'`])?/y;
const SPACED = /mot de passe|api key|seed phrase|verification code|key content|clé (?:api|secrète|privée)/iy;
const LINE_END = /^[ \t]{0,40}(?:\r?\n|\\{1,7}[nr]|$|#|\/\/)/;

const WORDS = [
  ...["password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "contrase", "mot de passe", "senha"],
  ...[
    "pwd",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "api key",
    "_pass",
    "_pw",
    ".pass",
    "-pass",
    "pass ",
    "pass=",
    "pass:",
  ],
  ...["access_key", "access-key", "accesskey", "private_key", "private-key", "privatekey", "credential"],
  ...["encryption_key", "encryption-key", "encryptionkey", "signing_key", "signing-key", "signingkey"],
  ...["account_key", "account-key", "accountkey", "master_key", "master-key", "masterkey", "master.key"],
  ...["sharedkey", "shared_key", "shared-key", "mnemonic", "seed_phrase", "seed phrase", "requirepass", "assword"],
  ...["token", "auth", "jwt", "session_key", "session-key", "sessionkey", "sessionid", "_key", 'key"', "key'"],
  ...[
    "otp",
    "pin",
    "cvc",
    "cvv",
    "verification code",
    "instrumentationkey",
    "_sid",
    "_dsn",
    "license",
    "connection_string",
    "connectionstring",
    "connection_uri",
    "connectionuri",
    "psk",
    "bindpw",
    "rootpw",
    "pw:",
    "pw=",
    "_salt",
    "pepper",
    "bw_session",
    "routing_key",
    "primarykey",
    "secondarykey",
    "validationkey",
    "decryptionkey",
    "erlangcookie",
    "erlang_cookie",
    "-key:",
    "key is ",
    "key = ",
    "key content",
    "key-data",
    "key_data",
    "encrypt = ",
    "_signing",
    "ssel:",
    "pw <-",
    ".key='",
    '.key="',
    'pass"',
    "pass'",
    'pw"',
    "pw'",
    "authident",
    "sonar.login",
    "salt=",
    "salt:",
  ],
  ...["wachtwoord", "lösenord", "adgangskode", "salasana", "heslo", "haslo", "hasło", "parola", "jelsz"],
  ...[
    "motdepasse",
    "mot_de_passe",
    "mdp ",
    "mdp:",
    "mdp=",
    "clave",
    "clé",
    "schlüssel",
    "schluessel",
    "şifre",
    "sifre",
  ],
  ...["пароль", "パスワード", "비밀번호", "apiキー"],
];

export const ASSIGNED: readonly Kind[] = [
  located(
    "assignment",
    "value of a name such as password, api_key or TOKEN: .env lines, connection strings, queries, JSON in text",
    "https://owasp.org/www-community/vulnerabilities/Use_of_hard-coded_password",
    WORDS,
    assignedAt,
  ),
  context(
    "option",
    "value of a command-line option such as --password or --token",
    "https://cwe.mitre.org/data/definitions/214.html",
    ["-pass", "-pw", "-secret", "-token", "-api-key", "-apikey", "-access-key", "-auth", "-key", "-otp"],
    /(?<=(?:^|[\s"'`])--?[A-Za-z-]{0,30})((?<name>-(?:pass(?:word|wd|phrase)?|pwd?|secret|token|api-?key|access-?key|secret-?key|auth-?token|auth(?![a-z])|otp|key(?![a-z]))(?:[a-z-]{0,16}))[ \t]{1,3}\\{0,3}["'`]?)(?!-|\$|\{|<|\[|\*)(?<bare>[^\s"'`\\|<>]{4,400})/iy,
    (match) => {
      const { bare: value = "", name = "" } = match.groups ?? {};
      if (name.toLowerCase() === "-key") return value.length >= 20 && isRandom(value) && !/[/.]/.test(value);
      return !isHarmlessName(name) && !isStandIn(value) && (hasDigit(value) || hasSymbol(value) || value.length >= 12);
    },
  ),
];

/** Of a long value the beginning tells what it is. Characters. */
const MAX_JUDGED = { quoted: 256, bare: 96 };

interface Value {
  readonly start: number;
  readonly end: number;
  /** Its beginning, where it is long. */
  readonly text: string;
  readonly quoted: boolean;
}

/** What stands around a value. */
interface Around {
  readonly name: string;
  readonly said: Said;
  readonly sep: string;
  readonly tight: boolean;
  /** The name begins its line. */
  readonly line: boolean;
  /** The name is quoted, as in JSON. */
  readonly key: boolean;
  /** The character before the name. */
  readonly before: string;
  readonly after: string;
}

const NOTHING = { spans: [] };

function assignedAt(text: string, at: number) {
  let to = at;
  while (to < text.length && to - at < MAX_NAME && isNameCharacter(text, to)) to++;
  while (text[to - 1] === "." || text[to - 1] === "-") to--;
  if (text.charCodeAt(to - 1) > 191 && /\s/.test(text[to - 1] as string)) to = at;
  if (text.charCodeAt(to) === 32) {
    SPACED.lastIndex = at;
    if (SPACED.test(text)) to = SPACED.lastIndex;
  }
  const until = Math.max(to, at + 1);
  if (!FOLLOWS.has(text.charCodeAt(to))) return { ...NOTHING, until };
  const from = nameStart(text, at);
  const name = text.slice(from, to);
  const said = saidBy(name);
  if (said.strength < 0) return { ...NOTHING, until };
  const named = { name, said, from, before: text[from - 1] ?? "" };
  const found = pairedValue(text, to, named) ?? filledValue(text, to, named) ?? joinedValue(text, to, named);
  if (!found) return { ...NOTHING, until };
  const after = changedTo(text, found);
  const spans = [found, ...(after ? [after] : []), ...othersOf(text, to, found)];
  return { spans, until: (spans.at(-1) ?? found).end };
}

const NEXT_VALUE = /["'`]\s{0,40},?\s{1,40}["'`]([^"'`\s]{8,256})(?=["'`])/y;
const MAX_OTHERS = 50;

/** The values of a list behind its first one: `tokens = ["X", "Y"]`. */
function othersOf(text: string, to: number, first: Value): Value[] {
  if (!first.quoted || !/[[(]\s{0,40}["'`]$/.test(text.slice(Math.max(to, first.start - 44), first.start))) return [];
  const others: Value[] = [];
  for (let end = first.end; others.length < MAX_OTHERS; ) {
    NEXT_VALUE.lastIndex = end;
    const value = NEXT_VALUE.exec(text)?.[1];
    if (value === undefined || !(isRandom(value) || isGenerated(value) || isGibberish(value))) break;
    end = NEXT_VALUE.lastIndex;
    others.push({ start: end - value.length, end, text: value, quoted: true });
  }
  return others;
}

function nameStart(text: string, at: number): number {
  let from = at;
  while (from > 0 && at - from < MAX_NAME && isNameCharacter(text, from - 1)) from--;
  if (text[from - 1] === "\\" && from < at && /[bfnrt]/.test(text[from] as string)) from++; // the n of \n
  while (from < at && /[.-]/.test(text[from] as string)) from++;
  return from;
}

/** Punctuation, arrows and lines of tables, which stand between letters of all scripts, and what is as wide as they. Characters. */
const [FIRST_SIGN, LAST_SIGN] = [0x2000, 0x2bff];
const isSign = (code: number): boolean =>
  (code >= FIRST_SIGN && code <= LAST_SIGN) || (code >= 0x3000 && code < 0x3040) || (code >= 0xff00 && code < 0xff21);

function isNameCharacter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    (code > 191 && !isSign(code))
  );
}

/** Where the search for the beginning of a line went last, from right to left: names of one line share it. */
let lineSeen = { text: "", begin: 0, from: 0 };

function isLineStart(text: string, from: number): boolean {
  const known = lineSeen.text === text && lineSeen.from <= from ? lineSeen : undefined;
  const limit = Math.max(0, from - MAX_LINE_START);
  let begin = from;
  while (begin > limit && !isAfterBreak(text, begin)) {
    begin--;
    if (begin === known?.from) begin = Math.max(known.begin, limit);
  }
  lineSeen = { text, begin, from };
  if (from - begin >= MAX_LINE_START) return false;
  return LINE_START.test(text.slice(begin, from));
}

/** Behind a line break, or \n. */
function isAfterBreak(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  return before === 10 || (before === 110 && text.charCodeAt(at - 2) === 92);
}

/** `#define NAME "value"`. */
function isDefined(text: string, from: number): boolean {
  if (text.charCodeAt(from - 1) !== 32 && text.charCodeAt(from - 1) !== 9) return false;
  return /#[ \t]{0,4}define[ \t]{1,8}$/.test(text.slice(Math.max(0, from - 20), from));
}

/** From a value to the one that takes its place: `"old" -> "new"`, `[-old-]{+new+}`. */
const CHANGED = /(?:["']?[ \t]{1,4}(?:->|=>|→)[ \t]{1,4}["']?|-\]\{\+)([^\s"'`\\(){}]{4,256})/y;

function changedTo(text: string, { end }: Value): Value | undefined {
  for (const at of [end, end - 1]) {
    CHANGED.lastIndex = at;
    const [all, value = ""] = CHANGED.exec(text) ?? [];
    if (all === undefined || isStandIn(value) || isIdentifier(value)) continue;
    const start = at + all.length - value.length;
    const cut = value.endsWith("+") ? 1 : 0;
    return { start, end: start + value.length - cut, text: value, quoted: false };
  }
  return undefined;
}

type Named = Pick<Around, "name" | "said" | "before"> & { readonly from: number };

function pairedValue(text: string, to: number, { said }: Named): Value | undefined {
  if (said.strength < 1 || said.harmless || !mayBePaired(text, to)) return undefined;
  PAIRED.lastIndex = to;
  if (!PAIRED.test(text)) return undefined;
  const value = valueAt(text, PAIRED.lastIndex, text[PAIRED.lastIndex - 1] !== ">");
  if (!value || isStandIn(value.text) || value.text.length < 3) return undefined;
  if (isNumber(value.text)) return said.strength === 3 && /^\d{4,16}$/.test(value.text) ? value : undefined;
  return isMember(value.text) ? undefined : value;
}

function filledValue(text: string, to: number, { said }: Named): Value | undefined {
  if (said.strength < 2 || said.harmless || !"<>\"'".includes(text[to] ?? "=")) return undefined;
  FILLED.lastIndex = to;
  if (!FILLED.test(text)) return undefined;
  const start = FILLED.lastIndex;
  const quote = text[start - 1] as string;
  if (/["']/.test(quote)) {
    const end = closingQuote(text, start, quote, MAX_JUDGED.quoted) ?? start;
    const value = text.slice(start, end);
    const isSecret = isGenerated(value) || isGibberish(value) || (isTold(value) && !isStandIn(value));
    return isSecret ? { start, end, text: value, quoted: true } : undefined;
  }
  const end = endOfBare(text, start, ENDS_TOKEN);
  const value = text.slice(start, Math.min(end, start + MAX_JUDGED.bare));
  if (!isRandom(value) || isMember(value) || isStandIn(value)) return undefined;
  return { start, end, text: value, quoted: false };
}

function joinedValue(text: string, to: number, named: Named): Value | undefined {
  if (named.before === ":" && /arn:[\w:-]{1,90}$/.test(text.slice(Math.max(0, named.from - 100), named.from)))
    return undefined;
  const joint = jointAt(text, to);
  if (!joint) return rowValue(text, to, named);
  const { length, key, gap, tight } = joint;
  const at = to + length;
  const line = joint.inLine && isLineStart(text, named.from);
  const value = valueAt(text, at, line && !gap && !/^[({[]/.test(text[at] ?? ""));
  if (!value || value.end <= value.start) return undefined;
  if (!value.quoted && value.end - value.start > MAX_ODD && isOdd(text, value)) return undefined;
  const sep = gap && isDefined(text, named.from) ? "=" : joint.sep;
  const after = text.slice(value.end + (value.quoted ? 1 : 0), value.end + MAX_AFTER);
  const around: Around = { ...named, line, sep, tight, key, after };
  return isSecret(value, around) ? withItsWords(value, around) : undefined;
}

/** A passphrase without quotes goes on to the end of its line. */
function withItsWords(value: Value, { after, line }: Around): Value {
  if (value.quoted || !line) return value;
  const rest = /^(?: [a-z]{2,12}){2,12}(?=[ \t]*(?:\r?\n|$))/.exec(after)?.[0] ?? "";
  return isPassphrase(value.text + rest, true) ? { ...value, end: value.end + rest.length } : value;
}

/** From a name in a row of a table to the next cell. */
const CELL = /[`*]{0,2}[ \t]{1,60}[|│┃][ \t]{1,60}[`"]?([^\s|│┃`"]{8,256})[`"]?[ \t]{1,200}[|│┃]/y;
const BEFORE_CELL = /[|│┃][ \t]{1,20}[`*]{0,2}$/;
/** The same of a record that psql prints down the page: `password | X`. */
const RECORD_CELL = /[ \t]{1,60}[|│┃] (\S{8,256})[ \t]{0,40}(?:\r?\n|$)/y;

/** `| api_token | X |`, and `password | X`. */
function rowValue(text: string, to: number, { said, from }: Named): Value | undefined {
  if (said.strength < 2 || said.harmless) return undefined;
  const before = text.slice(Math.max(0, from - 24), from);
  const cell = BEFORE_CELL.test(before) ? CELL : /(?:^|\n)$/.test(before) ? RECORD_CELL : undefined;
  if (!cell) return undefined;
  cell.lastIndex = to;
  const value = cell.exec(text)?.[1];
  if (value === undefined || !isRandom(value) || isMember(value) || isStandIn(value)) return undefined;
  const start = text.indexOf(value, to);
  return { start, end: start + value.length, text: value, quoted: false };
}

/** What joins a name to its value. */
function jointAt(text: string, to: number): Joint | undefined {
  const plain = plainJoint(text, to);
  if (plain !== null) return plain;
  JOINED.lastIndex = to;
  const match = JOINED.exec(text);
  if (!match) return undefined;
  const { 0: joined, 1: close, 2: sep, 3: said, 4: call, 5: next, 6: gap } = match;
  return {
    length: joined.length,
    key: close !== undefined,
    sep: sep ?? (said === undefined ? (call ?? next ?? " ") : meaningOf(said)),
    tight: sep?.includes("=") === true && sep !== "=>" && joined.trim() === joined,
    inLine: sep !== undefined || said !== undefined || gap !== undefined,
    gap: gap !== undefined,
  };
}

const meaningOf = (said: string): string => (said.includes(":") ? ":" : said.trim() === "to" ? "to" : "is");

/** The value that begins at a place, without what surrounds it. `whole`: it goes to the end of a word, not of a token. */
function valueAt(text: string, at: number, whole: boolean): Value | undefined {
  OPENED.lastIndex = at;
  const open = (mayBeOpened(text, at) && OPENED.exec(text)?.[1]) || "";
  const start = OPENED.lastIndex;
  if (open !== "") {
    const end = closingQuote(text, start, open, MAX_VALUE);
    if (end === undefined) return undefined;
    return { start, end, text: text.slice(start, Math.min(end, start + MAX_JUDGED.quoted)), quoted: true };
  }
  let end = endOfBare(text, start, whole ? ENDS_WORD : ENDS_TOKEN);
  if (whole) while (text[end] === "\\" && /[=:#!]/.test(text[end + 1] ?? "")) end = endOfBare(text, end + 2, ENDS_WORD);
  if (whole) while (end > start && /[,;]/.test(text[end - 1] as string)) end--;
  return { start, end, text: text.slice(start, Math.min(end, start + MAX_JUDGED.bare)), quoted: false };
}

/** Whether OPENED may match more than nothing: a word without a bracket or a quote behind it opens nothing. */
function mayBeOpened(text: string, at: number): boolean {
  let end = at;
  while (end - at <= MAX_OPENING && WORD[text.charCodeAt(end)] === 1) end++;
  return (
    end === at ||
    text.charCodeAt(at) === 60 ||
    /[("'@=]/.test(text[end] ?? "") ||
    text.startsWith(" =", end) ||
    text.startsWith("REG_", at)
  );
}

/** Whether a bare value has a character that no key has. */
function isOdd(text: string, { start, end }: Value): boolean {
  if (seen.text === text && seen.to === end) return seen.odd >= start;
  return !KEY_LIKE.test(text.slice(start, end));
}

function endings(ends: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => Number(ends.test(String.fromCharCode(code))));
}

/** The stretch without an end that was seen last, with its last odd character: names that stand in it share it. */
let seen = { text: "", ends: ENDS_WORD, from: 0, to: 0, odd: -1 };

function endOfBare(text: string, start: number, ends: Uint8Array): number {
  if (seen.text !== text || seen.ends !== ends || start < seen.from || start > seen.to)
    seen = { text, ends, from: start, to: start, odd: -1 };
  seen.text = text; // the same string the next time: two that are alike are compared character by character
  const limit = Math.min(text.length, start + MAX_BARE);
  let { to } = seen;
  while (to < limit) {
    const code = text.charCodeAt(to);
    if (code < 128 ? ends[code] === 1 : /\s/.test(text[to] as string)) break;
    if (code > 127 || ODD[code] === 1) seen.odd = to;
    to++;
  }
  seen.to = to;
  return Math.min(to, limit);
}

function isSecret(value: Value, around: Around): boolean {
  const { text } = value;
  const { name, said } = around;
  if (said.strength >= 2 && value.quoted && !said.harmless && (isKeyOfSigns(text) || isGenerated(text))) return true;
  const random = (isRandom(text) && !isMember(text)) || (said.strength >= 2 && isGibberish(text));
  if (!random && isBehindGap(value, around)) return false;
  if (value.quoted && /[$#]\{\w/.test(text)) return false; // put together elsewhere
  if (isStandIn(text) || isOfShell(name, text) || endsWithName(text, name)) return false;
  return isSecretByName(value, around, random) ?? isSecretByJoint(value, around, random);
}

/** Whether only space is before a word, which is no secret then unless it looks drawn by lot: the most frequent of all, seen first. */
function isBehindGap({ quoted }: Value, { name, said, sep, line, after }: Around): boolean {
  if (sep !== " " || quoted || said.id || said.oneTime || /^requirepass$/i.test(name)) return false;
  return !(said.bare && line && LINE_END.test(after));
}

/** What the name alone decides; undefined where it leaves that to the rest. */
function isSecretByName(value: Value, { name, said, sep, key, tight, after }: Around, random: boolean) {
  const { text, quoted } = value;
  const { strength } = said;
  if (said.id) return UUID.test(text);
  if (strength === 0 || said.harmless) return random && said.shouted && text.length >= 12 && sep === "=";
  if (said.connection) return random && !/;\s?(?:password|pwd)\s?=/i.test(text);
  if (strength === 3 && key && sep === ":" && !quoted && /^\d{4,16}$/.test(text))
    return isSecretNumber(name, Number(text));
  if (strength < 3 && said.key && !(random && isKey(text))) return false;
  if (said.oneTime && /^\d{3,8}$/.test(text)) return quoted || tight || LINE_END.test(after);
  return undefined;
}

function isSecretByJoint(value: Value, around: Around, random: boolean): boolean {
  const { text } = value;
  const { said, sep } = around;
  if (INSTEAD.has(sep)) return value.quoted && (random || (said.strength >= 2 && isTold(text)));
  if (sep === " ") return isAfterGap(value, around, random);
  if (sep === "(" || sep === "," || sep === "{") return value.quoted && isInCall(text, around, random);
  if (random && isLongEnough(value, around))
    return !/^[([{]/.test(around.after) && (said.strength >= 2 || isRandom(text, 2));
  return value.quoted ? isQuotedSecret(text, around) : isBareSecret(text, around);
}

/** What a name that only says key holds: long, with digits, and no template. */
const isKey = (text: string): boolean => text.length >= 16 && hasDigit(text) && !/[{}\\%]/.test(text);
/** Ids of AppRole, Consul and Nomad, which are secrets; elsewhere it is a name. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** What stands before a value that is no definition of the name: `A || "x"`, `the API key to "x"`. */
const INSTEAD = new Set(["||", "??", "to"]);
/** Characters of all sorts, as Django and WordPress draw their keys. */
const isKeyOfSigns = (text: string): boolean =>
  text.length >= 40 &&
  isMixed(text) &&
  !/\s|[a-z]{8}|[A-Z]{8}|\[redacted:/.test(text) &&
  new Set(text.match(/[^\w./:-]/g)).size >= 4;
const endsWithName = (text: string, name: string): boolean =>
  text.endsWith(name, /[,;]/.test(text.at(-1) ?? "") ? text.length - 1 : text.length);
/** The directories that a shell keeps in variables. */
const isOfShell = (name: string, text: string): boolean => /^(?:OLD)?PWD$/.test(name) && /^(?:[/~]|[A-Z]:)/.test(text);

/** Of a value that looks drawn by lot; one that nothing holds together with its name has to be longer. */
function isLongEnough({ text, quoted }: Value, { line, tight }: Around): boolean {
  return text.length >= 12 || (text.length >= 8 && (quoted || line || tight));
}

function isQuotedSecret(text: string, around: Around): boolean {
  // What a test or a check says that it passes, in any language.
  if (/^pass$/i.test(around.name) && (!isTelling(text) || /\s|[^\x20-\x7e]/.test(text))) return false;
  return isPassphrase(text, around.said.phrase) || isQuoted(text, around);
}

function isBareSecret(text: string, around: Around): boolean {
  const { line, sep, tight, before, after, name } = around;
  if (name === "PASS" && /^ \(\d/.test(after)) return false; // of a test in Go
  if (line && isPassphrase(text + after.split(/[\n"]/, 1)[0], true)) return true;
  if (/^[([{]/.test(after) || isMember(text.split(",", 1)[0] as string)) return false;
  const own = line && before !== "." && (sep === "=" ? tight : sep === ":" && !tight);
  return (own && isLineSecret(text, around)) || (tight ? isTight(text, around) : isLoose(text, around));
}

/** `setx TOKEN x`, `password x`, tables: only space between name and value. */
function isAfterGap({ text, quoted }: Value, { said, line, key, name, after }: Around, random: boolean): boolean {
  if (quoted && /^psk$/i.test(name)) return text.length >= 8;
  if (/^requirepass$/i.test(name)) return text.length >= 4;
  if (quoted && key) return said.strength >= 2 && random;
  if (quoted && /^[-./]/.test(text)) return false;
  if (quoted) return random ? said.strength >= 2 : (said.strength >= 3 || said.shouted) && isTold(text);
  if (isNumber(text) || /^[*]|[*]$/.test(text) || /^[([{]/.test(after)) return false;
  if (/^(?:auth)$/i.test(name)) return random;
  if (said.strength >= 1 && random && text.length >= 10) return true;
  if (!line || !said.bare || !LINE_END.test(after) || text.length < 8) return false;
  return /^[a-z]{6,}\d*$/.test(text) || (isMixed(text) && hasSymbol(text) && /\d\W?$/.test(text));
}

/** `setPassword("x")`, `define('DB_PASSWORD', 'x')`. */
function isInCall(text: string, { said: { strength, shouted }, key }: Around, random: boolean): boolean {
  if (random) return strength >= 1;
  if (strength >= 2 && key && shouted) return isTold(text);
  return strength >= 3 && text.length >= 8 && isMixed(text) && hasSymbol(text) && !/\s/.test(text);
}

function isQuoted(text: string, around: Around): boolean {
  if (/^Pass(?:word|wort)|^\p{Lu}[\p{Ll} ]+[?.!:]?$/u.test(text) && !hasDigit(text)) return false;
  return around.key || around.sep === ":" ? isInJson(text, around) : isString(text, around);
}

/** `"name": "value"` and `name: "value"`. */
function isInJson(text: string, { said, key, name }: Around): boolean {
  if (/\s/.test(text)) return false;
  if (said.strength < 2 && !said.shouted)
    return text.length >= 8 && hasDigit(text) && !isLabel(text) && !isIdentifier(text);
  if (isLabel(text) || /^\P{ASCII}/u.test(text)) return false;
  if (!key) return isTelling(text) ? text.length >= 5 : /^[a-z]{6,}$/.test(text) && !speaksOfSecrets(text);
  return text.toLowerCase() !== name.toLowerCase() && !(speaksOfSecrets(text) && !hasDigit(text));
}

/** `name = "value"`. */
function isString(text: string, { said, tight }: Around): boolean {
  const sure = said.strength >= 2 || said.shouted;
  if (said.strength < 3 && speaksOfSecrets(text) && !isRandom(text)) return false;
  if (/\s/.test(text)) return sure && tight && hasDigit(text) && text.length <= 64;
  if (!sure) return text.length >= 12 && isMixed(text) && !/[/(){}]/.test(text) && isRandom(text, 3);
  if (text.length < 4 || (!hasDigit(text) && (speaksOfSecrets(text) || /[(){}<>?:[\]^\\]/.test(text)))) return false;
  const plain = hasDigit(text) || hasSymbol(text) || /^[a-z]+(?:-[a-z]+)*$/.test(text);
  return plain ? text.length >= 6 || isMixed(text) : text.length >= 12;
}

/** What people choose: letters with digits or signs, or words. */
const isTold = (text: string): boolean =>
  /\s/.test(text)
    ? isPassphrase(text, false)
    : text.length >= 6 && isTelling(text) && /[a-z\d]/.test(text) && !/[/\\]/.test(text);

/** A line of its own, as in an .env file, properties or YAML. */
function isLineSecret(text: string, { said, sep, name, after }: Around): boolean {
  const shouted = said.shouted;
  const whole = LINE_END.test(after) || /^[,;]/.test(after);
  if (isNumber(text) && sep === ":") return said.strength === 3 && !/s$/i.test(name) && /^\d{5,}$/.test(text) && whole;
  if (isNumber(text)) return sep === "=" && (said.strength >= 2 || shouted) && text.length >= 4 && whole;
  if (said.strength < 2 && !shouted) return false;
  if (sep === "=")
    return shouted ? text.length >= 3 : isTelling(text) || (whole && text.length >= 3 && !speaksOfSecrets(text));
  if (!whole) return false;
  return isTelling(text)
    ? text.length >= 5 && !isIdentifier(text)
    : /^[a-z][a-z0-9_-]{5,}$/.test(text) && !speaksOfSecrets(text) && !/^[A-Z]/.test(name);
}

/** `name=value`: a query, a form, a connection string, an option, or an assignment of minified source. */
function isTight(text: string, { said, before, after, name, line }: Around): boolean {
  const sure = said.strength >= 2;
  if (isNumber(text)) return sure && text.length >= 4 && !/^[,)]/.test(after) && !line;
  const telling = isTelling(text) && !isIdentifier(text);
  if (name.includes(".") && !line) return sure && telling && /^(?:[\s"'`\\;&]|$)/.test(after);
  if (!sure) return isMixed(text) && text.length >= 8 && !isIdentifier(text);
  if (telling && text.length >= 4) return true;
  return text.length >= 3 && /^(?:[\s&;"'`\\/]|$)/.test(after) && !"(,".includes(before || " ") && !name.includes(".");
}

/** `name: value` and `name = value`: YAML, INI, headers, sentences, or source. */
function isLoose(text: string, { said, before, after, sep }: Around): boolean {
  const whole = LINE_END.test(after);
  if (isNumber(text) || before === "." || before === "$") return false;
  if (said.strength < 2)
    return isMixed(text) && text.length >= 12 && !isIdentifier(text) && isRandom(text) && (whole || sep === ":");
  if (
    isIdentifier(text) &&
    !(whole && sep !== "is" && /^[a-z]{6,}\d*$/.test(text) && sep !== "=>" && !speaksOfSecrets(text))
  )
    return false;
  if (isTelling(text)) return text.length >= 5 && (whole || /^[\s&;,"'`\\]/.test(after));
  return (
    sep !== "is" &&
    whole &&
    text.length >= 6 &&
    /^[a-z][a-z0-9_-]*$/.test(text) &&
    /^\s*$/.test(before) &&
    !speaksOfSecrets(text)
  );
}
