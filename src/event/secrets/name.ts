// How much a name in a text says that its value is secret.

/** The end of a name that holds nothing else than a secret. Words in small letters, joined by _. */
const STRONG =
  /(?:^|_)(?:(?:smtp|imap|pop3?|ftp|mail|db|root|admin|bind|sasl|proxy|become|user)?pass(?:word|wd|phrase|code|wort|wrd)?s?|(?:bind|root|db|user)?pw|pwd|psk|kennwort|contrase\S{1,3}|mot_de_passe|senha|secrets?|(?:api|access|secret|private|encryption|decryption|signing|account|storage|master|preshared|shared|pre_shared|subscription|service_role|fernet|cipher|consumer|application|app|admin|instrumentation|auth|webhook|hmac|jwt|salt|account_storage)_?keys?(?:_base|_data)?|api_?secret|credentials?|requirepass|masterauth|assword|(?:hash|password)_salt|pepper|bw_session|mnemonic|seed_phrase|seed_words|wachtwoord|l[öo]senord|adgangskode|salasana|heslo|has[łl]o|parola|[şs]ifre|jelsz[óo]|mdp|motdepasse|palavra_passe|mas_?ter_?pass|storepass|keypass|auth_ident|(?:client_)?key_data|key_content|erlang_cookie|d?sonar_login|(?:validation|machine|unseal|recovery|license_signing)_?key|.{0,20}(?:пароль|パスワード|密码|密碼|口令|비밀번호|암호)|recovery_(?:phrase|codes?)|verification_code|connection_?(?:string|uri)|.{0,20}(?:password|passwd|passphrase|secret|apikey)|private_key_id)$/;
/** Often something else. */
const WEAK =
  /(?:^|_)(?:.{0,20}tokens?|_?auth|jwt|.{0,20}session_?(?:key|id)|sid|key|otp|pin|cvv|cvc|dsn|.{0,12}key|.{0,20}salt|encrypt|webhook_signing|(?:password|passwd|pw)_(?:hash|digest)|(?:clave|cl[ée]|schl[üu]e?ssel|chiave|nyckel|klucz)(?:_(?:secr[eè]te?|secreta|api|acceso|privada|privée))?|.{0,16}schl(?:ü|ue)ssel(?:inhalt)?|apiキー|.{0,10}キー)$/;
/** Tokens that are no part of a language. */
const SURE_TOKEN =
  /(?:(?:access|auth|refresh|api|bearer|private|deploy|session|bot|id|github|gitlab|npm|slack|webhook|service|personal|user|admin|security)_?token|(?:^|_)auth_?token|^_?auth)$/;
/** What a name may end with and mean the same: its number, where it is for, how it is written. */
const REST =
  /(?:_(?:\d{1,4}|value|text|plain|plaintext|raw|clear|prod|production|dev|development|staging|stage|test|local|new|old|current|previous|confirm|confirmation|again|repeat|main|default|primary|secondary|backup|b64|base64|string|content|file_content|encoded|v\d|live|root|admin|user|id_secret))+$/;
const HARMLESS_START =
  /(?:^|_)(?:page|next|prev|previous|sync|continuation|cancel|cancellation|max|min|input|output|total|num|stop|special|public|sort|foreign|cache|partition|hash|row|map|object|dict|shortcut|hot|license|licence|cache\w*|registry|web_socket|idempotency|csrf_param|unique|index|range|lookup|group|event)_?(?:tokens?|keys?|secrets?)$/;
const HARMLESS_END =
  /_(?:types?|counts?|counter|ur[il]s?|endpoint|file|filename|path|dir|names?|length|len|limits?|max|min|sizes?|budget|usage|used|expir\w{0,32}|ttl|age|polic\w{1,32}|field|input|label|placeholder|hint|prompt|regex|pattern|rules?|strength|manager|store|provider|handler|service|factory|class|algorithm|alg|format|prefix|suffix|version|enabled|disabled|required|error|err|message|msg|mode|stream|kind|index|start|end|pos|position|list|mask|mismatch|reset|i[sz]e\w{0,32}|arn|ref|method|scheme|user\w{0,32}|level|range|text|id|ids|accessor|title|description|info|status|state|source|set|map|hash_rounds|rounds|rotation)(?:_\d{1,4})?$/;
/** The same, read from the end: where a name ends otherwise, that shows at once, and not behind every way to begin. */
const [ENDS_STRONG, ENDS_WEAK] = [fromEnd(STRONG), fromEnd(WEAK)];

/** @param pattern ends with $ */
function fromEnd({ source, flags }: RegExp): RegExp {
  return new RegExp(`$(?<=${source.slice(0, -1)})`, flags);
}

const ABOUT = /pass(?:word|wd|phrase|code)|secret|token|api_?key|credential|private_?key/;
/** What a name says. */
export interface Said {
  /** 3: holds nothing else than secrets; 2: surely a secret in this spelling; 1: often something else; 0: speaks of them; -1: no. */
  readonly strength: number;
  /** It is about a secret and not its place: `password_policy`, `TOKEN_FILE`. */
  readonly harmless: boolean;
  /** In capitals, as a variable of the environment. */
  readonly shouted: boolean;
  /** The id of a role or a secret. */
  readonly id: boolean;
  /** A connection string, which holds a credential among other things, or none. */
  readonly connection: boolean;
  readonly key: boolean;
  /** Its values are a few digits. */
  readonly oneTime: boolean;
  readonly phrase: boolean;
  /** `password` or `passwd`, and nothing else. */
  readonly bare: boolean;
}

const ONE_TIME =
  /(?:^|[_-])(?:otp|totp|cvv2?|cvc2?|mfa[_-]?code|pin[_-]?code|passcode|one[_-]?time[_-]?(?:code|password))$/i;

const MAX_REMEMBERED = 4096;
const remembered = new Map<string, Said>();

export function saidBy(name: string): Said {
  const known = remembered.get(name);
  if (known) return known;
  const words = wordsOf(name);
  const strength = judged(words, name);
  const said = {
    strength,
    harmless: strength < 3 && HARMLESS_END.test(words),
    shouted: /^[A-Z][A-Z0-9_]*$/.test(name),
    id: /secret_?id$/i.test(name),
    connection: /connection_?(?:string|uri)$/i.test(name),
    key: /key$/i.test(name),
    oneTime: ONE_TIME.test(name),
    phrase: /phrase|mnemonic|seed/i.test(name),
    bare: /^passw(?:or)?d$/i.test(name),
  };
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(copyOf(name), said);
  return said;
}

/** The same characters: a part of a text keeps all of that text in memory for as long as it is kept itself. */
function copyOf(text: string): string {
  return ` ${text}`.slice(1); // a part of the longer one, which is new and holds nothing else
}

/** 3: holds nothing else than secrets; 2: surely a secret in this spelling; 1: often something else; 0: speaks of them; -1: no. */
export function strengthOf(name: string): number {
  return saidBy(name).strength;
}

/** A name that is that already. */
const SMALL = /^[a-z0-9]+(?:_[a-z0-9]+)*$/;

/** A name in small letters, its words joined by _. */
export function wordsOf(name: string): string {
  if (SMALL.test(name)) return name;
  return name
    .replace(/\[redacted:[\w-]{1,60}\]/g, "_")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .toLowerCase()
    .replace(/^_+|_+$/g, "");
}

function judged(words: string, name: string): number {
  if (words === "" || /public|publishable|^load_credential/.test(words)) return -1;
  const plain = words.replace(REST, "").replace(/(?<=[a-z])\d{1,4}$/, "");
  if (HARMLESS_START.test(plain)) return -1;
  if (ENDS_STRONG.test(plain) || words === "key_content" || /^[A-Z]{2,8}PASS$/.test(name))
    return /(?:Pass|Passes)$/.test(name) && plain !== "pass" ? 1 : 3;
  if (SURE_TOKEN.test(plain)) return 2;
  if (ENDS_WEAK.test(plain)) return /^[A-Z][A-Z0-9_]*$/.test(name) && plain.includes("_") ? 2 : 1;
  return ABOUT.test(words) ? 0 : -1;
}

/** Whether the name is about a secret and not its place: `password_policy`, `TOKEN_FILE`. */
export function isHarmlessName(name: string): boolean {
  return saidBy(name).harmless;
}

/** Whether a number of so many digits is what the name says, and no setting of it. */
export function isSecretNumber(name: string, value: number): boolean {
  return (
    /pass|pwd|pin|otp|cvv|cvc|secret/i.test(name) &&
    Math.abs(value) >= 1000 &&
    !/policy|length|min|max|age|ttl|time/i.test(name)
  );
}
