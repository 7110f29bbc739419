// Redaction takes little for a credential that is none: counted in a large body of source code that others wrote.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { createRedactor } from "../../../src/event/redact.ts";
import { ROOT } from "../../world.ts";

/** A file as a tool may show it whole; longer ones are bundles. */
const MAX_FILE_BYTES = 512 * 1024;
/** Marks in a hundred thousand lines, at most; most of them stand for what examples and tests call a password. */
const MOST = 40;
/** Fewer lines say little. */
const FEWEST_LINES = 100_000;

interface Body {
  readonly what: string;
  /** The first that is there. */
  readonly dirs: readonly string[];
  readonly types: readonly string[];
}

const BODIES: readonly Body[] = [
  {
    what: "JavaScript, TypeScript, JSON and Markdown of the packages we build with",
    dirs: [join(ROOT, "node_modules")],
    types: [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", ".md"],
  },
  {
    what: "Python of Debian's python3, which Debian's python3-socketio brings along",
    dirs: readdirSync("/usr/lib").flatMap((name) => (/^python3\.\d+$/.test(name) ? [join("/usr/lib", name)] : [])),
    types: [".py"],
  },
];

for (const { what, dirs, types } of BODIES)
  test(`in ${what}, at most ${MOST} of 100,000 lines lose something`, (t) => {
    const [dir] = dirs.filter(existsSync);
    assert.ok(dir, "it is not installed: see .ci/run");
    const { files, bytes, lines, counts } = redacted(dir, types);
    const marks = Object.values(counts).reduce((sum, count) => sum + count, 0);
    tell(t, `${files} files, ${Math.round(bytes / 1e6)} MB, ${lines} lines: ${marks} marks`, counts);
    assert.ok(lines > FEWEST_LINES, `${lines} lines`);
    assert.ok(marks <= (lines / 100_000) * MOST, `${marks} marks in ${lines} lines: ${JSON.stringify(counts)}`);
  });

function redacted(dir: string, types: readonly string[]) {
  const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });
  const counts: Record<string, number> = {};
  let [files, bytes, lines] = [0, 0, 0];
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !types.includes(extname(entry.name)) || statSync(file).size > MAX_FILE_BYTES) continue;
    const text = readFileSync(file, "utf8");
    files++;
    bytes += text.length;
    lines += text.split("\n").length;
    for (const [kind, count] of Object.entries(redactor.redact(text).counts))
      counts[kind] = (counts[kind] ?? 0) + count;
  }
  return { files, bytes, lines, counts };
}

function tell(t: TestContext, text: string, counts: Readonly<Record<string, number>>): void {
  const most = Object.entries(counts).sort(([, a], [, b]) => b - a);
  t.diagnostic(`${text} (${most.map(([kind, count]) => `${kind} ${count}`).join(", ")})`);
}
