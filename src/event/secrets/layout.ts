// Credentials that are known by where they stand: columns of a table, fields of a line, arguments of a call, files.

import { context, type Kind, located, type Span } from "./kind.ts";
import { strengthOf } from "./name.ts";
import { isDrawn, isGenerated, isGibberish, isMember, isPassphrase, isRandom, isStandIn, isTelling } from "./value.ts";

const NOTHING = { spans: [] as Span[] };
/** A table is followed for so many lines of so many characters. */
const MAX_ROWS = 200;
const MAX_LINE = 400;

function lineOf(text: string, at: number): Span | undefined {
  let start = at;
  while (start > 0 && text.charCodeAt(start - 1) !== 10) if (at - --start > MAX_LINE) return undefined;
  const rest = text.slice(at, start + MAX_LINE + 1);
  const end = rest.indexOf("\n");
  if (end < 0) return rest.length > start + MAX_LINE - at ? undefined : { start, end: text.length };
  return { start, end: at + end };
}

/** The cells of a line. */
function cells(text: string, { start, end }: Span, delimiter: string): Span[] {
  const found: Span[] = [];
  for (let from = start; from <= end; ) {
    let to = from;
    while (to < end && text[to] === " ") to++;
    const closes = text[to] === '"' ? text.indexOf('"', to + 1) : -1;
    if (closes > 0 && closes < end) to = closes;
    while (to < end && text[to] !== delimiter) to++;
    let [first, last] = [from, to];
    while (first < last && isAround(text, first)) first++;
    while (last > first && isAround(text, last - 1)) last--;
    found.push({ start: first, end: last });
    from = to + 1;
  }
  return found;
}

/** Whether a character belongs to what surrounds the content of a cell: a space, a quote. */
function isAround(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 ? code === 34 || code === 32 || (code > 8 && code < 14) : /\s/.test(text[at] as string);
}

/** A head whose names are in capitals and stand apart, as kubectl and docker print it. */
const APART = /^[A-Z][A-Z_-]{0,30}(?: [A-Z_-]{1,30}){0,4}(?: {2,40}[A-Z][A-Z_-]{0,30}(?: [A-Z_-]{1,30}){0,4}){1,30}$/;

/** The column of such a table below a name. */
function alignedColumn(text: string, at: number) {
  const head = lineOf(text, at);
  const line = head && text.slice(head.start, head.end).trimEnd();
  if (!head || !line || !APART.test(line)) return undefined;
  const before = line.slice(0, at - head.start).search(/(?:^|(?<= {2}))\S+(?: \S+)*$/);
  const from = before < 0 ? at - head.start : before;
  if (strengthOf(line.slice(from).split(/ {2}/, 1)[0] ?? "") < 2) return undefined;
  const spans: Span[] = [];
  let until = head.end;
  for (let row = 0, next = head.end + 1; row < MAX_ROWS && next < text.length; row++) {
    const place = lineOf(text, next);
    if (!place || place.end === place.start) break;
    const start = place.start + from;
    const value = start < place.end && text[start - 1] === " " ? /^\S*/.exec(text.slice(start, place.end))?.[0] : "";
    if (value && isSecretCell(value, ",")) spans.push({ start, end: start + value.length });
    until = place.end;
    next = place.end + 1;
  }
  return { spans, until };
}

/** What follows the word in the head of a table, and the rest of its line: names and what parts them. */
const HEAD = /[\w .()/-]{1,40}["']?[ \t]{0,40}(?:[|,;\t][\w .()/"|,;\t-]{0,400})?\r?\n/y;

/** What the head of a table consists of. By character, of the first 128. */
const IN_HEAD = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[\w .()/"'|,;\t\r-]/.test(String.fromCharCode(code))),
);

/** The first character from a place on that stands in no head, or the end of the text. The last search: places of one line share it. */
let endOfHead = { text: "", from: 0, end: 0 };

function endOfHeadAt(text: string, at: number): number {
  if (endOfHead.text === text && endOfHead.from <= at && at <= endOfHead.end) return endOfHead.end;
  let end = at;
  while (IN_HEAD[text.charCodeAt(end)] === 1) end++;
  endOfHead = { text, from: at, end };
  return end;
}

/** The column of a table (Markdown, CSV, TSV, psql) whose head names a secret. */
function column(text: string, at: number) {
  const end = endOfHeadAt(text, at);
  if (text.charCodeAt(end) !== 10 || !lineOf(text, at)) return { ...NOTHING, until: Math.max(end, at + 1) };
  const aligned = /[A-Z]/.test(text[at] ?? "") ? alignedColumn(text, at) : undefined;
  if (aligned) return aligned;
  HEAD.lastIndex = at;
  if (!HEAD.test(text)) return { ...NOTHING, until: at + 1 };
  const head = lineOf(text, at);
  if (!head) return { ...NOTHING, until: at + 1 };
  const delimiter = ["|", "\t", ";", ","].find((one) => text.slice(head.start, head.end).includes(one));
  if (!delimiter) return { ...NOTHING, until: at + 1 };
  const heads = cells(text, head, delimiter);
  const names = heads.map(({ start, end }) => text.slice(start, end));
  if (
    names.filter((name) => name !== "").length < 2 ||
    !names.every(
      (name, index) => (index === 0 && delimiter === "|") || name === "" || /^[A-Za-z][\w .()/-]{0,40}$/.test(name),
    )
  )
    return { ...NOTHING, until: head.end };
  const secret = names.flatMap((name, index) => (strengthOf(name) >= 2 ? [index] : []));
  if (secret.length === 0) return { ...NOTHING, until: head.end };
  const spans: Span[] = [];
  let until = head.end;
  for (let row = 0, from = head.end + 1; row < MAX_ROWS && from < text.length; row++) {
    const line = lineOf(text, from);
    if (!line) break;
    const row = cells(text, line, delimiter);
    if (row.length !== heads.length && !(line.end > line.start && /^[\s|+=-]+$/.test(text.slice(line.start, line.end))))
      break;
    for (const index of secret) {
      const cell = row[index];
      if (cell && isSecretCell(text.slice(cell.start, cell.end), delimiter)) spans.push(cell);
    }
    until = line.end;
    from = line.end + 1;
  }
  return { spans, until };
}

function isSecretCell(value: string, delimiter: string): boolean {
  if (value.length < 4 || /\s/.test(value) || /^[-+:|]+$/.test(value) || isStandIn(value) || isMember(value))
    return false;
  if (isRandom(value) || isGenerated(value) || isGibberish(value)) return true;
  return !",;".includes(delimiter) && /[\d\W]/.test(value);
}

/** `host:port:database:user:password`, a line of .pgpass. */
function pgpass(text: string, at: number) {
  const match = /:(?:\d{2,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:([^\s:"'\\]{3,256})(?=[\s"'\\]|$)/y;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[1];
  if (
    !found ||
    value === undefined ||
    isStandIn(value) ||
    /['"*^()<>,;=]/.test(value) ||
    !(isRandom(value) || isGibberish(value) || /[^\w.-]/.test(value) || /^[a-z]{6,}\d*$/.test(value)) ||
    !/[\w*.-]/.test(text[at - 1] ?? "")
  )
    return { ...NOTHING, until: at + 1 };
  const end = at + found[0].length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

/** The secret of 40 characters that stands on the line of an AWS access key id. */
function besideKeyId(text: string, at: number) {
  const until = at + 16;
  const rest = text.slice(at, at + 400);
  if (!/^(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/.test(rest)) return { ...NOTHING, until: at + 1 };
  const line = rest.split(/\n(?=.*\n)/, 2).join("\n");
  const match = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/.exec(line);
  if (!match || /^[0-9a-f]+$/.test(match[0])) return { ...NOTHING, until };
  return { spans: [{ start: at + match.index, end: at + match.index + 40 }], until };
}

/** The last of several quoted arguments of a call that takes credentials. */
function inCall(text: string, at: number) {
  const match =
    /credentials?\(\s{0,4}(?:(["'])[^"'\n]{0,100}\1\s{0,4},\s{0,4}){1,4}["']([^"'\n]{3,200})["']\s{0,4}\)/iy;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[2];
  if (!found || value === undefined || isStandIn(value)) return { ...NOTHING, until: at + 1 };
  const end = at + found[0].lastIndexOf(value) + value.length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

/** Calls that are given an address, a user and a password. */
const CONNECTS =
  /(?:dbi->connect|new pdo|mysqli(?:_connect)?|getconnection|\.login|auth=|passwordauthentication|basic_?auth|db\.auth|credentials\.basic|net\.cookie|create_?(?:super)?user|new sequelize|mysql_real_connect|signin\w{0,30}|authenticate)\(([^\n]{4,300})/iy;
const ARGUMENT = /(?:^|,)\s*(?:some\()?["']([^"'\n]{3,200})["']/gi;
const ADDRESS = /^[\w.+-]+@[\w-]+\.[\w.]+$/;
/** The password is one of these, behind a user. */
const MAX_PASSWORD_AT = 3;

/** The argument that looks drawn by lot, or else the last of the first three that is no word. */
function connected(text: string, at: number) {
  const nothing = { ...NOTHING, until: at + 1 };
  CONNECTS.lastIndex = at;
  const found = CONNECTS.exec(text);
  if (!found) return nothing;
  const given = found[1] ?? "";
  const begin = at + found[0].length - given.length;
  const values = Array.from(given.split(/\)[;:\s]|\)$/, 1)[0]?.matchAll(ARGUMENT) ?? [])
    .slice(0, MAX_PASSWORD_AT + 1)
    .map(({ 0: all, 1: value = "", index }) => ({ value, start: begin + index + all.lastIndexOf(value) }))
    .filter(({ value, start }) => start > begin + 1 && !isStandIn(value) && !ADDRESS.test(value) && isChosen(value));
  const one = values.find(({ value }) => isDrawn(value) || isGenerated(value)) ?? values.at(-1);
  if (!one) return nothing;
  return { spans: [{ start: one.start, end: one.start + one.value.length }], until: begin + given.length };
}

/** No word of a language alone. */
const isChosen = (value: string): boolean =>
  /\s/.test(value) ? isPassphrase(value, false) : isTelling(value) || isGibberish(value);

/** The accounts that `chpasswd` is told: lines of a name and a password. */
function accounts(text: string, at: number) {
  const line = /\n[ \t]*(?:- |list: ?\||expire: \w+|["'])?[ \t]*(?:([\w.-]{1,64}):([^\s:"']{4,200}))?["']?(?=\r?\n|$)/y;
  line.lastIndex = Math.max(text.indexOf("\n", at), at);
  const spans: Span[] = [];
  for (let count = 0; count < MAX_ACCOUNTS; count++) {
    const found = line.exec(text);
    if (!found) break;
    const value = found[2];
    if (value === undefined || isStandIn(value)) continue;
    const end = found.index + found[0].trimEnd().replace(/["']$/, "").length;
    spans.push({ start: end - value.length, end });
  }
  return { spans, until: spans.at(-1)?.end ?? at + 1 };
}
const MAX_ACCOUNTS = 40;

/** What `COPY ... FROM stdin` gives the columns whose names say secret. */
function copied(text: string, at: number) {
  const head = lineOf(text, at);
  const found =
    head && /copy [\w."]{1,100} ?\(([^()\n]{1,500})\) from stdin;\s?$/i.exec(text.slice(head.start, head.end));
  if (!found) return { ...NOTHING, until: at + 1 };
  const names = (found[1] ?? "").split(",").map((name) => name.replace(/[\s"]/g, ""));
  const secret = names.flatMap((name, index) => (strengthOf(name) >= 2 ? [index] : []));
  const spans: Span[] = [];
  let until = head.end + 1;
  for (let row = 0; row < MAX_ROWS && !text.startsWith("\\.", until); row++) {
    const line = lineOf(text, until);
    if (!line || line.end === line.start) break;
    const row = cells(text, line, "\t");
    for (const index of secret) {
      const cell = row[index + row.length - names.length]; // ids that seem numbers of lines are looked through
      if (cell && isSecretCell(text.slice(cell.start, cell.end), "\t")) spans.push(cell);
    }
    until = line.end + 1;
  }
  return { spans, until };
}

/** What a file that is a key shows: `cat config/master.key`, and then a line. */
function keyFile(text: string, at: number) {
  const match =
    /(?:master\.key|\.vault_pass|secret\.key|jwt\.key|credentials\/\w{1,30}\.key|encryption\.key|\/secrets\/[\w.-]{1,60}|_token|\.token|[\w-]password(?:\.txt)?)["']?[ \t]{0,4}\r?\n([^\s"']{8,500})(?=\s|$)/iy;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[1];
  if (!found || value === undefined || !isRandom(value)) return { ...NOTHING, until: at + 1 };
  const end = at + found[0].length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

/** The values of an INSERT in the columns whose names say secret, and what an UPDATE sets is an assignment. */
function inserted(text: string, at: number) {
  const match =
    /insert\s{1,4}into\s{1,4}[\w."`]{1,100}\s{0,4}\(([^()\n]{1,500})\)\s{0,4}values\s{0,4}\(([^\n]{1,2000}?)\)/iy;
  match.lastIndex = at;
  const found = match.exec(text);
  const [, columns = "", values = ""] = found ?? [];
  if (!found) return { ...NOTHING, until: at + 6 };
  const names = columns.split(",").map((name) => name.replace(/[\s"`[\]]/g, ""));
  const base = at + found[0].length - 1 - values.length;
  const spans = Array.from(values.matchAll(/\s*(?:'((?:[^'\\]|''|\\.)*)'|([^,]+))\s*(?:,|$)/g)).flatMap(
    (value, index) => {
      const [all, quoted] = value;
      if (!quoted || strengthOf(names[index] ?? "") < 2 || isStandIn(quoted)) return [];
      const start = base + value.index + all.indexOf("'") + 1;
      return [{ start, end: start + quoted.length }];
    },
  );
  return { spans, until: at + found[0].length };
}

/** A number of a payment card that is valid by its check digit. */
function card(text: string, at: number) {
  const match = /(?:card|visa|mastercard|amex|pan|kreditkarte)\D{0,20}?((?:\d[ -]?){12,18}\d)(?!\d)/iy;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[1];
  if (!found || value === undefined || !passesLuhn(value.replace(/\D/g, ""))) return { ...NOTHING, until: at + 3 };
  const end = at + found[0].length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0 && !/^0+$/.test(digits);
}

/** A cookie in a file of curl's or wget's: the last of seven fields. */
function cookieJar(text: string, at: number) {
  const match = /\t(?:TRUE|FALSE)\t\d{1,16}\t[^\t\n]{1,200}\t([^\s]{4,4096})/y;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[1];
  if (!found || value === undefined) return { ...NOTHING, until: at + 1 };
  const end = at + found[0].length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

/** An object is looked at so far before and behind a member of it. Characters. */
const MAX_OBJECT = { before: 2000, behind: 4000 };
/** https://www.rfc-editor.org/rfc/rfc7518#section-6 */
const PRIVATE_MEMBER = /"(?:d|p|q|dp|dq|qi|k)"\s{0,4}:\s{0,4}"([\w-]{8,2000})"/g;

/** The private members of a JSON Web Key in a text of JSON. */
function webKey(text: string, at: number) {
  const before = text.slice(Math.max(0, at - MAX_OBJECT.before), at);
  const behind = text.slice(at, at + MAX_OBJECT.behind);
  const [open, close] = [before.lastIndexOf("{"), behind.indexOf("}")];
  if (open < 0 || close < 0 || before.lastIndexOf("}") > open) return { ...NOTHING, until: at + 1 };
  const start = at - before.length + open;
  const spans = Array.from(
    text.slice(start, at + close).matchAll(PRIVATE_MEMBER),
    ({ 0: all, 1: value = "", index }) => {
      const end = start + index + all.length - 1;
      return { start: end - value.length, end };
    },
  );
  return { spans, until: at + close };
}

const COOKIE_LIST = /cookies"\s{0,4}:\s{0,4}\[\s{0,100}/y;
const COOKIE_OBJECT = /\{[^{}]{0,2000}\}\s{0,100},?\s{0,100}/y;
const COOKIE_VALUE = /"value"\s{0,4}:\s{0,4}"([^"\\]{4,1500})"/;
const MAX_COOKIES = 100;

/** The values of cookies in a text of JSON, as of a HAR file. */
function cookieList(text: string, at: number) {
  COOKIE_LIST.lastIndex = at;
  if (!COOKIE_LIST.test(text)) return { ...NOTHING, until: at + 1 };
  const spans: Span[] = [];
  let from = COOKIE_LIST.lastIndex;
  for (let count = 0; count < MAX_COOKIES; count++) {
    COOKIE_OBJECT.lastIndex = from;
    const one = COOKIE_OBJECT.exec(text)?.[0];
    if (one === undefined) break;
    const found = COOKIE_VALUE.exec(one);
    const value = found?.[1];
    if (found && value !== undefined && !isStandIn(value) && isTelling(value)) {
      const end = from + found.index + found[0].length - 1;
      spans.push({ start: end - value.length, end });
    }
    from += one.length;
  }
  return { spans, until: from };
}

/** What a call signs or encrypts with. */
const SIGNS =
  /(?:(?:symmetricsecuritykey|secretkeyspec|hmacshakeyfor|fernet|serializer|cookieparser|new stripe|\.login)\((?:[\w.]{1,40}\(){0,2}|(?:createhmac|jwt\.(?:sign|encode|verify|decode))\([^\n]{1,120}?,\s{0,4})b?["'](?=[A-Za-z_+/=-]{0,60}\d)([^"'\s]{16,200})["']/iy;

function signed(text: string, at: number) {
  SIGNS.lastIndex = at;
  const found = SIGNS.exec(text);
  const value = found?.[1];
  if (!found || value === undefined || isStandIn(value) || !isRandom(value)) return { ...NOTHING, until: at + 1 };
  const end = at + found[0].length - 1;
  return { spans: [{ start: end - value.length, end }], until: end };
}

/** `user:X@tcp(db:3306)`, as Go's driver of MySQL is told. */
function beforeAddress(text: string, at: number) {
  const start = startOfPassword(text, at);
  const value = start === undefined ? "" : text.slice(start, at);
  if (start === undefined || isStandIn(value)) return { ...NOTHING, until: at + 1 };
  return { spans: [{ start, end: at }], until: at + 1 };
}

const MAX_PASSWORD = 128;
const ENDS_PASSWORD = /[\s"'`@/]/;

/** Behind the first colon before a place, with a name before it, that only characters of a password stand behind. */
function startOfPassword(text: string, at: number): number | undefined {
  let start: number | undefined;
  for (let from = at; from > 0 && at - from <= MAX_PASSWORD; from--) {
    const before = text[from - 1] as string;
    if (before === ":" && at - from >= 3 && /[\w.-]/.test(text[from - 2] ?? "")) start = from;
    if (ENDS_PASSWORD.test(before)) break;
  }
  return start;
}

/** A code of one use: six digits behind words that say so. */
function code(text: string, at: number) {
  const match =
    /(?:(?:(?:verification|security|one-time|login|confirmation|access|2fa|mfa|auth(?:entication)?)[ -](?:pass)?code|one-time password)\s{0,3}(?:is|:|=)\s{0,3}["']?([A-Z0-9]{3,4}[- ]?\d{3,4})|(?:alarm|door|unlock|entry)[ _-]?code\s{0,3}(?:is|:|=)\s{0,3}["']?(\d{4,8})|(?<![A-Za-z])pin\s{0,3}(?:is|:|=)\s{0,3}["']?(\d{4,8}))(?![\w-])/iy;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[1] ?? found?.[2] ?? found?.[3];
  if (!found || value === undefined) return { ...NOTHING, until: at + 1 };
  const end = at + found[0].length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

export const LAYOUT: readonly Kind[] = [
  located(
    "table_column",
    "column of a table whose head names a secret",
    "https://www.rfc-editor.org/rfc/rfc4180",
    [
      ...["password", "secret", "token", "api key", "api_key", "apikey", "passwd", "access key", "passphrase"],
      ...["passwort", "kennwort", "contrase", "mot de passe", "wachtwoord", "senha", "パスワード"],
    ],
    column,
  ),
  located(
    "pgpass",
    "password of a .pgpass line",
    "https://www.postgresql.org/docs/current/libpq-pgpass.html",
    [":54", ":*:", ":64", ":55"],
    pgpass,
  ),
  located(
    "aws_secret_key",
    "AWS secret access key beside its id",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
    ["akia", "asia"],
    besideKeyId,
  ),
  context(
    "twilio_auth_token",
    "Twilio auth token beside its account",
    "https://www.twilio.com/docs/iam/api/authtoken",
    Array.from("0123456789abcdef", (digit) => `AC${digit}`),
    /(AC[a-f0-9]{32}["']?[\s:,]{1,4}["']?)[a-f0-9]{32}(?![a-f0-9])/y,
  ),
  located(
    "account_line",
    "password of an account in what chpasswd is told",
    "https://man7.org/linux/man-pages/man8/chpasswd.8.html",
    ["chpasswd"],
    accounts,
  ),
  located(
    "copied_value",
    "value of a column such as password in a dump",
    "https://www.postgresql.org/docs/current/sql-copy.html",
    ["stdin;"],
    copied,
  ),
  context(
    "plain_password",
    "password that is marked as plain text, or stands between tags that say so",
    "https://doc.dovecot.org/latest/core/config/auth/schemes.html",
    ["{plain}", "{cleartext}", "{clear}", "<auth-user-pass>"],
    /(\{(?:plain|clear(?:text)?)\}|<auth-user-pass>\s{1,4}\S{1,100}\s{1,4})(?!\[redacted:)[^\s:"'<>]{3,200}/iy,
  ),
  located(
    "call_argument",
    "last argument of a call that takes credentials",
    "https://www.scala-sbt.org/1.x/docs/Publishing.html#Credentials",
    ["credential"],
    inCall,
  ),
  located(
    "connect_argument",
    "password in a call that connects or logs in",
    "https://metacpan.org/pod/DBI#connect",
    [
      "dbi->connect(",
      "new pdo(",
      "mysqli(",
      "mysqli_connect(",
      "getconnection(",
      ".login(",
      "auth=(",
      "passwordauthentication(",
      "basicauth(",
      "basic_auth(",
      "credentials.basic(",
      "db.auth(",
      "create_user(",
      "createuser(",
      "create_superuser(",
      "new sequelize(",
      "mysql_real_connect(",
      "signin(",
      "authenticate(",
      "net.cookie(",
    ],
    connected,
  ),
  located(
    "key_file",
    "content of a file that is a key",
    "https://guides.rubyonrails.org/security.html#custom-credentials",
    [
      "master.key",
      ".vault_pass",
      "secret.key",
      "jwt.key",
      "credentials/",
      "encryption.key",
      "/secrets/",
      "_token",
      ".token",
      "password\n",
      "password.txt",
    ],
    keyFile,
  ),
  located(
    "sql_value",
    "value that an INSERT gives a column such as password",
    "https://www.postgresql.org/docs/current/sql-insert.html",
    ["insert into"],
    inserted,
  ),
  located(
    "card_number",
    "number of a payment card",
    "https://www.iso.org/standard/70484.html",
    ["card", "visa", "amex"],
    card,
  ),
  located(
    "cookie_jar",
    "value of a line of a cookie file",
    "https://curl.se/docs/http-cookies.html",
    ["\ttrue\t", "\tfalse\t"],
    cookieJar,
  ),
  located("web_key", "private member of a JSON Web Key", "https://www.rfc-editor.org/rfc/rfc7517", ['kty"'], webKey),
  located(
    "cookie_list",
    "value of a cookie in a list of them, as in HAR",
    "https://w3c.github.io/web-performance/specs/HAR/Overview.html",
    ['cookies"'],
    cookieList,
  ),
  located(
    "signing_argument",
    "key in a call that signs or encrypts",
    "https://nodejs.org/api/crypto.html#cryptocreatehmacalgorithm-key-options",
    [
      "symmetricsecuritykey(",
      "secretkeyspec(",
      "hmacshakeyfor(",
      "fernet(",
      "createhmac(",
      "jwt.sign(",
      "jwt.encode(",
      "jwt.verify(",
      "jwt.decode(",
      "serializer(",
      "cookieparser(",
      "new stripe(",
      ".login(",
    ],
    signed,
  ),
  located(
    "dsn_password",
    "password before the address of a database",
    "https://github.com/go-sql-driver/mysql#dsn-data-source-name",
    ["@tcp(", "@unix("],
    beforeAddress,
  ),
  context(
    "oracle_password",
    "password in an address of Oracle's driver",
    "https://docs.oracle.com/en/database/oracle/oracle-database/23/jjdbc/data-sources-and-URLs.html",
    ["oracle:thin:", "oracle:oci:"],
    /(oracle:(?:thin|oci):[\w$#"-]{1,60}\/)[^\s"'@/]{3,128}(?=@)/iy,
  ),
  context(
    "device_password",
    "password in the configuration of a network device",
    "https://www.cisco.com/c/en/us/support/docs/security-vpn/remote-authentication-dial-user-service-radius/107614-64.html",
    [
      "password 0 ",
      "password 7 ",
      "secret 0 ",
      "secret 5 ",
      "secret 9 ",
      "key 0 ",
      "key 7 ",
      "snmp-server community ",
      "tacacs-server key ",
      "radius-server key ",
      "isakmp key ",
      "option key ",
    ],
    /((?:password|secret|key) [0579] |snmp-server community |(?:tacacs|radius)-server key |isakmp key |option key ["'])(?!public\b|private\b|\[redacted:)[^\s"'<>]{4,200}/iy,
  ),
  context(
    "unseal_key",
    "key that unseals Vault",
    "https://developer.hashicorp.com/vault/docs/concepts/seal",
    ["unseal key ", "recovery key "],
    /((?:unseal|recovery) key \d{1,2}: {1,4})[A-Za-z0-9+/]{40,200}={0,2}/iy,
  ),
  context(
    "masked_value",
    "value that a log is told to mask",
    "https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#masking-a-value-in-a-log",
    ["::add-mask::", "issecret=true]"],
    /(::add-mask::|issecret=true\])(?!\$|\*{3}|\[redacted:)[^\s"'`]{3,1000}/iy,
  ),
  context(
    "acl_password",
    "password of a user of Redis",
    "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/",
    [" on >"],
    /(?<=user \S{1,60})( on >)[^\s"'<>]{3,200}/iy,
  ),
  context(
    "new_password",
    "password that a tool has just made",
    "https://www.elastic.co/docs/reference/elasticsearch/command-line-tools/reset-password",
    ["new value: "],
    /(?<=password[\s\S]{0,160})(new value: )[^\s"'\\]{6,200}/iy,
  ),
  context(
    "relay_password",
    "password of a mail relay",
    "https://www.postfix.org/SASL_README.html",
    ["]:587 ", "]:465 ", "]:25 ", "]:587\t", "]:25\t"],
    /(\]:\d{2,3}\s{1,8}[^\s:"']{1,128}:)(?!\[redacted:)[^\s"']{3,200}/iy,
  ),
  located(
    "one_time_code",
    "code of one use",
    "https://www.rfc-editor.org/rfc/rfc6238",
    [
      "verification",
      "security code",
      "one-time",
      "login code",
      "confirmation",
      "access code",
      "alarm_code",
      "alarm code",
      "door code",
      "pin is",
      "pin: ",
      "2fa",
      "mfa",
      "authentication",
    ],
    code,
  ),
];
