// Documents whose values are secret because of what the document is: Secrets of Kubernetes, in YAML and JSON.

import { type Kind, located, type Span } from "./kind.ts";
import { isStandIn } from "./value.ts";

/** A document is looked at so far before and behind the word that says what it is. Characters. */
const MAX_AROUND = 8000;
const PART_OF_DOCUMENTS = /(?:^|\n)---[ \t]*\n/;
/** The sections that hold the values. */
const SECTION = /^([ \t]*)(?:"?(?:stringData|data)"?):[ \t]*\{?[ \t]*$/gm;
/** A member of one: its indentation, name and value. */
const MEMBER =
  /^([ \t]*)"?([\w./-]{1,253})"?:[ \t]{0,40}(?:([|>])[-+\d]{0,2}|"([^"\n]{1,8000})"|'([^'\n]{1,8000})'|([^\s"'#|>{][^\n#]{0,8000}?)),?[ \t]*$/;
/** What is in them and no secret by itself. */
const HARMLESS =
  /(?:^|[-_.])(?:user(?:name)?|host(?:name)?|port|database|db|dbname|name|url|namespace|endpoint|region|email)$/i;
const MIN_VALUE = 4;

function secretsOf(text: string, at: number) {
  if (!/^kind"?[ \t]{0,4}:[ \t]{0,4}"?Secret"?,?[ \t]*(?:\r?\n|$|[,}])/.test(text.slice(Math.max(0, at - 2), at + 58)))
    return { spans: [], until: at + 1 };
  const [start, end] = documentAround(text, at);
  const spans: Span[] = [];
  const part = text.slice(start, end);
  for (const section of part.matchAll(SECTION)) {
    const indent = (section[1] ?? "").length;
    spans.push(...membersOf(part, section.index + section[0].length + 1, indent).map((span) => moved(span, start)));
  }
  return { spans, until: end };
}

function documentAround(text: string, at: number): [number, number] {
  const before = text.slice(Math.max(0, at - MAX_AROUND), at);
  const behind = text.slice(at, at + MAX_AROUND);
  const begin = before.split(PART_OF_DOCUMENTS).at(-1)?.length ?? 0;
  const size = behind.split(PART_OF_DOCUMENTS, 1)[0]?.length ?? 0;
  return [at - begin, at + size];
}

/** The values of the lines that are deeper than their section. */
function membersOf(part: string, from: number, indent: number): Span[] {
  const spans: Span[] = [];
  let block: number | undefined; // indentation of the name whose lines follow
  for (let start = from; start < part.length; ) {
    const to = part.indexOf("\n", start);
    const end = to < 0 ? part.length : to;
    const line = part.slice(start, end);
    const depth = line.length - line.trimStart().length;
    const isEmpty = line.trim() === "";
    if (!isEmpty && depth <= indent) break;
    if (block !== undefined && depth > block) {
      if (!isEmpty && !isStandIn(line.trim())) spans.push({ start: start + depth, end: start + line.trimEnd().length });
    } else {
      const member = MEMBER.exec(line);
      block = member?.[3] === undefined ? undefined : (member[1] ?? "").length;
      const value = member?.[4] ?? member?.[5] ?? member?.[6];
      if (member && value !== undefined && isSecret(member[2] ?? "", value)) {
        const place = start + line.lastIndexOf(value);
        spans.push({ start: place, end: place + value.length });
      }
    }
    start = end + 1;
  }
  return spans;
}

function isSecret(name: string, value: string): boolean {
  return value.length >= MIN_VALUE && !HARMLESS.test(name) && !isStandIn(value);
}

const moved = ({ start, end }: Span, by: number): Span => ({ start: start + by, end: end + by });

export const MANIFESTS: readonly Kind[] = [
  located(
    "kubernetes_secret",
    "value of a Secret of Kubernetes",
    "https://kubernetes.io/docs/concepts/configuration/secret/",
    ["nd: secret", 'nd": "secret', 'nd":"secret', 'nd: "secret'],
    secretsOf,
  ),
];
