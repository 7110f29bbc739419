// The words of all kinds (`token`, `ghp_`, `://`), and which of them begin at a place: it is compared with all of them at once,
// by a tree, which looks at no more characters than the longest has.

import type { Kind } from "./secrets/kind.ts";
import { KINDS } from "./secrets/table.ts";

export interface Word {
  readonly text: string;
  /** That of the kinds: the first that knows a place gives it its name. */
  readonly order: number;
  /** Capitals and small letters are the same. */
  readonly anyCase: boolean;
  readonly kinds: readonly Kind[];
}

export const WORDS = collected(KINDS);

function collected(kinds: readonly Kind[]): readonly Word[] {
  const words = new Map<string, Word & { kinds: Kind[] }>();
  for (const kind of kinds)
    for (const text of kind.words) {
      const key = `${kind.anyCase} ${text}`;
      const word = words.get(key);
      if (word) word.kinds.push(kind);
      else words.set(key, { text, order: words.size, anyCase: kind.anyCase, kinds: [kind] });
    }
  return [...words.values()];
}

/** By character: five bits that tell apart what words are made of, capitals from small letters excepted. */
export const CODES = new Uint8Array(256);
export const CODE_BITS = 5;
for (let code = 0; code < 128; code++) {
  const folded = String.fromCharCode(code).toLowerCase();
  if (/[a-z]/.test(folded)) CODES[code] = folded.charCodeAt(0) - 96;
  else if (/\d/.test(folded)) CODES[code] = 27;
  else if (folded === "_") CODES[code] = 28;
  else if (folded === "-") CODES[code] = 29;
  else if (folded === ".") CODES[code] = 30;
  else if (/[/:+$@=?&{"']/.test(folded)) CODES[code] = 31;
}

interface Node {
  readonly next: Map<number, Node>;
  /** Those that end here. */
  readonly words: Word[];
}

/** By node and code the next node, with a bit where words end there; by node the words that end there or on the way. */
const [ENDS_BIT, NODE_MASK] = [0x8000, 0x7fff];
const { steps: STEPS, ended: ENDED } = treeOf(WORDS);

function treeOf(words: readonly Word[]) {
  const root: Node = { next: new Map(), words: [] };
  for (const word of words) {
    let node = root;
    for (const character of word.text) {
      const code = codeAt(character, 0);
      const next = node.next.get(code) ?? { next: new Map(), words: [] };
      node.next.set(code, next);
      node = next;
    }
    node.words.push(word);
  }
  const nodes = [root];
  const ended: Word[][] = [[]];
  const steps: number[] = [];
  for (const [number, node] of nodes.entries())
    for (const [code, next] of node.next) {
      steps[(number << CODE_BITS) | code] = nodes.length | (next.words.length > 0 ? ENDS_BIT : 0);
      nodes.push(next);
      ended.push([...(ended[number] as Word[]), ...next.words].sort((a, b) => a.order - b.order));
    }
  return { steps: Uint16Array.from({ length: nodes.length << CODE_BITS }, (_, step) => steps[step] ?? 0), ended };
}

/** The words that seem to begin at a place, in their order. */
export function wordsFrom(text: string, at: number): readonly Word[] {
  let ended = 0;
  for (let node = 0, end = at; ; end++) {
    const step = STEPS[(node << CODE_BITS) | codeAt(text, end)] as number;
    if (step === 0) return ENDED[ended] as readonly Word[];
    node = step & NODE_MASK;
    if (step !== node) ended = node;
  }
}

function codeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (CODES[code] as number) : 0;
}

/** Whether a word stands at a place of a text. */
export function standsAt(text: string, { text: word, anyCase }: Word, at: number): boolean {
  if (!anyCase) return text.startsWith(word, at);
  for (let index = 0; index < word.length; index++) {
    const code = text.charCodeAt(at + index);
    const wanted = word.charCodeAt(index);
    if (code !== wanted && !(code >= 65 && code <= 90 && code + 32 === wanted) && !isCapital(code, wanted))
      return false;
  }
  return true;
}

/** The same of letters beyond A to Z. */
const isCapital = (code: number, small: number): boolean =>
  small > 127 && String.fromCharCode(code).toLowerCase() === String.fromCharCode(small);
