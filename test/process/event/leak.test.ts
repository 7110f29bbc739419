// Promise 6, from end to end: what a real hook stored, a real relay forwarded and a real monitor keeps holds no credential.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { io } from "socket.io-client";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { TOKEN, TRUE } from "../../unit/event/examples.ts";
import { receiver } from "../../unit/relay/server.ts";
import { HOOK, mpm, run, tempWorld, until } from "../../world.ts";

const EXAMPLES = Object.values(TRUE).flat();
/** Examples in one event. */
const CHUNK = 40;
const DEADLINE_MS = 60_000;

type World = ReturnType<typeof tempWorld>;

function home(t: TestContext): World {
  const world = tempWorld(t);
  mkdirSync(world.mpmHome, { recursive: true, mode: 0o700 });
  const config = { monitor: { port: 0 }, log: { level: "trace" } };
  writeFileSync(join(world.mpmHome, "config.json"), JSON.stringify(config), { mode: 0o600 });
  return world;
}

/** Events with every example in every place that an event has. */
function payloads(): Record<string, unknown>[] {
  const chunks: (typeof EXAMPLES)[] = [];
  for (let from = 0; from < EXAMPLES.length; from += CHUNK) chunks.push(EXAMPLES.slice(from, from + CHUNK));
  return chunks.flatMap((chunk, index) => {
    const texts = chunk.map(({ text }) => text);
    const common = { session_id: `s-${index}`, cwd: `/tmp/${TOKEN}`, transcript_path: `/tmp/${TOKEN}/t.jsonl` };
    const tool = { ...common, tool_name: "Bash", tool_use_id: `toolu_${index}` };
    return [
      { ...common, hook_event_name: "UserPromptSubmit", prompt: texts.join("\nand ") },
      { ...tool, hook_event_name: "PreToolUse", tool_input: { command: texts.join(" ; "), list: texts } },
      {
        ...tool,
        hook_event_name: "PostToolUse",
        tool_response: {
          stdout: texts.map((text) => Buffer.from(text).toString("base64")).join("\n"),
          keys: Object.fromEntries(texts.map((text) => [text, { text }])),
          json: JSON.stringify({ texts, nested: JSON.stringify(texts) }),
        },
      },
      { ...tool, hook_event_name: "PostToolUseFailure", error: `Exit 1: ${texts.join("\n    at ")}` },
    ];
  });
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** As it is, as JSON, as JSON within JSON, in base64. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const twice = JSON.stringify(json).slice(1, -1);
  const forms = [secret, json, twice];
  // Base64 of a part depends on what stands before; only that of a whole text is made here.
  if (secret.length >= 24) forms.push(Buffer.from(secret).toString("base64").replace(/=+$/, ""));
  return [...new Set(forms)];
}

function assertNowhere(where: string, content: string): void {
  for (const { secret, text } of EXAMPLES) {
    for (const form of formsOf(secret)) {
      const at = content.indexOf(form);
      assert.ok(
        at < 0,
        `${where} holds ${form.slice(0, 40)} of ${text.slice(0, 40)}: ${content.slice(at - 60, at + 80)}`,
      );
    }
  }
}

/** Stores all of them, as Claude Code would. */
async function hooks(env: Record<string, string>, given: readonly Record<string, unknown>[]): Promise<void> {
  for (const payload of given) {
    const input = `${JSON.stringify(payload)}\n`;
    const { status } = await run(HOOK, [String(payload["hook_event_name"])], { env, input });
    assert.equal(status, 0);
  }
}

/** A word of a credential that nothing else consists of, as the full-text index would have it. */
const WORD = /[\p{L}\p{N}]{16,}/gu;

/** The index keeps words, lower-cased and shortened by what they share: its bytes tell nothing, its vocabulary does. */
function wordsOf(file: string): Set<string> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.exec("CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, search, row)");
    return new Set((db.prepare("SELECT term FROM temp.word").all() as { term: string }[]).map(({ term }) => term));
  } finally {
    db.close();
  }
}

/** Everything that a page, a script or a terminal is given. */
async function shown(world: World): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  const { url } = JSON.parse(readFileSync(join(world.mpmHome, "monitor.json"), "utf8")) as { url: string };
  const token = readFileSync(join(world.mpmHome, "token"), "utf8").trim();
  const ask = async (path: string) => {
    const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 200, path);
    const text = await answer.text();
    all.set(path, text);
    return text;
  };
  const { sessions } = JSON.parse(await ask("/api/sessions")) as { sessions: { id: string }[] };
  assert.ok(sessions.length > 0);
  const ofSessions = sessions.flatMap(({ id }) => [`/api/sessions/${id}`, `/api/sessions/${id}/timeline`]);
  const lists = ["/api/events?after=0&limit=1000", "/api/events?after=0&limit=1000&view=rows"];
  for (const path of [...lists, ...ofSessions, "/api/stats", "/metrics", "/health"]) await ask(path);

  const socket = io(`${url}/live`, { auth: { token }, reconnection: false, transports: ["websocket"] });
  const told: unknown[] = [];
  socket.onAny((...args: unknown[]) => told.push(args));
  socket.emit("subscribe", { after: 0 });
  await until(() => JSON.stringify(told).includes('"rows"'), DEADLINE_MS, "the live stream");
  socket.close();
  all.set("the live stream", JSON.stringify(told));

  for (const args of [["events", "--limit", "1000"], ["status"], ["doctor"], ["monitor", "status"]]) {
    const { stdout, stderr } = await mpm(args, { env: world.env });
    all.set(`mpm ${args.join(" ")}`, stdout + stderr);
  }
  return all;
}

test("no credential goes over the wire, to whatever server", { timeout: 3 * DEADLINE_MS }, async (t) => {
  const world = home(t);
  const server = await receiver(t);
  const given = payloads();
  await hooks({ ...world.env, MPM_SERVER_URL: server.url }, given);
  await until(() => server.received.length >= given.length, DEADLINE_MS, "all events");
  assertNowhere("what was sent", JSON.stringify(server.received));
});

test("no credential is found in what debugging says and writes", { timeout: 3 * DEADLINE_MS }, async (t) => {
  const world = home(t);
  const [first] = payloads();
  for (const input of [`${JSON.stringify(first)}\n`, JSON.stringify(first).slice(0, -20)]) {
    const outcome = await run(HOOK, ["UserPromptSubmit"], { env: { ...world.env, MPM_HOOK_DEBUG: "true" }, input });
    assert.equal(outcome.status, 0);
    assertNowhere("debugging", outcome.stdout + outcome.stderr);
  }
  assertNowhere("hook.log", readFileSync(join(world.mpmHome, "log/hook.log"), "utf8"));
});

test("no credential is found in the store, its log and index, the logs, the export, or the reasons of what was rejected", {
  timeout: 3 * DEADLINE_MS,
}, async (t) => {
  const world = home(t);
  const given = payloads();
  await hooks(world.env, given);
  // What cannot be understood is named, never quoted.
  const broken = `{"hook_event_name":"Stop","session_id":5,"prompt":${JSON.stringify(EXAMPLES.map(({ text }) => text))}}`;
  await run(HOOK, ["Stop"], { env: world.env, input: `${broken}\n` });
  await run(HOOK, ["Stop"], { env: world.env, input: `${broken.slice(0, -20)}\n` });

  const spool = join(world.mpmHome, "spool");
  await until(() => readdirSync(spool).length === 0, DEADLINE_MS, "an empty spool");
  let envelopes: Envelope[] = [];
  await until(
    async () => {
      const { stdout } = await mpm(["events", "--json", "--limit", "1000"], { env: world.env });
      envelopes = stdout
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Envelope);
      assertNowhere("the export", stdout);
      return envelopes.length >= given.length;
    },
    DEADLINE_MS,
    "all events in the store",
  );
  assert.equal(envelopes.length, given.length);
  for (const { data } of envelopes) assert.match(JSON.stringify(data), /\[redacted:/);

  for (const [where, text] of await shown(world)) assertNowhere(where, text);
  const words = wordsOf(join(world.mpmHome, "monitor.db"));
  assert.ok(words.has("redacted"));
  for (const { secret } of EXAMPLES)
    for (const [word] of secret.matchAll(WORD))
      assert.ok(!words.has(word.toLowerCase()), `the full-text index has the word ${word}`);

  const files = filesBelow(world.mpmHome);
  const names = files.map((file) => relative(world.mpmHome, file));
  const databases = ["monitor.db", "monitor.db-wal", "monitor.db-shm", "relay.db", "relay.db-wal"];
  for (const name of [...databases, "relay.json", "monitor.json", "log/relay.log", "log/monitor.log"])
    assert.ok(names.includes(name), `${name} is searched, too: ${names.join()}`);
  assert.equal(names.filter((name) => name.endsWith(".reason.json")).length, 2);
  for (const [index, file] of files.entries()) {
    const name = names[index] as string;
    if (name.startsWith("rejected/") && !name.endsWith(".reason.json")) continue; // kept as it came, for its user alone
    assertNowhere(name, readFileSync(file, "latin1"));
  }
});
