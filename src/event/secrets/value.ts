// What a value that stands behind a name looks like: a stand-in, a word of a language or of a program, or a secret.

const DIGIT = /\d/;
const LETTER = /[A-Za-z]/;

/** Stands for a value that is elsewhere, or for none. */
const STAND_IN =
  /^(?:\$\w+->|\$(?:[A-Za-z_][\w:.]*|\d)?$|\$\{|\$\(|\$\[|%[A-Za-z_(][\w)]*%?$|%\{|<[\w :./|-]*>?|\{\{|\{[\w.:!]*\}|\{%|#\{|@[A-Z_]+@$|@\w+\.|&[a-z]+;|\*+$|[x*•.]{3,}$|\.{2,}|…|\[redacted|\[(?:hidden|masked|filtered|secret|REDACTED)|process\.env|os\.environ|os\.getenv|getenv|import\.meta|env[.(]|self\.|this\.|var\.|local\.|data\.|module\.|\.[*+]|vault:|secrets?\.|arn:|\/\/|\/\*)/i;
const SAID_STAND_IN =
  /^(?:(?:your|my|the|some|change|replace|insert|enter|put|dummy|fake|example|sample|placeholder|todo|redacted|hidden|masked)[-_ ]?(?:\w|$)|x{4,}|(?:0+|1234567?8?9?0?)$|(?:abc|foo|bar)(?:123|456|def)*$)/i;
/** The same, by its last characters. */
const ENDS_STAND_IN = /(?:[-_]here|goes[-_ ]here|example|placeholder|changeme|redacted|^[a-z_-]{0,7}\.{3})$/i;
const MAX_STAND_IN_END = 11;
const NOTHING =
  /^(?:|null|true|false|yes|no|on|off|none|nil|undefined|void|never|unknown|any|string|number|integer|int|bool|boolean|object|array|buffer|bytes|str|symbol|function|class|const|let|var|new|await|async|return|typeof|required|optional|default|text|auto|basic|bearer|oauth2?|inherit|anonymous|write|read|include|omit|same-origin|varchar|password|passwd|secret|token|prompt|stdin|empty|missing|invalid|set|unset|present|absent)[;,.)]{0,2}$/i;
const MAX_NOTHING = 13;
const SECRET_WORD =
  /pass(?:word|wd|phrase|code|wort)|secret|token|api[_-]?key|credential|auth|kennwort|contrase|mot de passe/i;

/** A call, an element, a type with parameters, a regular expression. */
const CODE = /^(?:new |await |typeof )?[A-Za-z_$][\w$.:]*(?:\?\.)?(?:\[(?:['"\w:]|\])|\(|<\w)|^\/[\^\\[(]|^=>|^\(/;
/** One without credentials; those in a URL are a kind of their own. */
const ADDRESS = /^(?:https?|wss?|ftp|file|urn|mailto):/i;

/** Whether it holds no secret, whatever its name says. */
export function isStandIn(given: string): boolean {
  const value = given.length > MAX_JUDGED ? given.slice(0, MAX_JUDGED) : given;
  if (isGenerated(value) && !isBalanced(value)) return false;
  if ((value.length <= MAX_NOTHING && NOTHING.test(value)) || isCode(value) || ADDRESS.test(value)) return true;
  if (STAND_IN.test(value))
    return !(/^[$%&@#{<]/.test(value) && isRandom(value.replace(/^[$%&@#{<]{1,2}|[>}%]{1,2}$/g, ""), 2));
  return saysStandIn(value) && !isRandom(value.replace(/^[A-Za-z]+[-_ ]?/, ""), 3);
}

const saysStandIn = (value: string): boolean =>
  SAID_STAND_IN.test(value) || ENDS_STAND_IN.test(value.slice(-MAX_STAND_IN_END));

/** What stands behind a name tells whether it may be CODE, which is faster than to try. */
function isCode(value: string): boolean {
  let at = 0;
  while (isNamePart(value.charCodeAt(at))) at++;
  return (at === 0 || " ?[(<".includes(value[at] ?? "_")) && CODE.test(value);
}

/** [\w$.:] */
function isNamePart(code: number): boolean {
  return kindOf(code) !== OTHER || code === 95 || code === 36 || code === 46 || code === 58;
}

/** The beginning of a value tells what it is. Characters. */
const MAX_JUDGED = 64;
/** Parts of which names, versions and dates are made: words with a number behind them, numbers. */
const PLAIN_PART = /^(?:[a-z]{2,}\d{0,6}|[A-Z][a-z]+\d{0,4}|[A-Z]{2,}\d{0,4}|v?\d{1,8}|[a-z])$/;

/**
 * Whether it looks drawn by lot: digits and letters mixed as in no name, version or word.
 * `demand`: groups of digits between letters; 2 for what stands behind a telling name, 3 for what does not.
 */
export function isRandom(given: string, demand = 2): boolean {
  const value = given.length > MAX_JUDGED ? given.slice(0, MAX_JUDGED) : given;
  const { length } = value;
  if (length < 8 || /\s/.test(value)) return false;
  const { groups, letters, upper, lower, hex, changes } = madeOf(value);
  if (groups === 0 || !letters) return hasManyTurns(value);
  if (hex) return length >= 16 && groups >= 3;
  if (groups >= demand || (upper && lower && changes >= length / 3) || hasManyTurns(value)) return !isPlain(value);
  return hasGibberish(value);
}

/** Whether every part of a value is one of which names, versions and dates are made. */
function isPlain(value: string): boolean {
  PART.lastIndex = 0;
  for (let part = PART.exec(value); part; part = PART.exec(value)) if (!PLAIN_PART.test(part[0])) return false;
  return true;
}

/** Parts are letters and digits, up to a capital and two small letters behind a small one or a digit. */
const PART = /[A-Za-z0-9](?:(?![A-Z][a-z]{2})[A-Za-z0-9]|(?<![a-z0-9])[A-Z])*/g;

const [SMALLS, CAPITALS, DIGITS, OTHER] = [1, 2, 3, 4];

interface MadeOf {
  /** Groups of digits. */
  readonly groups: number;
  readonly letters: boolean;
  readonly upper: boolean;
  readonly lower: boolean;
  readonly hex: boolean;
  readonly changes: number;
}

/** The value that was asked for last: each is asked for several times. */
let last = { value: "", made: countedIn("") };

function madeOf(value: string): MadeOf {
  if (last.value !== value) last = { value, made: countedIn(value) };
  return last.made;
}

/** What a value is made of, by one pass. `changes` between capitals, small letters, digits and other characters. */
function countedIn(value: string): MadeOf {
  let [groups, changes, before, seen, hex] = [0, 0, 0, 0, true];
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const kind = kindOf(code);
    if (kind !== before) {
      if (kind === DIGITS) groups++;
      if (at > 0) changes++;
    }
    hex &&= kind === DIGITS || (kind !== OTHER && (code | 32) <= 102);
    seen |= 1 << kind;
    before = kind;
  }
  const [upper, lower] = [(seen & (1 << CAPITALS)) !== 0, (seen & (1 << SMALLS)) !== 0];
  return { groups, letters: upper || lower, upper, lower, hex, changes };
}

function kindOf(code: number): number {
  if (code >= 97 && code <= 122) return SMALLS;
  if (code >= 65 && code <= 90) return CAPITALS;
  return code >= 48 && code <= 57 ? DIGITS : OTHER;
}

/** Capitals and small letters mixed as in no name: `qLmXbTzWe`. */
function hasManyTurns(value: string): boolean {
  if (value.length < 16) return false;
  const { upper, lower, changes } = madeOf(value);
  return upper && lower && changes >= value.length / 2.2 && !/[()<>{}]|\.[a-z]+\(|[a-z]{6}/.test(value);
}

/** By letter: those that often follow it in words of English and in names of programs. */
const FOLLOWERS: Readonly<Record<string, string>> = {
  a: "abcdfgiklmnprstuvy",
  b: "aeilorsu",
  c: "acdehiklorstu",
  d: "acdefilorsu",
  e: "abcdefgilmnopqrstvwxy",
  f: "aefilorstu",
  g: "aehilnorsu",
  h: "aeiortu",
  i: "abcdefgklmnoprstvxz",
  j: "a",
  k: "aeios",
  l: "adeilostuy",
  m: "abeilmopsu",
  n: "acdefgiknostuv",
  o: "abcdfgiklmnoprstuvw",
  p: "aehiloprstu",
  q: "u",
  r: "acdegiklmnoprstuy",
  s: "acehiklmopstuy",
  t: "acehilmoprstuy",
  u: "abcegilmnprst",
  v: "aei",
  w: "aeio",
  x: "ept",
  y: "aps",
  z: "e",
};
/** Of the pairs of letters in words hardly any are rare, of those that were drawn by lot most. */
const MIN_RARE = 0.4;

/** Whether letters were drawn by lot: `vvryjljyokjbka`. Seven of eight that were are seen, and of words one in seventy is taken for it. */
export function isGibberish(value: string): boolean {
  return /^[A-Za-z]{8,64}$/.test(value) && isRare(value);
}

/** The same of letters and digits: of so many letters, which are not told by digits that stand in a name, too. */
const hasGibberish = (value: string): boolean =>
  /^(?=[A-Za-z]*\d)[A-Za-z0-9]{10,64}$/.test(value) && isRare(value.replace(/\d+/g, ""));

function isRare(value: string): boolean {
  let [pairs, rare] = [0, 0];
  for (let at = 1; at < value.length; at++) {
    const [before, letter] = [value[at - 1] as string, value[at] as string];
    if (before > "Z" && letter <= "Z") continue; // another word of a name begins
    pairs++;
    if (!FOLLOWERS[before.toLowerCase()]?.includes(letter.toLowerCase())) rare++;
  }
  return pairs >= 4 && rare >= pairs * MIN_RARE;
}

/** What stands in regular expressions, templates and paths: `A-Z`, `\\d`, `${`, `{{`. */
const PATTERN = /[A-Za-z]-[Zz]|0-9|\\|[$#{]\{|\$\(|\]\{|\.[*+]|%[sd]/;
const SIGN = /[^\w\s./:-]/g;

/** Whether it looks like what a generator of passwords draws: letters, digits and signs in turn, and no word among them. */
export function isGenerated(value: string): boolean {
  const { length } = value;
  if (length < 8 || length > 128 || /\s|\[redacted:/.test(value)) return false;
  const { groups, letters, changes } = madeOf(value);
  if (groups === 0 || !letters || changes < length / 3) return false;
  return new Set(value.match(SIGN)).size >= 2 && !PATTERN.test(value) && !/[a-z]{5}|[A-Z]{5}/.test(value);
}

/** Capitals, small letters and digits, mixed as in no name (`OAuth2Error`), path, version or hash. */
export function isDrawn(given: string): boolean {
  const value = given.replace(/[.!?]+$/, "");
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !DIGIT.test(value)) return false;
  if (/[/\\@%_-]|^(?:\$|0x)|\$$/.test(value) || isMember(value) || isStandIn(value)) return false;
  return /\d[^\d]+\d/.test(value) ? isRandom(value, 3) : hasGibberish(value);
}

/** Whether as many brackets close as open, as in code. */
function isBalanced(value: string): boolean {
  const count = (brackets: RegExp) => value.match(brackets)?.length ?? 0;
  return count(/[([{<]/g) === count(/[)\]}>]/g);
}

/** Words of prose, as passphrases have none. */
const PROSE =
  /(?:^|\s)(?:a|an|the|is|are|was|be|to|of|for|and|or|in|on|at|by|with|your|you|my|must|should|can|cannot|not|no|if|this|that|it|from|as|will|has|have|enter|please|forgot|new|use|set|de|la|le|der|die|das|ein|eine|und|oder|ist|vergessen|para|su|votre)(?:\s|$)/i;

/** Whether several words are a passphrase: small words without the ones that join a sentence. `strong`: the name says phrase. */
export function isPassphrase(value: string, strong: boolean): boolean {
  const words = value.trim().split(/[ \t]+/);
  if (words.length < (strong ? 3 : 4) || words.length > 26) return false;
  if (
    !words.every(
      (word) => /^[a-z]{2,12}$/.test(word) || (/^[A-Za-z0-9!#$%&*+=@^_-]{2,20}$/.test(word) && isRandom(word)),
    )
  )
    return false;
  return !PROSE.test(value) && !SECRET_WORD.test(value);
}

/** `config.token`, `a.b[0]`: names, no values. */
const MEMBER = /^[A-Za-z_$][\w$]*(?:(?:\?\.|\.|->|::)[A-Za-z_$][\w$]*)+(?:\(\)?)?$/;
const IDENTIFIER = /^[A-Za-z_$][A-Za-z_$]*\d?$/;
const NUMBER = /^(?:0x[0-9a-f]+[ul]{0,3}|\d+(?:\.\d+)?)$/i;

export const isMember = (value: string): boolean => MEMBER.test(value) && !(hasDigit(value) && isRandom(value, 2));
export const isIdentifier = (value: string): boolean => IDENTIFIER.test(value);
export const isNumber = (value: string): boolean => NUMBER.test(value);
export const speaksOfSecrets = (value: string): boolean => SECRET_WORD.test(value);
export const hasDigit = (value: string): boolean => DIGIT.test(value);
export const isMixed = (value: string): boolean => DIGIT.test(value) && LETTER.test(value);
/** A label of a form: a capital and small letters, `Contraseña:`. */
export const isLabel = (value: string): boolean => /^\p{Lu}\p{Ll}+(?:[ -]\p{L}\p{Ll}*)*[?:!.…*]*$/u.test(value);
/** A URL without credentials. */
export const isAddress = (value: string): boolean =>
  ADDRESS.test(value) && !value.includes("@") && !/[?&]\w+=/.test(value);
/** Not only letters, digits and what joins names. */
export const hasSymbol = (value: string): boolean => /[^\w.\-/\s:]/.test(value);

/** Letters with digits, or characters that stand in no name. */
export function isTelling(value: string): boolean {
  let end = value.length;
  while (end > 0 && "!?;:,.".includes(value[end - 1] as string)) end--;
  return isMixed(value) || hasSymbol(value.slice(0, end));
}
