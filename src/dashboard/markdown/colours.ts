// Colours of code in a few languages, as parts of its text: loaded with the first code that has one of them.

import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

/** A part of a code's text; what it is, where it has a colour. */
export interface Coloured {
  readonly text: string;
  readonly kind?: Kind;
}

const lowlight = createLowlight({ bash, css, diff, go, json, python, rust, sql, typescript, xml, yaml });
lowlight.registerAlias({
  bash: ["sh", "zsh", "shell", "console"],
  typescript: ["ts", "tsx", "js", "jsx", "javascript", "mjs"],
  python: ["py"],
  rust: ["rs"],
  xml: ["html", "svg"],
  yaml: ["yml"],
  json: ["jsonc", "json5"],
  diff: ["patch"],
});
/** Longer code stays as it is. Characters. */
const MAX_CODE = 20_000;

const KINDS = {
  keyword: "word",
  built_in: "name",
  type: "name",
  title: "name",
  function: "name",
  literal: "value",
  number: "value",
  string: "text",
  regexp: "text",
  comment: "remark",
  meta: "remark",
  attr: "name",
  attribute: "name",
  name: "word",
  tag: "word",
  addition: "added",
  deletion: "removed",
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];
const kinds = new Map<string, Kind>(Object.entries(KINDS));

type Tree = ReturnType<typeof lowlight.highlight>;
type Child = Tree["children"][number];

/** Undefined where the language is not known, or the code too long. */
export function coloursOf(text: string, language: string): readonly Coloured[] | undefined {
  const name = language.toLowerCase();
  if (text.length > MAX_CODE || !lowlight.registered(name)) return undefined;
  const parts: Coloured[] = [];
  const walk = (children: readonly Child[], kind: Kind | undefined): void => {
    for (const child of children) {
      if (child.type === "text") parts.push({ text: child.value, ...(kind ? { kind } : {}) });
      else if (child.type === "element") walk(child.children, kindOf(child.properties["className"]) ?? kind);
    }
  };
  walk(lowlight.highlight(name, text).children, undefined);
  return parts;
}

function kindOf(classes: unknown): Kind | undefined {
  const names = Array.isArray(classes) ? classes.map(String) : [];
  return names.map((name) => kinds.get(name.replace(/^hljs-/, ""))).find((kind) => kind !== undefined);
}
