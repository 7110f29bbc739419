// What a tool gives that was asked for a secret: `pass show db`, `kubectl get secret db -o jsonpath=... | base64 -d`, a file
// `token`, a file of passwords. It stands there without the name that makes it known elsewhere.

import type { Span } from "./secrets/kind.ts";
import { isDrawn, isGenerated, isGibberish, isMember, isRandom, isTelling } from "./secrets/value.ts";

/** What is asked for a secret. */
const ASKS =
  /pass(?:w|phrase|code|\b)|(?:^|[^a-z])pwd?(?:[^a-z]|$)|pwgen|secret|token|cred|api[-_. ]?key|private[-_. ]?key|master[-_.]?key|\.key\b|genkey|genpsk|\brand\b|urandom|vault|keychain|lpass|\brbw\b|\bop read|kennwort|\blogin/i;
/** What gives ids and hashes instead. */
const GIVES_IDS =
  /sha\d{0,3}(?:sum)?\b|md5|rev-parse|rev-list|hash-object|git (?:log|show|diff|commit|stash)|docker (?:run|create|ps|start|images?|build|inspect)|uuid|fingerprint|\.pub\b|wc -|version/i;
/** Stores of passwords put the value on the first line, and what is known of it below. */
const STORES = /^\s*(?:pass|gopass|lpass|rbw)\s/;
/** Files that hold hardly anything but secrets. */
const SECRET_FILES =
  /(?:^|[/\s])(?:\.?(?:pgpass|netrc|htpasswd|env|vault[-_]pass\w*|msmtprc|fetchmailrc|mbsyncrc|git-credentials|npmrc|pypirc|my\.cnf)(?:\.[\w-]+)?|[\w.-]*(?:chap-secrets|pap-secrets|ipsec\.secrets|userlist|sasl_passwd|passwords?|secrets?|credentials?)(?:\.(?:txt|ya?ml|json|toml|ini|conf|cfg|env|csv|xml|properties|secrets))?|auth\.json)["']?\s*$/i;
const MIN_VALUE = 8;
const MAX_VALUE = 512;
/** More texts of an answer are not looked at: one that is a value alone has one. */
const MAX_TEXTS = 8;
const MAX_ASKED = 2000;
const MAX_FILE = 64 * 1024;
const WORD = /[^\s"'`<>()[\]{},;:=|]{8,128}/g;

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);

const NONE: ReadonlyMap<string, readonly Span[]> = new Map();

/** The texts of a tool's answer that hold what was asked for, with its places. */
export function printedSecrets(payload: unknown): ReadonlyMap<string, readonly Span[]> {
  if (!isNode(payload) || payload["tool_response"] === undefined) return NONE;
  const asked = askedIn(payload);
  const isFile = SECRET_FILES.test(asked);
  if (!isFile && (!ASKS.test(asked) || GIVES_IDS.test(asked))) return NONE;
  const found = new Map<string, readonly Span[]>();
  for (const text of textsIn(payload["tool_response"]).slice(0, MAX_TEXTS)) {
    const spans = valueAlone(text, STORES.test(asked)) ?? (isFile && text.length <= MAX_FILE ? drawnIn(text) : []);
    if (spans.length > 0) found.set(text, spans);
  }
  return found;
}

/** The command, the path of the file, or else the tool and what it was given. */
function askedIn(payload: Node): string {
  const input = isNode(payload["tool_input"]) ? payload["tool_input"] : {};
  const asked = input["command"] ?? input["file_path"];
  if (typeof asked === "string") return asked.slice(0, MAX_ASKED);
  const given = [payload["tool_name"], ...Object.values(input)].filter((one) => typeof one === "string");
  return given.join(" ").slice(0, MAX_ASKED);
}

function textsIn(response: unknown): string[] {
  if (typeof response === "string") return [response];
  if (Array.isArray(response)) return response.slice(0, MAX_TEXTS).flatMap(textsIn);
  if (!isNode(response)) return [];
  const { stdout, content, text, file } = response;
  return [stdout, content, text, file].filter((one) => one !== undefined).flatMap(textsIn);
}

/** The only line of a text, or the first one of what a store of passwords tells. */
function valueAlone(text: string, isStore: boolean): Span[] | undefined {
  const [line = "", next] = text.trim().split("\n", 2);
  const value = line.trim();
  if ((next !== undefined && !isStore) || !isSecret(value)) return undefined;
  const start = text.indexOf(value);
  return [{ start, end: start + value.length }];
}

function isSecret(value: string): boolean {
  if (value.length < MIN_VALUE || value.length > MAX_VALUE || /\s|:\/\/|^[/.~<{["]/.test(value)) return false;
  if (isMember(value) || /\.[a-z]{1,5}$/.test(value)) return false;
  return isRandom(value) || isGenerated(value) || isGibberish(value) || (isTelling(value) && /[^\w.:/-]/.test(value));
}

function drawnIn(text: string): Span[] {
  return Array.from(text.matchAll(WORD)).flatMap(({ 0: value, index }) =>
    isDrawn(value) || isGenerated(value) ? [{ start: index, end: index + value.length }] : [],
  );
}
