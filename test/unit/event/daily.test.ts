// What tools put out every day: hardly a secret leaks, and hardly anything is taken for one. Others are drawn every time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedactor } from "../../../src/event/redact.ts";
import { benign } from "./benign.ts";
import { daily } from "./daily.ts";

const ROUNDS = 10;
const MAX_LEAKING = 0.02;
const MAX_FALSE = 0.005;
const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });
const first = Date.now() % 2 ** 31;
const seeds = Array.from({ length: ROUNDS }, (_, index) => first + index);
const seenOf = (stdout: string) => redactor.redact({ stdout }).value.stdout;
const leaks = (text: string, secrets: readonly string[]) => secrets.some((secret) => seenOf(text).includes(secret));

test("of outputs with secrets at most one in fifty leaks one", () => {
  const cases = seeds.flatMap(daily);
  assert.ok(cases.length >= 100 * ROUNDS);
  for (const { name, secrets } of cases) assert.ok(secrets.length > 0, name);
  const leaking = cases.filter(({ text, secrets }) => leaks(text, secrets));
  const names = [...new Set(leaking.map(({ name }) => name))].join(", ");
  assert.ok(
    leaking.length <= MAX_LEAKING * cases.length,
    `seed ${first}: ${leaking.length} of ${cases.length}: ${names}`,
  );
});

/** What tools put before the lines of a text. */
const NUMBERED: readonly ((line: string, number: number) => string)[] = [
  (line, number) => `${number}\t${line}`,
  (line, number) => `${String(number).padStart(6)}→${line}`,
  (line, number) => `${String(number + 411).padStart(6)}\t${line}`,
  (line, number) => `${number}${number % 3 === 1 ? ":" : "-"}${line}`,
  (line, number) => `config/prod.yml:${number}:${line}`,
  (line, number) => `${String(number).padStart(4)} │ ${line}`,
];
const numbered = (text: string, add: (line: string, number: number) => string) =>
  text
    .split("\n")
    .map((line, index) => add(line, index + 1))
    .join("\n");

test("numbers before the lines hide no secret, and make none", () => {
  for (const { name, text, secrets } of daily(first))
    if (!leaks(text, secrets) && text.includes("\n"))
      for (const add of NUMBERED) assert.ok(!leaks(numbered(text, add), secrets), `${name}: ${numbered(text, add)}`);
  for (const text of benign(first))
    for (const add of NUMBERED)
      if (seenOf(text) === text) assert.equal(seenOf(numbered(text, add)), numbered(text, add));
});

/** What has secrets in objects and lists, as a request, a browser or a cloud gives it. */
const OBJECTS: readonly ((secret: string) => unknown)[] = [
  (secret) => ({ argv: ["mysql", "-u", "root", `-p${secret}`, "app"] }),
  (secret) => ({ argv: ["/usr/bin/curl", "-u", `dana:${secret}`, "https://example.com"] }),
  (secret) => ({ args: ["docker", "login", "-u", "dana", "-p", secret, "r.example.com"] }),
  (secret) => ({ kty: "RSA", n: "c2hlbGw".repeat(40), e: "AQAB", d: secret.repeat(20), p: "x" }),
  (secret) => ({
    headers: [
      ["X-Request-Id", "1"],
      ["Cookie", `sid=${secret}`],
    ],
  }),
  (secret) => ({ headers: [["X-Api-Key", secret]] }),
  (secret) => ({ headers: [{ name: "Cookie", value: `sid=${secret}` }] }),
  (secret) => ({ headers: [{ name: "Set-Cookie", value: `sid=${secret}; HttpOnly` }] }),
  (secret) => ({
    request: {
      cookies: [
        { name: "lang", value: "en" },
        { name: "sid", value: secret },
      ],
    },
  }),
  (secret) => ({ answers: { "What is the DB password?": secret } }),
  (secret) => ({ connectionUri: `Server=x;${secret}` }),
  (secret) => ({ password: Number(secret.replace(/\D/g, "")) * 10_000_019 }),
];

test("JSON in a text hides no secret that the same object would not show, numbered, over lines or escaped again", () => {
  for (const [index, object] of OBJECTS.entries()) {
    const secret = `R5${index}hh2t2kQ8W9`;
    const value = object(secret);
    const needle = /\d{9,}/.exec(JSON.stringify(value))?.[0] ?? secret;
    const texts = [
      JSON.stringify(value),
      JSON.stringify(value, null, 2),
      JSON.stringify({ body: JSON.stringify(value) }),
      `HTTP/1.1 200 OK\n\n${JSON.stringify(value)}`,
      numbered(JSON.stringify(value, null, 2), (line, number) => `${number}\t${line}`),
    ];
    for (const text of texts) assert.ok(!leaks(text, [needle]), text);
    assert.ok(!JSON.stringify(redactor.redact(value).value).includes(needle), needle);
  }
});

/** Tables and answers, which are seen in objects and not in JSON that is text. */
const ANSWERS: readonly ((secret: string) => unknown)[] = [
  (secret) => ({ answers: { "Which token should I use?": secret } }),
  (secret) => ({
    values: [
      ["Service", "User", "Password"],
      ["Router", "admin", secret],
    ],
  }),
  (secret) => ({ columns: ["id", "api_token"], rows: [[1, secret]] }),
  (secret) => ({ columns: [{ name: "id" }, { name: "password" }], rows: [[1, secret]] }),
];

test("what stands in a table under a name that says secret, or answers a question for one, is taken out", () => {
  for (const answer of ANSWERS)
    assert.ok(!JSON.stringify(redactor.redact(answer("R5hh2t2kQ8W9")).value).includes("R5hh2t2kQ8W9"));
  const table = { columns: ["id", "password_policy"], rows: [[1, "R5-strict"]] };
  assert.deepEqual(redactor.redact(table).value, table);
});

/** What asks for a secret, which is printed without a name. */
const ASKED = [
  { command: "pass show shop/db" },
  { command: "kubectl get secret db -o jsonpath='{.data.password}' | base64 -d" },
  { command: "wg genkey" },
  { command: "echo $DB_PASSWORD" },
  { file_path: "/run/secrets/api_token" },
];

test("what a tool gives that was asked for a secret is one, and what it gives else is none", () => {
  const [value = ""] = daily(first).find(({ name }) => name === "letters alone")?.secrets ?? [];
  assert.ok(value.length > 0);
  for (const input of ASKED) {
    const event = (text: string) => ({ tool_input: input, tool_response: { stdout: text, file: { content: text } } });
    assert.ok(!JSON.stringify(redactor.redact(event(`${value}\n`)).value).includes(value), JSON.stringify(input));
    for (const text of ["nothing was found", "error: no such secret", "/home/dana/file.txt", "1234", ""])
      assert.deepEqual(redactor.redact(event(text)).value, event(text));
  }
  const hash = {
    tool_input: { command: "git rev-parse token-service" },
    tool_response: { stdout: "4ec08e9c1f3d5b7a" },
  };
  assert.deepEqual(redactor.redact(hash).value, hash);
  const list = {
    tool_input: { file_path: "/etc/ppp/chap-secrets" },
    tool_response: { file: { content: '# client server secret\ndana * "R5hh2t2kQ8W9"\n' } },
  };
  assert.ok(!JSON.stringify(redactor.redact(list).value).includes("R5hh2t2kQ8W9"));
});

test("the numbers of a table's rows are a column, not those of its lines", () => {
  const table = "id\tname\tpassword\n1\tdana\tR5hh2t2kQ8W9\n2\tkim\tR5kk7t2pL3W9\n7\tlee\tR5mm7t2pL3W9\n";
  assert.ok(!leaks(table, ["R5hh2t2kQ8W9", "R5kk7t2pL3W9", "R5mm7t2pL3W9"]));
});

test("of outputs without secrets at most one in two hundred is changed", () => {
  const texts = seeds.flatMap(benign);
  const changed = texts.filter((text) => redactor.redact({ stdout: text }).value.stdout !== text);
  const named = changed.map((text) => text.slice(0, 80)).join(" | ");
  assert.ok(
    changed.length <= MAX_FALSE * texts.length,
    `seed ${first}: ${changed.length} of ${texts.length}: ${named}`,
  );
});
