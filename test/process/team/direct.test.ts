// A machine without a monitor, such as a container or a CI job, whose relay sends straight to a team.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../../src/config/config.ts";
import { RelayStatus } from "../../../src/contract/relay-status.ts";
import { SERVICE } from "../../../src/contract/words.ts";
import { openLog } from "../../../src/platform/log.ts";
import { leavingOf } from "../../../src/team/direct.ts";
import { receiver } from "../../unit/relay/server.ts";
import { EVENT_FIELDS, PLANTS, plain, TOOL_FIELDS, WORD } from "../../unit/team/planted.ts";
import { dist, HOOK, mpm, NODE, run, start, tempWorld, until } from "../../world.ts";

const DEVICE_TOKEN = "mpmd_a-token-of-a-machine-in-a-test";
const DEADLINE_MS = 60_000;

const SESSION = plain("Stop").session_id;
const holding = (fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(fields.map((field, index) => [field, Object.values(PLANTS)[index % 4]]));
const common = { session_id: SESSION, cwd: `/home/${WORD}/code/tidepool`, transcript_path: `/home/${WORD}/t.jsonl` };

/** Each event with a word in all of its fields, and each tool's call. */
function payloads(): Record<string, unknown>[] {
  const named = new Set(["tool_name", "mcp_server_name"]);
  const events = Object.entries(EVENT_FIELDS).map(([event, fields]) => ({
    ...holding(fields.filter((field) => !named.has(field))),
    ...common,
    hook_event_name: event,
    [`a_field_of_next_month_${WORD}`]: { [WORD]: [WORD] },
  }));
  const calls = Object.entries(TOOL_FIELDS).map(([tool, { input, response }], index) => ({
    ...common,
    hook_event_name: "PostToolUse",
    tool_name: tool,
    tool_use_id: `toolu_01A09q90qw90lq9178${index}`,
    tool_input: holding(input.filter((field) => field !== "subagent_type")),
    tool_response: holding(response.filter((field) => field !== "agentType")),
  }));
  return [...events, ...calls];
}

async function sent(t: TestContext, settings: Record<string, string>, given: readonly Record<string, unknown>[]) {
  const server = await receiver(t);
  const world = tempWorld(t, { MPM_SERVER_URL: server.url, ...settings });
  for (const payload of given) {
    const input = `${JSON.stringify(payload)}\n`;
    const args = [String(payload["hook_event_name"])];
    assert.equal((await run(HOOK, args, { env: world.env, input })).status, 0);
  }
  const again = () => mpm(["relay", "--once"], { env: world.env });
  const { status, stderr } = await again();
  assert.equal(status, 0, stderr);
  return { ...world, received: server.received, again };
}

test("a relay that is known as a device of a team sends no word of what was said, run, read or named", {
  timeout: 3 * DEADLINE_MS,
}, async (t) => {
  const given = payloads();
  const { received, mpmHome } = await sent(t, { MPM_TOKEN: DEVICE_TOKEN }, given);
  assert.equal(received.length, given.length);
  for (const event of received) {
    const json = JSON.stringify(event);
    assert.equal(json.includes(WORD), false, json);
    assert.equal(event.project_dir, "tidepool");
    assert.ok("mpm_withheld" in event.data);
  }
  assert.equal(statSync(join(mpmHome, "team.key")).mode & 0o777, 0o600);
});

test("with hashes it makes the same ones as long as it keeps its key, which is not sent", {
  timeout: DEADLINE_MS,
}, async (t) => {
  const call = {
    ...common,
    hook_event_name: "PreToolUse",
    tool_name: "Bash",
    tool_use_id: "toolu_01A09q90qw90lq91781",
    tool_input: { command: `make ${WORD}` },
  };
  const { received, mpmHome, env, again } = await sent(t, { MPM_TOKEN: DEVICE_TOKEN, MPM_TEAM_CONTENT: "hashed" }, [
    call,
  ]);
  const store = () => run(HOOK, ["PreToolUse"], { env, input: `${JSON.stringify(call)}\n` });
  const hashes = () => received.map(({ data }) => JSON.stringify(data["tool_input"]));
  await store();
  assert.equal((await again()).status, 0);
  assert.match(hashes()[0] ?? "", /^\{"command":"command:[0-9a-f]{24}"\}$/);
  assert.equal(hashes()[0], hashes()[1]);
  const file = join(mpmHome, "team.key");
  const all = JSON.stringify(received);
  assert.equal(all.includes(readFileSync(file, "utf8").trim()), false);
});

test("a key that others may have read is not used: hashes are others from then on", (t) => {
  const { env, home, mpmHome } = tempWorld(t, { MPM_TOKEN: DEVICE_TOKEN, MPM_TEAM_CONTENT: "hashed" });
  mkdirSync(mpmHome, { mode: 0o700 });
  const config = loadConfig(env, home);
  const said: unknown[] = [];
  const log = openLog(config, "relay");
  log.warn = (...words: unknown[]) => void said.push(...words);
  const event = plain("PreToolUse", { tool_name: "Bash", tool_input: { command: WORD } });
  const hash = () => JSON.stringify(leavingOf(config, log)?.(event).data["tool_input"]);
  const first = hash();
  assert.equal(hash(), first);
  chmodSync(config.paths.teamKey, 0o644);
  assert.notEqual(hash(), first);
  assert.match(JSON.stringify(said), /cannot be trusted/);
});

test("what its user releases, and what goes to a server that is no team's, is sent as it is", {
  timeout: DEADLINE_MS,
}, async (t) => {
  const prompt = { ...common, hook_event_name: "UserPromptSubmit", prompt: `look at ${WORD}` };
  const released = await sent(t, { MPM_TOKEN: DEVICE_TOKEN, MPM_TEAM_CONTENT: "content" }, [prompt]);
  assert.equal(released.received[0]?.data["prompt"], prompt.prompt);
  const own = await sent(t, { MPM_TOKEN: "a-token-of-a-server-of-its-own-32chars" }, [prompt]);
  assert.equal(own.received[0]?.data["prompt"], prompt.prompt);
});

test("what it says of itself to a team are numbers: no machine, process or path", {
  timeout: DEADLINE_MS,
}, async (t) => {
  const said: unknown[] = [];
  const server = await receiver(t, {
    answer(_, socket) {
      socket.on("relay_status", (status: unknown) => void said.push(status));
      return [{ ok: true, status: "stored", service: SERVICE }];
    },
  });
  const { env, home } = tempWorld(t, { MPM_SERVER_URL: server.url, MPM_TOKEN: DEVICE_TOKEN });
  await run(HOOK, ["Stop"], { env, input: `${JSON.stringify({ ...common, hook_event_name: "Stop" })}\n` });
  const relay = start(t, NODE, [dist("cli.js"), "relay"], env);
  await until(() => said.length > 0, DEADLINE_MS / 2, "what it says of itself");
  relay.kill("SIGTERM");
  const [status] = said;
  const { pid, host, url, machine, program } = RelayStatus.parse(status);
  assert.deepEqual([pid, host, url, machine, program], [0, "", "", undefined, undefined]);
  assert.ok(!JSON.stringify(status).includes(home));
});
