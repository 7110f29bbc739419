// What the product is made of: few packages, each with a reason in docs/trust.md, nothing else in the built files, and
// the same bytes from every build.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NODE, ROOT, run, tempDir } from "../../world.ts";

interface Lock {
  readonly packages: Readonly<Record<string, { resolved?: string; integrity?: string; link?: boolean }>>;
}

const json = <T>(file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8")) as T;
const { devDependencies, dependencies } =
  json<Record<"devDependencies" | "dependencies", Record<string, string>>>("package.json");

/** First cells of the rows of the table below a heading of docs/trust.md, without their backticks. */
function tableBelow(heading: string): string[] {
  const [, after = ""] = readFileSync(join(ROOT, "docs/trust.md"), "utf8").split(`\n${heading}\n`);
  const [table = ""] = after.split(/\n#+ /);
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name as string);
}

/** What the packages that are bundled bring along; they and these are all that may be in dist/. */
const BROUGHT_ALONG = [
  "@opentelemetry/api",
  "@opentelemetry/core",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-metrics",
  "@opentelemetry/semantic-conventions",
  "@pinojs/redact",
  "@preact/signals-core",
  "@socket.io/component-emitter",
  "accepts",
  "atomic-sleep",
  "ccount",
  "cookie",
  "cors",
  "debug",
  "decode-named-character-reference",
  "devlop",
  "engine.io-client",
  "engine.io-parser",
  "escape-string-regexp",
  "jose",
  "longest-streak",
  "markdown-table",
  "mdast-util-find-and-replace",
  "mdast-util-gfm-autolink-literal",
  "mdast-util-gfm-footnote",
  "mdast-util-gfm-strikethrough",
  "mdast-util-gfm-table",
  "mdast-util-gfm-task-list-item",
  "mdast-util-phrasing",
  "mdast-util-to-markdown",
  "mdast-util-to-string",
  "micromark",
  "micromark-core-commonmark",
  "micromark-extension-gfm-autolink-literal",
  "micromark-extension-gfm-footnote",
  "micromark-extension-gfm-strikethrough",
  "micromark-extension-gfm-table",
  "micromark-extension-gfm-tagfilter",
  "micromark-extension-gfm-task-list-item",
  "micromark-factory-destination",
  "micromark-factory-label",
  "micromark-factory-space",
  "micromark-factory-title",
  "micromark-factory-whitespace",
  "micromark-util-character",
  "micromark-util-chunked",
  "micromark-util-classify-character",
  "micromark-util-combine-extensions",
  "micromark-util-decode-numeric-character-reference",
  "micromark-util-decode-string",
  "micromark-util-edit-map",
  "micromark-util-encode",
  "micromark-util-html-tag-name",
  "micromark-util-normalize-identifier",
  "micromark-util-resolve-all",
  "micromark-util-sanitize-uri",
  "micromark-util-subtokenize",
  "mime-db",
  "mime-types",
  "ms",
  "negotiator",
  "oauth4webapi",
  "object-assign",
  "on-exit-leak-free",
  "pg-cloudflare",
  "pg-connection-string",
  "pg-int8",
  "pg-pool",
  "pg-protocol",
  "pg-types",
  "pgpass",
  "pino-std-serializers",
  "postgres-array",
  "postgres-bytea",
  "postgres-date",
  "postgres-interval",
  "quick-format-unescaped",
  "safe-stable-stringify",
  "socket.io-adapter",
  "socket.io-parser",
  "sonic-boom",
  "split2",
  "thread-stream",
  "unist-util-is",
  "unist-util-stringify-position",
  "unist-util-visit",
  "unist-util-visit-parents",
  "vary",
  "ws",
  "xmlhttprequest-ssl",
  "xtend",
  "zod-to-json-schema",
  "zwitch",
];

test("every package has its reason and weight in docs/trust.md, and no other has", () => {
  assert.deepEqual(dependencies ?? {}, {}, "what is installed needs no node_modules");
  assert.deepEqual(tableBelow("### Packages").sort(), Object.keys(devDependencies).sort());
});

test("every package is locked by its hash", () => {
  const { packages } = json<Lock>("package-lock.json");
  for (const [name, { integrity, link }] of Object.entries(packages))
    if (name !== "" && !link) assert.match(integrity ?? "", /^sha512-/, name);
});

test("the built files are made of our sources and of packages that are named, and of nothing else", () => {
  const { node, web } = json<Record<"node" | "web", string[]>>("dist/meta/bundle.json");
  const allowed = new Set([...Object.keys(devDependencies), ...BROUGHT_ALONG]);
  const used = new Set<string>();
  for (const input of [...node, ...web]) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input) ?? [];
    if (name !== undefined) used.add(name);
    else assert.match(input, /^src\/|^<define:|^package\.json$|^builtin:[a-z/_]+$/, input);
  }
  assert.deepEqual(
    [...used].filter((name) => !allowed.has(name)),
    [],
  );
  assert.deepEqual(
    BROUGHT_ALONG.filter((name) => !used.has(name)),
    [],
    "the list names nothing that is gone",
  );
});

test("the built files name no place of the machine that built them, and hold no secret", () => {
  for (const file of filesBelow(join(ROOT, "dist"))) {
    const text = readFileSync(file, "utf8");
    assert.ok(!text.includes(ROOT), `${file} names ${ROOT}`);
    assert.doesNotMatch(text, /sourceMappingURL=data:/, file);
  }
});

test("two builds of the same sources, in two places, are the same bytes", async (t) => {
  const digests = await Promise.all(
    [1, 2].map(async () => {
      const dir = tempDir(t);
      for (const name of [
        "src",
        "hooks",
        ".claude-plugin",
        "build.ts",
        "bundle.ts",
        "merge.ts",
        "package.json",
        "tsconfig.json",
      ])
        cpSync(join(ROOT, name), join(dir, name), { recursive: true });
      symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
      const env = { PATH: process.env["PATH"] ?? "", HOME: dir };
      const { status, stderr } = await run(NODE, ["build.ts"], { cwd: dir, env, timeoutMs: 120_000 });
      assert.equal(status, 0, stderr);
      return filesBelow(join(dir, "dist"))
        .filter((file) => !file.includes("/meta/"))
        .map((file) => [file.slice(dir.length), createHash("sha256").update(readFileSync(file)).digest("hex")]);
    }),
  );
  assert.ok((digests[0]?.length ?? 0) > 5);
  assert.deepEqual(digests[0], digests[1]);
});

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}
