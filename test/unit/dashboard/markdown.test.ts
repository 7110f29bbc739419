// Markdown as a tree: what it keeps, what is harmless, and that no text takes long.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Leaf, piecesOf, readMarkdown } from "../../../src/dashboard/markdown/tree.ts";

const textOf = (leaves: readonly Leaf[]): string =>
  leaves.map((leaf) => (typeof leaf === "string" ? leaf : textOf(leaf.children))).join("");
const linksOf = (leaves: readonly Leaf[]): string[] =>
  leaves.flatMap((leaf) =>
    typeof leaf === "string" ? [] : [...(leaf.href ? [leaf.href] : []), ...linksOf(leaf.children)],
  );

test("links lead to the web or to mail, and all others are text that says where they would lead", () => {
  const text =
    "[a](javascript:alert(1)) [b](https://x.example/) [c](mailto:a@b.c) [d](data:text/html,x) [e](src/a.ts) [f]( jAvAscript:x)";
  const leaves = readMarkdown(text);
  assert.deepEqual(linksOf(leaves), ["https://x.example/", "mailto:a@b.c"]);
  assert.match(textOf(leaves), /a \(javascript:alert\(1\)\)/);
  assert.match(textOf(leaves), /e \(src\/a\.ts\)/);
});

test("HTML is shown as it is written, and images are named", () => {
  assert.equal(textOf(readMarkdown("<script>alert(1)</script>")), "<script>alert(1)</script>");
  const image = readMarkdown("![a cat](https://x.example/cat.png)");
  assert.equal(textOf(image), "[image: a cat] https://x.example/cat.png");
});

test("a long text is cut between blocks, and not inside of code, lists and tables", () => {
  const code = `\`\`\`ts\n${"line\n\nline\n".repeat(400)}\`\`\``;
  const items = Array.from({ length: 300 }, (_, index) => `- item ${index}`).join("\n\n");
  const text = ["word ".repeat(400), code, "after", items, "end"].join("\n\n");
  const pieces = piecesOf(text);
  assert.equal(pieces.join(""), text);
  assert.equal(pieces.filter((piece) => piece.includes("line")).length, 1);
  assert.equal(pieces.filter((piece) => piece.includes("- item")).length, 1);
});

test("any text is read, and nothing of it leads anywhere but to the web or to mail", () => {
  const part = fc.constantFrom(
    "[",
    "](",
    ")",
    "*",
    "_",
    "`",
    "```\n",
    "<",
    ">",
    "> ",
    "- ",
    "1. ",
    "|",
    "\n",
    "\n\n",
    "a",
    "javascript:",
    "https://a.b/",
    "![",
    "~~",
    "&#",
    "[^a]",
    "\t",
    "#",
    "\\",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 80 }), (parts) => {
      for (const href of linksOf(readMarkdown(parts.join("")))) assert.match(href, /^(https?|mailto):/);
    }),
    { numRuns: 500 },
  );
});

test("what would take long to read is plain text, and nothing overflows the stack", () => {
  const slow = ["*a ", "_a", "a*b_c", "[a](", "a@b.", "**a", "\\[", "1. ", "- ", "> ", "`a", "~~a"];
  for (const sign of slow) {
    const text = sign.repeat(Math.ceil(6000 / sign.length));
    assert.deepEqual(readMarkdown(text), [{ tag: "plain", children: [text] }], JSON.stringify(sign));
  }
  for (const sign of ["[", "<", "||", "&#", "www.", "```\n", "<!--", "\n", "a\n", "> a\n", "- a\n"])
    readMarkdown(sign.repeat(Math.ceil(100_000 / sign.length)));
});
