// mpm config: values are checked, written beside what is there, and taken up.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SETTINGS, type Setting } from "../../../src/config/settings.ts";
import { HOOK, mpm, run, tempWorld, until } from "../../world.ts";

test("list shows every setting with its origin, and the token of none", async (t) => {
  const { env, mpmHome } = tempWorld(t, { MPM_LOG_LEVEL: "debug", MPM_TOKEN: "very-secret-token" });
  mkdirSync(mpmHome, { mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":9000}}');
  const { status, stdout } = await mpm(["config", "list"], { env });
  assert.equal(status, 0);
  for (const { key } of Object.values(SETTINGS)) assert.match(stdout, new RegExp(`^${key} `, "m"));
  assert.match(stdout, /^monitor\.port +9000 \(config\.json\)$/m);
  assert.match(stdout, /^log\.level +"debug" \(MPM_LOG_LEVEL\)$/m);
  assert.match(stdout, /^relay\.idleMs +10m$/m);
  assert.doesNotMatch(stdout, /very-secret/);
  const rows = JSON.parse((await mpm(["config", "list", "--json"], { env })).stdout) as Record<string, unknown>[];
  assert.deepEqual(
    rows.filter(({ origin }) => origin !== "default").map(({ key, origin, value }) => [key, origin, value]),
    [
      ["server.token", "env", null],
      ["monitor.port", "file", 9000],
      ["log.level", "env", "debug"],
      ["run.noBrowser", "env", true],
    ],
  );
});

test("set writes one value and keeps what else is there, unset takes it out, get reads it", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  assert.equal((await mpm(["config", "set", "monitor.port", "9001"], { env })).status, 0);
  const file = join(mpmHome, "config.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, '{ "mine" : 1,\n    "monitor": {"port": 9001} }\n');
  await mpm(["config", "set", "redaction.patterns", '[{"name":"ours","regex":"ours-[0-9]+"}]'], { env });
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
    mine: 1,
    monitor: { port: 9001 },
    redaction: { patterns: [{ name: "ours", regex: "ours-[0-9]+" }] },
  });
  assert.equal((await mpm(["config", "get", "monitor.port"], { env })).stdout, "9001\n");
  await mpm(["config", "unset", "monitor.port"], { env });
  assert.equal((await mpm(["config", "get", "monitor.port"], { env })).stdout, "8765\n");
});

test("what others could read is this user's alone once something is set, and what nobody can write stays", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const file = join(mpmHome, "config.json");
  writeFileSync(file, "{}");
  chmodSync(file, 0o644);
  assert.equal((await mpm(["config", "set", "server.token", "some-long-token"], { env })).status, 0);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  chmodSync(file, 0o444);
  assert.equal((await mpm(["config", "set", "monitor.port", "9001"], { env })).status, 1);
  assert.equal(statSync(file).mode & 0o777, 0o444);
});

test("a value that does not fit, an unknown key or a broken file changes nothing and says what was expected", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const file = join(mpmHome, "config.json");
  writeFileSync(file, "{}");
  for (const [args, status, said] of [
    [["set", "monitor.port", "70000"], 2, /^mpm: monitor\.port: .*65535/],
    [["set", "monitor.port", "-1"], 2, /^mpm: monitor\.port: expected a number from 0 on/],
    [["set", "server.url", "ftp://x"], 2, /^mpm: server\.url: expected an http/],
    [["set", "monitor.prot", "1"], 2, /no setting "monitor\.prot"\. Did you mean monitor\.port\?/],
    [["set", "hook.disabled", "true"], 2, /environment only/],
    [["set", "monitor.port"], 2, /`mpm config set` needs a value/],
    [["show"], 2, /there is no `mpm config show`, only list, get, set, unset, edit and schema/],
  ] as const) {
    const outcome = await mpm(["config", ...args], { env });
    assert.equal(outcome.status, status, args.join(" "));
    assert.match(outcome.stderr, said);
    assert.equal(readFileSync(file, "utf8"), "{}");
  }
  writeFileSync(file, '{"a": 1,}');
  const outcome = await mpm(["config", "set", "monitor.port", "9001"], { env });
  assert.equal(outcome.status, 1);
  assert.match(outcome.stderr, /config\.json:1:9: .*nothing was changed/);
  assert.equal(readFileSync(file, "utf8"), '{"a": 1,}');
});

test("a link that leads nowhere in the place of the settings is no absent file: it is said that the defaults are used", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  symlinkSync("/nowhere/config.json", join(mpmHome, "config.json"));
  const { stderr } = await mpm(["config", "list"], { env });
  assert.match(stderr, /config\.json: expected a readable file, received one that is not there; the default is used/);
});

test("a running relay goes by a new value at once, and loses nothing", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
  const send = (session: string) =>
    run(HOOK, ["Stop"], { env, input: `{"hook_event_name":"Stop","session_id":"${session}","prompt":"ours-123"}` });
  const stored = async () => (await mpm(["events", "--json"], { env })).stdout.split("\n").filter(Boolean);
  await send("before");
  await until(async () => (await stored()).length === 1);
  await mpm(["config", "set", "redaction.patterns", '[{"name":"ours","regex":"ours-[0-9]+"}]'], { env });
  await send("after");
  await until(async () => (await stored()).length === 2);
  const [before, after] = await stored();
  assert.match(before ?? "", /ours-123/);
  assert.match(after ?? "", /\[redacted:ours\]/);
});

test("the schema for editors names every setting that the file may hold, with its default, and unknown keys get a proposal", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  const schema = JSON.parse((await mpm(["config", "schema"], { env })).stdout);
  for (const { key, environmentOnly, fallback } of Object.values<Setting<unknown>>(SETTINGS)) {
    const property = key.split(".").reduce((at, name) => at?.properties?.[name], schema);
    assert.equal(property === undefined, environmentOnly === true, key);
    if (!environmentOnly) assert.deepEqual(property.default, fallback, key);
  }
  mkdirSync(mpmHome, { mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"$schema":"./config.schema.json","monitor":{"prot":1}}');
  const { stderr } = await mpm(["status"], { env });
  assert.match(stderr, /monitor\.prot in .*expected a known setting, perhaps monitor\.port/);
  assert.doesNotMatch(stderr, /\$schema/);
});

test("edit opens the file with its schema beside it, keeps what was written, and says what of it cannot be used", async (t) => {
  const { env, home, mpmHome } = tempWorld(t);
  const editor = join(home, "an editor");
  const writes = (text: string) => {
    writeFileSync(editor, `#!/bin/sh\n[ "$1" = --wait ] && printf '%s' '${text}' >"$2"\n`, { mode: 0o755 });
    return mpm(["config", "edit"], { env: { ...env, VISUAL: `'${editor}' --wait` } });
  };
  const good = await writes('{"$schema":"./config.schema.json","monitor":{"port":9001}}');
  assert.deepEqual([good.status, good.stdout], [0, "mpm: changed: monitor.port.\n"], good.stderr);
  const schemaFile = join(mpmHome, "config.schema.json");
  assert.equal(statSync(schemaFile).mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(schemaFile, "utf8")).type, "object");
  const bad = await writes('{"monitor":{"port":"many"}}');
  assert.deepEqual([bad.status, bad.stdout], [1, ""]);
  assert.match(bad.stderr, /monitor\.port in .*received "many"/);
  assert.equal(readFileSync(join(mpmHome, "config.json"), "utf8"), '{"monitor":{"port":"many"}}');
  const none = await mpm(["config", "edit"], { env: { ...env, EDITOR: "/nonexistent/editor" } });
  assert.equal(none.status, 1);
  assert.match(none.stderr, /Set EDITOR to one that runs here/);
});

test("durations and sizes are taken and shown with their units, and plain numbers mean what they meant", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  for (const [key, given, shown, number] of [
    ["monitor.retentionMs", "30d", "30d", 2_592_000_000],
    ["spool.maxBytes", "4GiB", "4GiB", 4_294_967_296],
    ["monitor.idleMs", "90000", "90s", 90_000],
  ] as const) {
    assert.equal((await mpm(["config", "set", key, given], { env })).status, 0, key);
    assert.equal((await mpm(["config", "get", key], { env })).stdout, `${shown}\n`);
    assert.equal((await mpm(["config", "get", key, "--json"], { env })).stdout, `${number}\n`);
    const { stdout } = await mpm(["config", "list"], { env });
    assert.match(stdout, new RegExp(`^${key.replace(".", "\\.")} +${shown} \\(config\\.json\\)$`, "m"));
  }
  assert.match(readFileSync(join(mpmHome, "config.json"), "utf8"), /"retentionMs": "30d"/);
  const refused = await mpm(["config", "set", "monitor.idleMs", "soon"], { env });
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /monitor\.idleMs: expected a duration such as 30s, 5m, 2h or 90d/);
  writeFileSync(join(mpmHome, "config.json"), '{"relay":{"idleMs":"a while"}}');
  const { stderr } = await mpm(["status"], { env });
  assert.match(stderr, /relay\.idleMs in .*expected a duration such as .*received "a while"/);
});
