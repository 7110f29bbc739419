// Promise 6, in one process: no credential leaves the redactor, and what is none stays as it is.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { OverBudget, UNSEEN } from "../../../src/event/budget.ts";
import { find } from "../../../src/event/find.ts";
import { createRedactor, NAMED_KIND } from "../../../src/event/redact.ts";
import { KINDS } from "../../../src/event/secrets/table.ts";
import { runs, tried } from "../../brief.ts";
import { holds } from "../../holds.ts";
import { ROOT } from "../../world.ts";
import { alnum, type Example, FALSE, KEY_LINES, pem, TOKEN, TRUE, WEB_TOKEN } from "./examples.ts";

const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });
const clean = <T>(value: T): T => redactor.redact(value).value;
const EXAMPLES = Object.entries(TRUE).flatMap(([kind, examples]) => examples.map((example) => ({ kind, ...example })));
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Fails if the secret is still in there, in any form that JSON gives it. */
function assertGone(value: unknown, { secret, text }: Example): void {
  const json = JSON.stringify(value);
  const inJson = JSON.stringify(secret).slice(1, -1);
  assert.ok(!json.includes(inJson), `${text.slice(0, 60)} became ${json.slice(0, 200)}`);
}

/** Bytes of the heap that something still holds. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

test("every kind has a source, words and true examples, and no two have the same name", () => {
  assert.ok(KINDS.length >= 50);
  assert.equal(new Set(KINDS.map(({ kind }) => kind)).size, KINDS.length);
  for (const { kind, about, source, words, anyCase } of KINDS) {
    assert.match(kind, /^[a-z0-9_]{3,40}$/);
    assert.match(source, /^https:\/\//, kind);
    assert.ok(about.length > 5, kind);
    for (const word of words)
      assert.ok(word.length >= 3 && (!anyCase || word === word.toLowerCase()), `${kind}: ${word}`);
    assert.ok((TRUE[kind] ?? []).length > 0, `${kind} has no example`);
  }
});

test("a credential of each kind is found under its own name, and what stands around it stays", () => {
  for (const { kind, text, secret } of EXAMPLES) {
    const { value, counts } = redactor.redact(`see ${text} there`);
    assertGone(value, { text, secret });
    assert.equal(counts[kind], 1, `${text.slice(0, 60)} counted as ${JSON.stringify(counts)}`);
    assert.ok(value.startsWith("see ") && value.endsWith(" there"), value);
    const [before = "", after = ""] = text.split(secret);
    if (!kind.includes("key") && before) assert.ok(value.includes(before.slice(0, 8)), `${before} is gone: ${value}`);
    if (after.length > 3 && !kind.startsWith("private")) assert.ok(value.includes(after.slice(-3)), `${after} is gone`);
  }
});

test("texts that only look like credentials stay the same", () => {
  for (const text of FALSE) assert.equal(clean(text), text);
});

test("credentials are found in fields, lists, keys, paths, error texts and JSON within strings", () => {
  for (const example of EXAMPLES) {
    const { text } = example;
    assertGone(clean({ tool_input: { deep: [{ list: [text] }] } }), example);
    assertGone(clean({ [text]: 1 }), example);
    assertGone(clean(`Error: request failed: ${text}\n    at main.ts:1:1`), example);
    assertGone(clean(`"${text}"`), example);
    assertGone(clean(`out:\\n${text}\\nend`), example);
  }
  assert.equal(clean(`/tmp/${TOKEN}/file.txt`), "/tmp/[redacted:github_token]/file.txt");
  const inner = JSON.stringify({ password: "low-water", note: "kept" });
  assert.equal(clean(inner), '{"password":"[redacted:assignment]","note":"kept"}');
  assert.equal(JSON.parse(clean(JSON.stringify(inner))), '{"password":"[redacted:assignment]","note":"kept"}');
});

test("base64 of a credential is one, whole or over lines, alone or within base64", () => {
  for (const { kind, text } of EXAMPLES) {
    if (text.length < 20) continue;
    const once = base64(text);
    for (const example of [once, base64(`{"a":"${once}"}`), base64(`dana ${text}`)])
      assertGone(clean(`data ${example} end`), { text: `base64 of ${kind}`, secret: example });
  }
  const lines = base64(`# a comment that is long enough for more than one line of output\ntoken ${TOKEN}\n`);
  const wrapped = lines.replace(/.{76}/g, "$&\n");
  assert.equal(clean(wrapped).trim(), "[redacted:github_token]");
});

test("a credential that is broken over lines, of one text or of a list of lines, is found", () => {
  for (const at of [5, 20, 39]) {
    const broken = `${TOKEN.slice(0, at)}\n${TOKEN.slice(at)}`;
    assert.equal(clean(`${broken}\nnext`), "[redacted:github_token]\nnext");
  }
  for (const newline of ["\n", "\r\n", "\\n", '\\n" +\n  "', "\n     2\t"])
    for (const secret of KEY_LINES)
      assertGone(clean(`key: ${pem("RSA PRIVATE KEY", newline)}.`), { text: newline, secret });
  const diff = pem("PRIVATE KEY")
    .split("\n")
    .map((line) => `+${line}`);
  const patch = clean({ lines: [" before", ...diff, " after"] });
  for (const secret of KEY_LINES) assertGone(patch, { text: "patch", secret });
  assert.equal(patch.lines.length, diff.length + 2);
  assert.equal(patch.lines.at(-1), " after");
  const [first = ""] = pem("PRIVATE KEY").split(KEY_LINES[2] as string);
  assertGone(clean(`${first}${"…"}`), { text: "the beginning of a key", secret: KEY_LINES[1] as string });
});

test("a web token is found behind what only begins like one", () => {
  for (const before of ["keyJson\n", "eyJ\n", "_eyJ-", "eyJabc_"])
    assertGone(clean(`${before}${WEB_TOKEN}`), { text: before, secret: WEB_TOKEN.split(".")[2] as string });
});

test("a credential that its sender has cut is found by its half", () => {
  assert.equal(clean(`GITHUB: ${TOKEN.slice(0, 30)}...`), "GITHUB: [redacted:github_token]...");
  assert.equal(clean(`say ${TOKEN.slice(0, 30)}`), "say [redacted:github_token]");
});

test("fields whose name says secret lose their text, and only that", () => {
  const mark = `[redacted:${NAMED_KIND}]`;
  for (const name of [
    "password",
    "db_password",
    "dbPassword",
    "API-KEY",
    "apiKey",
    "token",
    "access_token",
    "Authorization",
  ])
    assert.deepEqual(clean({ [name]: "plain" }), { [name]: mark });
  for (const name of [
    "client_secret",
    "private_key",
    "passphrase",
    "cookie",
    "x-api-key",
    "credentials",
    "token2",
    "secretAccessKey",
  ])
    assert.deepEqual(clean({ [name]: "plain" }), { [name]: mark });
  const kept = {
    input_tokens: 5,
    max_tokens: "4096",
    token: 7,
    password: true,
    secret: null,
    credentials: { user: "dana" },
  };
  assert.equal(clean(kept), kept);
  for (const name of [
    "author",
    "tokens_used",
    "nextPageToken",
    "passed",
    "session_id",
    "keyboard",
    "public_key",
    "token_type",
  ])
    assert.deepEqual(clean({ [name]: "plain" }), { [name]: "plain" });
  assert.deepEqual(clean({ tokens: ["a", "b"] }), { tokens: [mark, mark] });
  assert.deepEqual(clean({ env: [{ name: "API_KEY", value: "v" }] }), { env: [{ name: "API_KEY", value: mark }] });
  assert.deepEqual(clean(["deploy", "--password", "v"]), ["deploy", "--password", mark]);
  assert.deepEqual(redactor.redact({ token: WEB_TOKEN }).counts, { jwt: 1 });
});

test("keys that become the same stay two, and __proto__ stays data", () => {
  const other = `ghp${"_"}${alnum(36, 99)}`;
  const value = clean({ [TOKEN]: 1, [other]: 2 });
  assert.deepEqual(Object.values(value), [1, 2]);
  const hostile = clean(JSON.parse(`{"__proto__":{"token":"x"},"constructor":"${TOKEN}"}`));
  assert.deepEqual(Object.keys(hostile), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(hostile), Object.prototype);
  assert.deepEqual(redactor.redact({ __proto__: null, toString: TOKEN }).counts, { github_token: 1 });
});

test("what holds no credential is given back as the same object, and is not changed", () => {
  const value = { a: [{ b: "text" }], c: { d: "more text" } };
  assert.equal(clean(value), value);
  const mixed = { a: value, token: "x" };
  const before = JSON.stringify(mixed);
  assert.equal(clean(mixed).a, value);
  assert.equal(JSON.stringify(mixed), before);
});

test("credentials that stand side by side without anything between them are all found", () => {
  const [example] = TRUE["plaid_token"] as readonly Example[];
  assert.equal(clean((example?.text ?? "").repeat(50)), "[redacted:plaid_token]".repeat(50));
});

test("redacting twice changes nothing more", () => {
  const pieces = fc.constantFrom(
    ...EXAMPLES.map(({ text }) => text),
    ...FALSE,
    "password=",
    "token: ",
    '"',
    "\\",
    "\n",
    "://",
    "@",
    " ",
    "[redacted:",
    "]",
  );
  const text = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 6 }).map((parts) => parts.join(""));
  const value = fc.oneof(
    text,
    fc.array(text),
    fc.dictionary(fc.oneof(text, fc.constantFrom("password", "note")), text),
  );
  holds(
    fc.property(value, (given) => {
      const once = redactor.redact(given);
      const twice = redactor.redact(once.value);
      assert.deepEqual(twice.value, once.value);
      assert.deepEqual(twice.counts, {});
    }),
    { numRuns: runs(2000) },
  );
});

test("switched off, it gives back what it gets", () => {
  const off = createRedactor({ enabled: false, patterns: [] }).redactor;
  const value = { password: TOKEN };
  assert.equal(off.redact(value).value, value);
});

test("patterns of the user are used beside the known kinds", () => {
  const { redactor: own, problems } = createRedactor({
    enabled: true,
    patterns: [
      { name: "ticket", regex: "TIDE-\\d{4,8}" },
      { name: "badge", regex: "(?<=badge )[a-z]+" },
    ],
  });
  assert.deepEqual(problems, []);
  const { value, counts } = own.redact({ text: `TIDE-12345 and badge abc, ${TOKEN}` });
  assert.equal(value.text, "[redacted:ticket] and badge [redacted:badge], [redacted:github_token]");
  assert.deepEqual(counts, { ticket: 1, badge: 1, github_token: 1 });
  assert.equal(own.redact(value).value, value);
});

test("a pattern that cannot be used is a problem with a code, and leaves the others in force", () => {
  const { redactor: own, problems } = createRedactor({
    enabled: true,
    patterns: [
      { name: "open", regex: "(" },
      { name: "star", regex: "x*" },
      { name: "none", regex: "" },
      { name: "good", regex: "TIDE-\\d+" },
    ],
  });
  assert.deepEqual(problems, [
    { name: "open", code: "not_a_regex" },
    { name: "star", code: "matches_nothing" },
    { name: "none", code: "matches_nothing" },
  ]);
  assert.equal(own.redact("TIDE-1 x").value, "[redacted:good] x");
});

/** Three texts are given up after 50 ms each; the rest is a loaded machine. */
const PATTERN_DEADLINE_MS = 5000;

test("no pattern can hold up an event: a text that it does not get through is taken out whole", () => {
  const long = `${"a".repeat(5000)}!`;
  for (const regex of ["(a+)+$", "^(a|a)*b", "(?:[a-z]|\\w){1,}#", "(x+x+)+y", "(?<=(a+)+b)c", "key=(?:\\w|\\d)*;"]) {
    const { redactor: own, problems } = createRedactor({
      enabled: true,
      patterns: [
        { name: "slow", regex },
        { name: "good", regex: "TIDE-\\d+" },
      ],
    });
    assert.deepEqual(problems, []);
    const texts = [long, `x${long}`, "x".repeat(5000), `key=${"b".repeat(5000)}`, "ab".repeat(3000), "TIDE-1"];
    const begun = performance.now();
    const { value } = own.redact({ texts: texts.map((text) => ({ text })), last: "TIDE-2 x" });
    assert.ok(performance.now() - begun < PATTERN_DEADLINE_MS, regex);
    assert.doesNotMatch(JSON.stringify(value), /TIDE-/);
    assert.ok(["[redacted:good] x", "[redacted:slow]"].includes(value.last), value.last);
  }
});

/** A quadratic pattern would take minutes for one of these. */
const LONG = 100_000;
const DEADLINE_MS = 60_000;

test("no text makes a pattern slow: long repetitions of what each kind begins with", {
  timeout: 20 * DEADLINE_MS,
}, () => {
  for (const { kind, words } of tried(KINDS)) {
    const [example] = TRUE[kind] as readonly Example[];
    const text = example?.text ?? "";
    const [word = text.slice(0, 4)] = words;
    for (const piece of [
      word,
      `${word}=`,
      `${word}: "\\`,
      text.slice(0, -1),
      text.slice(0, Math.ceil(text.length / 2)),
    ]) {
      const begun = performance.now();
      redactor.redact(piece.repeat(Math.ceil(LONG / piece.length)));
      const ms = performance.now() - begun;
      assert.ok(ms < DEADLINE_MS, `${kind}: ${LONG} characters of ${JSON.stringify(piece.slice(0, 40))} took ${ms} ms`);
    }
  }
  for (const piece of ['\\"password\\": \\"', "a", "A1", "/", "\\", '"', "=", "eyJ.", "\n", "[redacted:"])
    redactor.redact(piece.repeat(LONG));
});

test("in recorded sessions nothing is taken for a credential, except in the one that has some", () => {
  const dir = join(ROOT, "test/host/recordings");
  for (const name of readdirSync(dir).filter((name) => name.endsWith(".jsonl"))) {
    const events = readFileSync(join(dir, name), "utf8").trim().split("\n");
    for (const line of events) {
      const { payload } = JSON.parse(line) as { payload: unknown };
      const { value, counts } = redactor.redact(payload);
      if (name !== "secrets.jsonl") assert.deepEqual(counts, {}, `${name}: ${JSON.stringify(value).slice(0, 2000)}`);
      else assert.doesNotMatch(JSON.stringify(value), /AKIAIOS|ghp_abc|tidepool-pass|low-water/);
    }
  }
});

test("the documentation lists the kinds that the code knows, with their sources", () => {
  const text = readFileSync(join(ROOT, "docs/redaction.md"), "utf8");
  const documented = text.split("\n").filter((line) => /^\| `[a-z0-9_]+` \|/.test(line));
  assert.deepEqual(
    documented,
    KINDS.map(({ kind, about, source }) => `| \`${kind}\` | ${about} | <${source}> |`),
  );
});

test("what takes more than its budget is taken out unseen, and what was seen before it stays", () => {
  const { redactor: hurried } = createRedactor({ enabled: true, patterns: [], budgetMs: 40 });
  const slow = 'token: "'.repeat(100_000);
  const { value, counts } = hurried.redact({
    first: "tide",
    key: `ghp_${"a1B2".repeat(9)}`,
    slow,
    later: { deep: [`ghp_${"a1B2".repeat(9)}`] },
    number: 7,
  });
  assert.equal(value.first, "tide");
  assert.equal(value.key, "[redacted:github_token]");
  const kept = value.slow.replace(/\[redacted:over_budget\]$/, "");
  assert.ok(kept !== value.slow && slow.startsWith(kept), value.slow.slice(-100));
  assert.doesNotMatch(JSON.stringify(value), /ghp_/);
  assert.ok((counts["over_budget"] ?? 0) >= 1);
});

test("of a text that is given up, what was looked at stays, but for what may belong to the rest", () => {
  const filler = 'token: "'.repeat(5000);
  const texts = [
    `ghp_${"a1B2".repeat(9)} ${filler.repeat(8)}`,
    `${filler}-----BEGIN PRIVATE KEY-----\n${`${"aB3x".repeat(16)}\n`.repeat(200)}${filler.repeat(8)}`,
    `${filler}password = "tide\\u0041 ${filler.repeat(8)}"`,
    `${filler}${Buffer.from(`key: ghp_${"a1B2".repeat(9)} ${'token: "'.repeat(30_000)}`).toString("base64")}`,
  ];
  for (const text of texts)
    for (let characters = 1000; characters < text.length; characters += 37_000) {
      let left = characters;
      const found = find(text, (looked) => {
        left -= looked / 100;
        if (left < 0) throw new OverBudget();
      });
      const last = found.at(-1);
      const [seen, rest] = [found.slice(0, -1), last?.kind === UNSEEN ? last.start : text.length];
      assert.ok(seen.every(({ end }) => end <= rest));
      for (const secret of ["ghp_", "aB3x"])
        for (let at = text.indexOf(secret); at >= 0 && at < rest; at = text.indexOf(secret, at + 1))
          assert.ok(
            found.some(({ start, end }) => start <= at && end > at),
            `${secret} at ${at} of ${rest}`,
          );
    }
});

test("what begins before the place where a text is given up is unseen as a whole", () => {
  const before = 'token: "'.repeat(4000);
  const text = `${before}tide:token1-token2-token3-token4@tcp(db:3306)/tide`;
  let calls = 0;
  find(text, () => calls++);
  for (let last = calls - 40; last < calls; last++) {
    let call = 0;
    const found = find(text, () => {
      if (++call > last) throw new OverBudget();
    });
    assert.ok(found.some(({ start, end }) => start <= text.indexOf("token1") && end > text.indexOf("token2")));
  }
});

test("names that were seen keep nothing of the texts that they stood in", () => {
  const TEXTS = 40;
  const SIZE = 1_000_000;
  const before = usedBytes();
  for (let index = 0; index < TEXTS; index++)
    redactor.redact({ text: `${"x ".repeat(SIZE / 2)}${index} tide_service_${index}_token = 5` });
  const grown = usedBytes() - before;
  assert.ok(grown < (TEXTS * SIZE) / 4, `${grown} bytes more for ${TEXTS} texts of ${SIZE}`);
});

test("no text takes much longer than the budget, whatever it holds", () => {
  const { redactor: usual } = createRedactor({ enabled: true, patterns: [] });
  const BUDGET_MS = 300;
  const keys = (name: (index: number) => string) =>
    Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [name(index), "x".repeat(8)]));
  for (const value of [
    { text: 'token: "'.repeat(200_000) },
    { text: "password=a ".repeat(150_000) },
    { text: "-----BEGIN ".repeat(150_000) },
    { text: `${Buffer.from("token: abc ".repeat(40)).toString("base64")}\n`.repeat(2000) },
    keys((index) => `token ${index}`),
    keys((index) => `ghp_${String(index).padStart(36, "a")}`),
  ]) {
    const before = process.threadCpuUsage();
    usual.redact(value);
    const { user, system } = process.threadCpuUsage(before);
    assert.ok(
      (user + system) / 1000 < 6 * BUDGET_MS,
      `${(user + system) / 1000} ms for ${JSON.stringify(value).slice(0, 40)}`,
    );
  }
});
