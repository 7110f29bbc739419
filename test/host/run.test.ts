// mpm run with the real Claude Code: its events arrive once, and in a terminal it behaves as it does alone.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { dist, killThoseOf, mpm, NODE, type RunOptions, until } from "../world.ts";
import { hostSession, hostTerminal, newPlace } from "./harness.ts";
import { installHost } from "./install-host.ts";
import { goOffline } from "./offline.ts";

const test = await goOffline();
const PATH = `${dirname(await installHost().catch(() => ""))}:${process.env["PATH"]}`;
const under =
  (...options: string[]) =>
  ([, ...args]: readonly string[]) => [NODE, dist("cli.js"), "run", ...options, "--", ...args];

async function placeFor(t: TestContext) {
  const place = await newPlace(t);
  t.after(() => killThoseOf(place.root));
  const home = join(place.home, ".claude-mpm");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "config.json"), '{"monitor":{"port":0}}');
  const env = { PATH, MPM_HOME: home, MPM_NO_BROWSER: "1" };
  return { place, env: { ...env, HOME: place.home } };
}

interface Stored {
  readonly hook_event_name: string;
  readonly correlation_id?: string;
  readonly data: { readonly agent_type?: string };
}

async function stored(env: Record<string, string>): Promise<Stored[]> {
  const { stdout } = await mpm(["events", "--json"], { env });
  return stdout.split("\n").flatMap((line) => (line ? [JSON.parse(line) as Stored] : []));
}

test("a session's events arrive, each once, with nothing installed", async (t) => {
  const { place, env } = await placeFor(t);
  const session = await hostSession(t, { script: "tour", place, env, command: under("--monitor") });
  assert.equal(session.exit, 0, session.stderr);
  await until(async () => (await stored(env)).some((event) => event.hook_event_name === "SessionEnd"), 20_000);
  const events = await stored(env);
  const count = (name: string) => events.filter((event) => event.hook_event_name === name).length;
  assert.equal(count("SessionStart"), 1);
  assert.equal(count("UserPromptSubmit"), 1);
  const calls = events.filter((event) => event.hook_event_name === "PreToolUse").map((event) => event.correlation_id);
  assert.ok(calls.length >= 6);
  assert.equal(new Set(calls).size, calls.length);
  assert.doesNotMatch(session.debugLog, /hook.*(error|failed)/i);
});

for (const [how, prepare, ...args] of [
  ["installed", (options: RunOptions) => mpm(["install"], options)],
  ["a plugin", undefined, "--plugin-dir", dist("")],
  ["given beside settings of the user's", undefined, "--settings", '{"env":{"KEPT":"yes"}}'],
] as const)
  test(`with the hooks ${how}, a session's events arrive, each once`, async (t) => {
    const { place, env } = await placeFor(t);
    const prepared = await prepare?.({ env, cwd: place.workspace });
    assert.equal(prepared?.status ?? 0, 0, prepared?.stderr);
    const command = ([, ...own]: readonly string[]) => [
      NODE,
      dist("cli.js"),
      "run",
      "--monitor",
      "--",
      ...own,
      ...args,
    ];
    const session = await hostSession(t, { script: "unicode", place, env, command });
    assert.equal(session.exit, 0, session.stderr);
    await until(async () => (await stored(env)).some((event) => event.hook_event_name === "SessionEnd"), 20_000);
    const names = (await stored(env)).map((event) => event.hook_event_name);
    for (const name of ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"])
      assert.equal(names.filter((other) => other === name).length, 1, `${name} among ${names}`);
  });

test("-i prints the answer to one question, and what Claude Code prints is all of stdout", async (t) => {
  const { place, env } = await placeFor(t);
  const alone = await hostSession(t, { script: "conversation" });
  const command = ([, , question = "", ...own]: readonly string[]) => {
    return [NODE, dist("cli.js"), "run", "--monitor", "--verbose", "-i", question, "--", ...own];
  };
  const session = await hostSession(t, { script: "conversation", place, env, command });
  assert.equal(session.exit, 0, session.stderr);
  assert.ok(alone.stdout.length > 5);
  assert.equal(session.stdout, alone.stdout);
});

test("Claude Code knows every agent that was deployed, and runs one", async (t) => {
  const { place, env } = await placeFor(t);
  const args = ["--output-format", "stream-json", "--verbose"];
  const session = await hostSession(t, { script: "deployed", place, env, args, command: under("--monitor") });
  assert.equal(session.exit, 0, session.stderr);
  const messages = session.stdout.split("\n").map((line) => (line ? JSON.parse(line) : {}));
  const begin = messages.find((message) => message.subtype === "init");
  const deployed = readdirSync(join(place.workspace, ".claude/agents"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => name.slice(0, -".md".length));
  assert.ok(deployed.length >= 6);
  for (const name of deployed) assert.ok(begin.agents.includes(name), `${name} among ${begin.agents}`);
  await until(async () => (await stored(env)).some((event) => event.hook_event_name === "SubagentStop"), 20_000);
  const started = (await stored(env)).find((event) => event.hook_event_name === "SubagentStart");
  assert.equal(started?.data.agent_type, "researcher");
});

/** What a person sees of a session in a shell's terminal: resized, suspended, resumed, interrupted and left. */
async function sitting(t: TestContext, command: (claude: readonly string[]) => readonly string[]) {
  const { place, env } = await placeFor(t);
  const terminal = await hostTerminal(t, {
    script: "conversation",
    place,
    env: { ...env, PS1: "[$?] ❯ " },
    command: (claude) => {
      const words = command(claude).map((word) => `'${word.replaceAll("'", "'\\''")}'`);
      writeFileSync(join(place.workspace, "go"), words.join(" "));
      return ["bash", "--noprofile", "--norc", "-i"];
    },
  });
  const widest = async () => Math.max(...(await terminal.screen()).split("\n").map((row) => row.trimEnd().length));
  const seen: Record<string, unknown> = {};
  await terminal.enter(". ./go");
  await terminal.waitFor("Claude Code v");
  await terminal.waitFor("? for shortcuts");
  seen["width"] = await widest();
  await terminal.resize(100, 30);
  await until(async () => (await widest()) <= 100 && (await widest()) > 60, 20_000, "the narrower screen");
  seen["narrower"] = await widest();
  await terminal.press("C-z");
  await terminal.waitFor(/^\[1\]\+ +Stopped/m);
  await terminal.enter("fg");
  await terminal.waitFor("? for shortcuts");
  await terminal.press("C-c");
  await terminal.waitFor(/again to exit/i);
  await terminal.press("C-c");
  await terminal.waitFor(/^\[\d+\] ❯ *$/m);
  seen["status"] = /^\[(\d+)\] ❯ *$/m.exec(await terminal.screen())?.[1];
  return seen;
}

test("in a terminal it is resized, suspended, resumed, interrupted and left as it is alone", async (t) => {
  const alone = await sitting(t, (claude) => claude);
  assert.deepEqual(await sitting(t, under("--no-agents")), alone);
});
