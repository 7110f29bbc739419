// Credentials in command lines: curl, clients of databases, logins. A command goes to the next ; | & or line.

import { type Kind, type Locate, located, type Span } from "./kind.ts";
import { closingQuote, quoteBefore } from "./quote.ts";
import { isDrawn, isGenerated, isGibberish, isPassphrase, isStandIn, isTelling } from "./value.ts";

/** A command is looked at up to here. Characters. */
const MAX_COMMAND = 2000;
/** Programs that take a user and a password in one argument. */
const USER_PROGRAMS = ["curl", "wget", "httpie", "http ", "https ", "xh "];

const ENDS_WORD = new Set(Array.from(" \t\n\v\f\r\"'`;|&", (character) => character.charCodeAt(0)));

interface Word extends Span {
  /** Without the quotes around it. */
  readonly text: string;
  /** Quotes hold it to the word before. */
  readonly glued?: boolean;
}

/** The words of a command from a place on, without their quotes, and where it ends. */
function commandAt(text: string, from: number): { words: Word[]; end: number } {
  const words: Word[] = [];
  const open = quoteBefore(text, from);
  const close = open === "" ? undefined : closingQuote(text, from, open, MAX_COMMAND);
  const closes = close !== undefined && /^[,)\]}:;\n\\"'`]?$/.test(text[close + open.length] ?? "");
  const limit = Math.min(text.length, from + MAX_COMMAND, closes ? close : text.length);
  let at = from;
  while (at < limit) {
    const character = text[at] as string;
    if ("\n;|&)".includes(character) || (character === "\\" && /[nr]/.test(text[at + 1] ?? ""))) break;
    if (" \t\\".includes(character)) {
      at += text.startsWith("\\\n", at) ? 2 : 1;
      continue;
    }
    const word = wordAt(text, at, limit);
    const glued = /^[^\s"']["']$/.test(text.slice(Math.max(0, word.start - 2), word.start));
    words.push(glued ? { ...word, glued } : word);
    at = Math.max(word.end, at + 1);
    if (/["'`]/.test(text[at] ?? "")) at++;
  }
  return { words, end: Math.max(at, from + 1) };
}

function wordAt(text: string, at: number, limit: number): Word {
  const quote = text[at] as string;
  if (/["']/.test(quote)) {
    const [inside = "", closed] = text.slice(at + 1, limit).split(quote, 2);
    if (closed !== undefined && !inside.includes("\n"))
      return { start: at + 1, end: at + 1 + inside.length, text: inside };
  }
  const start = /["'`]/.test(quote) ? at + 1 : at;
  let end = start;
  for (; end < limit; end++) {
    const code = text.charCodeAt(end);
    if (ENDS_WORD.has(code) || (code > 127 && /\s/.test(text[end] as string))) break;
    if (code === 92 && /[nr"']/.test(text[end + 1] ?? "")) break;
  }
  return { start, end, text: text.slice(start, end) };
}

/** The part of a word behind so many characters, if it may be a secret. */
function part({ start, end, text }: Word, from: number, least = 3): Span[] {
  const value = text.slice(from);
  return value.length < least || /^-/.test(value) || isStandIn(value) ? [] : [{ start: start + from, end }];
}

/** `user:password`, also where the password is empty and the user is a token. */
function pair(word: Word, from = 0): Span[] {
  const colon = word.text.indexOf(":", from);
  if (colon < 0 || word.text.startsWith("//", colon + 1)) return [];
  if (/^\d+$/.test(word.text.slice(from, colon)) && /^\d+$/.test(word.text.slice(colon + 1))) return []; // ids
  if (colon === word.text.length - 1) {
    const token = word.text.slice(from, colon);
    return token.length >= 20 && /\d/.test(token) ? [{ start: word.start + from, end: word.start + colon }] : [];
  }
  return part(word, colon + 1, 2);
}

/** Finds `-u user:password`, `-su`, `-uuser:password`, `--user`, and cookies. */
function requestOptions(words: readonly Word[]): Span[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1];
    const { text } = word;
    if (/^--?(?:user|proxy-user)$|^-[a-zA-Z]*[uU]$/.test(text) || /^-a$|^--auth$/.test(text))
      return next ? pair(next) : [];
    const glued = /^(?:-[a-zA-Z]{0,8}?u|--(?:proxy-)?user=|--auth=)(?=[^-\s][^:]{0,100}:)/.exec(text);
    if (glued) return pair(word, glued[0].length);
    if (/^(?:-b|--cookie)$/.test(text)) return next ? cookies(next) : [];
    return [];
  });
}

function cookies(word: Word): Span[] {
  const found: Span[] = [];
  for (const { index, 0: all, 1: name = "" } of word.text.matchAll(/([\w.-]{1,100}=)[^;\s]{4,4096}/g))
    found.push({ start: word.start + index + name.length, end: word.start + index + all.length });
  return found;
}

/** The value of an option, glued to it, behind `=`, or the next word. */
function option(names: RegExp, words: readonly Word[]): Span[] {
  return words.flatMap((word, index) => {
    const match = names.exec(word.text);
    if (!match) return [];
    if (match[0].length < word.text.length)
      return part(word, match[0].length + (word.text[match[0].length] === "=" ? 1 : 0));
    const next = words[index + 1];
    return next ? part(next, 0) : [];
  });
}

interface Program {
  readonly words: readonly string[];
  readonly find: (words: readonly Word[], rest: string) => Span[];
}

/** The words that do not begin with a dash, and are no value of an option. */
const operands = (words: readonly Word[]): Word[] =>
  words.filter(({ text }, index) => !text.startsWith("-") && !/^-[a-zA-Z]$/.test(words[index - 1]?.text ?? ""));

/** The word behind some that stand in a command, and what comes so many words behind those. */
function behind(names: RegExp, words: readonly Word[], by = 1): Span[] {
  const at = words.findIndex(({ text }) => names.test(text));
  const word = at < 0 ? undefined : words[at + by];
  return word ? part(word, 0) : [];
}

const SECRET_NAME = /pass(?:word|wd|phrase)?|secret|token|api[-_]?key|credential/i;

const PROGRAMS: readonly Program[] = [
  { words: ["sshpass"], find: (words) => option(/^-p/, words) },
  {
    words: ["az sql ", "az mysql ", "az postgres ", "az vm ", "twine upload"],
    find: (words) => option(/^(?:-p|--password)(?=$|=)/, words),
  },
  { words: ["az keyvault"], find: (words) => option(/^--value(?=$|=)/, words) },
  {
    words: ["aws ssm put-parameter", "aws secretsmanager"],
    find: (words) => [
      ...option(/^--secret-string(?=$|=)/, words),
      ...(words.some(({ text }) => text === "SecureString" || SECRET_NAME.test(text))
        ? option(/^--value(?=$|=)/, words)
        : []),
    ],
  },
  { words: ["poetry config"], find: (words) => behind(/^http-basic\./, words, 2) },
  { words: ["mc alias", "mc config"], find: (words) => behind(/^https?:/, words, 2) },
  { words: ["rabbitmqctl"], find: (words) => behind(/^(?:add_user|change_password|authenticate_user)$/, words, 2) },
  { words: ["mosquitto_pub", "mosquitto_sub", "mosquitto_rr"], find: (words) => option(/^(?:-P|--pw)(?=$|=)/, words) },
  { words: ["ssh-keygen"], find: (words) => option(/^-[NP](?=$)/, words) },
  {
    words: ["security "],
    find: (words) => (/^(?:add|unlock)-/.test(words[1]?.text ?? "") ? option(/^-[wp](?=$)/, words) : []),
  },
  { words: ["net user "], find: (words) => behind(/^user$/, words, 2) },
  {
    words: ["lftp"],
    find: (words) =>
      words.flatMap((word, index) =>
        words[index - 1]?.text === "-u" && word.text.includes(",") ? part(word, word.text.indexOf(",") + 1) : [],
      ),
  },
  { words: ["etcdctl"], find: (words) => requestOptions(words) },
  {
    words: ["mysql", "mariadb"],
    find: (words) => [
      ...words.slice(1).flatMap((word, index) => {
        if (/^-p[^=\s]/.test(word.text)) return part(word, 2, 2);
        // Quotes that begin in the middle of a word make two of it: -p'X'.
        return word.glued && words[index]?.text === "-p" ? part(word, 0) : [];
      }),
      ...words.flatMap((word, index) =>
        word.text === "password" && words[index + 1] ? part(words[index + 1] as Word, 0) : [],
      ),
    ],
  },
  { words: ["redis-cli", "valkey-cli"], find: (words) => option(/^(?:-a|--pass)(?=$|=)/, words) },
  {
    words: [
      "docker login",
      "podman login",
      "registry login",
      "skopeo login",
      "az login",
      "oc login",
      "nerdctl login",
      "buildah login",
      "crane auth login",
      "cf login",
      "argocd login",
      "vault login",
    ],
    find: (words) => option(/^(?:-p|--password)(?=$|=|[^-a-z])/, words),
  },
  {
    words: ["smbclient"],
    find: (words) => words.flatMap((word) => (/%/.test(word.text) ? part(word, word.text.indexOf("%") + 1) : [])),
  },
  { words: ["ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami", "ldapdelete"], find: (words) => option(/^-w/, words) },
  {
    words: ["htpasswd"],
    find: (words) =>
      words.some(({ text }) => /^-[a-zA-Z]*b/.test(text)) ? words.slice(-1).flatMap((word) => part(word, 0)) : [],
  },
  { words: ["useradd", "usermod"], find: (words) => option(/^(?:-p|--password)(?=$|=)/, words) },
  {
    words: ["sqlplus", "rman ", "expdp", "impdp"],
    find: (words) =>
      operands(words.slice(1)).flatMap((word) => {
        const slash = /^[\w.$#"-]{1,60}\//.exec(word.text);
        const end = word.text.indexOf("@", slash?.[0].length ?? 0);
        if (!slash || /^\//.test(word.text)) return [];
        return part(
          { ...word, end: end < 0 ? word.end : word.start + end, text: end < 0 ? word.text : word.text.slice(0, end) },
          slash[0].length,
        );
      }),
  },
  { words: ["sqlcmd", "bcp "], find: (words) => option(/^-P/, words) },
  {
    words: ["mongosh", "mongo ", "mongodump", "mongorestore", "mongoexport", "mongoimport"],
    find: (words) => option(/^(?:-p|--password)(?=$|=|[^-a-z])/, words),
  },
  {
    words: ["cqlsh", "influx ", "clickhouse-client", "snowsql", "isql", "tsql", "freetds"],
    find: (words) => option(/^(?:-p|--password|-P)(?=$|=|[^-a-z])/, words),
  },
  {
    words: ["7z ", "7za ", "unrar ", "rar "],
    find: (words) => option(/^-p(?=.)/, words),
  },
  {
    words: ["zip ", "unzip "],
    find: (words) =>
      option(
        /^(?:-P|-p)(?=$|[^-a-z])/,
        words.filter(({ text }) => text !== "-p"),
      ),
  },
  {
    words: ["net use"],
    find: (words) =>
      words.filter((_, index) => /^\/user:/i.test(words[index + 1]?.text ?? "")).flatMap((word) => part(word, 0)),
  },
  { words: ["radtest "], find: (words) => [2, 5].flatMap((index) => (words[index] ? part(words[index], 0) : [])) },
  { words: ["ldappasswd"], find: (words) => option(/^-[swa](?=$)/, words) },
  {
    words: ["nmcli", "xfreerdp", "rdesktop", "winexe", "net use"],
    find: (words) => [...option(/^(?:-p|\/p:)(?=.)/, words), ...behind(/^\/user:/i, words)],
  },
  {
    words: ["ipmitool", "snmpget", "snmpwalk", "snmpset", "snmpbulkwalk"],
    find: (words) => option(/^-[PAX](?=$|[^-a-z])/, words),
  },
  {
    words: ["skopeo", "crictl", "podman", "buildah", "ctr ", "nerdctl", "oras "],
    find: (words) =>
      words.flatMap((word, index) => {
        const name = /^--(?:src-|dest-)?(?:creds|user)(?=$|=)/.exec(word.text)?.[0];
        if (name === undefined) return [];
        const next = words[index + 1];
        return word.text.length > name.length ? pair(word, name.length + 1) : next ? pair(next) : [];
      }),
  },
  { words: ["codecov"], find: (words) => option(/^-t(?=$)/, words) },
  {
    words: ["vsce publish", "ovsx publish", "conan user", "conan remote"],
    find: (words) => option(/^(?:-p|--pat)(?=$|=)/, words),
  },
  { words: ["gpg "], find: (words) => option(/^--passphrase(?=$|=)/, words) },
  {
    words: ["keytool", "jarsigner"],
    find: (words) => option(/^-(?:storepass|keypass|srcstorepass|deststorepass)(?=$)/, words),
  },
  {
    words: ["openssl"],
    find: (words) => [
      ...words.flatMap((word) => (/^pass:/.test(word.text) ? part(word, 5) : [])),
      ...(words[1]?.text === "enc" ? option(/^-[kK](?=$)/, words) : []),
    ],
  },
  { words: ["gh secret", "gh variable"], find: (words) => option(/^(?:-b|--body)(?=$|=)/, words) },
  { words: ["setx ", "svn ", "ansible"], find: (words) => option(/^--password(?=$|=)/, words) },
];

/** The strings of a list. Characters before the first, which may be the path of a program. */
const MAX_PATH = 80;
const MAX_ARGUMENTS = 100;
const NEXT_ARGUMENT = /(["'])\s{0,40},\s{0,40}\[?\s{0,40}\1/y;

/** What is secret among the arguments of a list: `["mysql", "-pX"]`, `spawn("curl", ["-u", "me:X"])`. */
function listed(text: string, at: number): ReturnType<Locate> | undefined {
  if (/[\w.-]/.test(text[at - 1] ?? "")) return undefined; // the end of another name
  let from = at;
  while (at - from < MAX_PATH && /[\w./-]/.test(text[from - 1] ?? "")) from--;
  const quote = text[from - 1];
  if (quote !== '"' && quote !== "'") return undefined;
  const words: Word[] = [];
  const limit = from + MAX_COMMAND;
  while (from < limit && words.length < MAX_ARGUMENTS) {
    const end = closingQuote(text, from, quote, MAX_COMMAND);
    if (end === undefined) break;
    words.push({ start: from, end, text: text.slice(from, end) });
    NEXT_ARGUMENT.lastIndex = end;
    if (!NEXT_ARGUMENT.test(text)) break;
    from = NEXT_ARGUMENT.lastIndex;
  }
  // A list of whole commands is none of arguments, and an argument may be a command that is looked at by itself.
  const line = words.find(({ text: word }) => /\s/.test(word));
  if (words.length < 2 || line === words[0]) return undefined;
  const found = inArguments(words.map((word) => word.text));
  const spans = words.flatMap((word, index) =>
    (found.get(index) ?? []).map(({ start, end }) => ({ start: word.start + start, end: word.start + end })),
  );
  return { spans, until: Math.max(at + 1, line?.start ?? words.at(-1)?.end ?? 0) };
}

function program({ find }: Program): Locate {
  return (text, at) => {
    const list = listed(text, at);
    if (list) return list;
    if (/[\w./-]/.test(text[at - 1] ?? "") && !/[/n]/.test(text[at - 1] ?? "")) return { spans: [], until: at + 1 };
    const { words, end } = commandAt(text, at);
    return { spans: find(words, text.slice(at, end)), until: end };
  };
}

const BY_WORD = new Map(PROGRAMS.flatMap((one) => one.words.map((word) => [word, program(one)] as const)));
/** In a list of arguments a quote ends the first of two words that make a command. */
const FIRST_OF_TWO = [
  ...new Set(PROGRAMS.flatMap(({ words }) => words.flatMap((word) => /^(\w{2,}) \w/.exec(word)?.[1] ?? []))),
].flatMap((name) => [`${name}"`, `${name}'`]);
for (const word of FIRST_OF_TWO) BY_WORD.set(word, (text, at) => listed(text, at) ?? { spans: [], until: at + 1 });

function anyProgram(text: string, at: number) {
  for (const [word, locate] of BY_WORD) if (text.startsWith(word, at)) return locate(text, at);
  return { spans: [], until: at + 1 };
}

/** What is piped into a program that reads a password: `echo X | docker login --password-stdin`, `echo "root:X" | chpasswd`. */
function echoed(text: string, at: number) {
  const nothing = { spans: [], until: at + 1 };
  const { words, end } = commandAt(text, at);
  if (text[end] !== "|") return { ...nothing, until: end };
  const to = text.slice(end + 1, end + 200).split(/[\n;&]/, 1)[0] ?? "";
  const last = words.filter(({ text: word }) => !/^-[neE]+$/.test(word)).at(-1);
  if (!last || words.length < 2) return nothing;
  if (/^\s*(?:sudo\s+)?\S{0,40}chpasswd/.test(to)) return { spans: pair(last), until: end };
  const takes =
    /--(?:password|token|api-?key|passphrase)-(?:stdin|fd)|--with-token|passwd|sudo (?:\S+ )*-S|openssl|secret[s]? (?:create|set|add|put)|versions add|cryptsetup|--stdin/;
  return { spans: takes.test(to) ? part(last, 0, 4) : [], until: end };
}

/** Options that name a user, which stand before those that give a password. */
const USER_OPTION = /(?:^|\s)(?:-[uUl]|--user(?:name)?|--login|\/r?u|\/user)[ =:]\s?[^-\s]/i;
const PASSWORD_OPTION = / (?:-p|-P|-pw|-w|-W|-pass|\/rp|\/p) {1,2}/y;
const MAX_OPTIONS = 200;
/** As Apple and Google draw them for one app. */
const APP_PASSWORD = /^[a-z]{4}(?:-[a-z]{4}){3}$/;

/** `-u dana -p X` of any program, and `-p X` where X was drawn by lot. */
function loginOption(text: string, at: number) {
  const nothing = { spans: [], until: at + 1 };
  PASSWORD_OPTION.lastIndex = at;
  if (!PASSWORD_OPTION.test(text)) return nothing;
  const word = wordAt(text, PASSWORD_OPTION.lastIndex, Math.min(text.length, at + MAX_OPTIONS));
  const { text: value, start, end } = word;
  if (value.length < 6 || isStandIn(value) || /^[-\d:./]+$/.test(value)) return nothing;
  const isSure = isDrawn(value) || isGenerated(value) || APP_PASSWORD.test(value);
  return isSure || (isChosen(value) && hasUser(text, at)) ? { spans: [{ start, end }], until: end } : nothing;
}

const hasUser = (text: string, at: number): boolean =>
  USER_OPTION.test(
    text
      .slice(Math.max(0, at - MAX_OPTIONS), at)
      .split(/[\n;|&]/)
      .at(-1) ?? "",
  );

/** As people choose passwords, and no path. */
function isChosen(value: string): boolean {
  if (/\s/.test(value)) return isPassphrase(value, false);
  return (isTelling(value) || isGibberish(value)) && !/\/|\.\w{1,4}$/.test(value);
}

/** `expect "assword:"` and then `send "x\r"`. */
function sent(text: string, at: number) {
  const match =
    /assword[^\n]{0,40}\n?[^\n]{0,40}?\bsend(?:line)?[ (]{1,2}(?:-- )?["']([^"'\\\n ]{3,200})(?=\\+[rn]|["'])/y;
  match.lastIndex = at;
  const found = match.exec(text);
  const value = found?.[1];
  if (!found || value === undefined || isStandIn(value)) return { spans: [], until: at + 1 };
  const end = at + found[0].length;
  return { spans: [{ start: end - value.length, end }], until: end };
}

/** So far apart are arguments that are taken for the words of one text. */
const APART = 1_000_000;

/** Finds credentials among the arguments of a list, as in a command line; each argument is a word. */
export function inArguments(list: readonly string[]): Map<number, Span[]> {
  const found = new Map<number, Span[]>();
  const name = `${(list[0] ?? "").split("/").at(-1)} `;
  const two = `${name}${list[1] ?? ""} `;
  const known = PROGRAMS.find((one) =>
    one.words.some((word) => `${two}`.startsWith(word.trim() + (word.includes(" ") || word.length > 7 ? "" : " "))),
  );
  const isRequest = USER_PROGRAMS.some((word) => name.startsWith(word.trim()));
  if (!known && !isRequest) return found;
  const words = list.map((text, index) => ({ start: index * APART, end: index * APART + text.length, text }));
  const spans = [...(known?.find(words, "") ?? []), ...(isRequest ? requestOptions(words) : [])];
  for (const { start, end } of spans) {
    const index = Math.floor(start / APART);
    const place = { start: start - index * APART, end: end - index * APART };
    found.set(index, [...(found.get(index) ?? []), place]);
  }
  return found;
}

export const COMMANDS: readonly Kind[] = [
  located(
    "user_option",
    "user and password in an option of curl or wget",
    "https://curl.se/docs/manpage.html#-u",
    USER_PROGRAMS,
    (text, at) => {
      const list = listed(text, at);
      if (list) return list;
      if (/[\w.-]/.test(text[at - 1] ?? "") && text[at - 1] !== "n") return { spans: [], until: at + 1 };
      const { words, end } = commandAt(text, at);
      return { spans: requestOptions(words), until: end };
    },
  ),
  located(
    "password_option",
    "password in an argument of a known program",
    "https://dev.mysql.com/doc/refman/8.4/en/password-security-user.html",
    [...BY_WORD.keys()],
    anyProgram,
  ),
  located(
    "login_option",
    "password in an option behind one that names a user",
    "https://cwe.mitre.org/data/definitions/214.html",
    [" -p ", " -pw ", " -w ", " -pass ", " /rp ", " /p "],
    loginOption,
  ),
  located(
    "piped_password",
    "password that is piped or typed into a program",
    "https://docs.docker.com/reference/cli/docker/login/",
    ["echo ", "printf "],
    echoed,
  ),
  located(
    "sent_password",
    "password that a script of expect types",
    "https://core.tcl-lang.org/expect/index",
    ["assword"],
    sent,
    { text: "send", within: 110 },
  ),
];
