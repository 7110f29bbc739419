// What `mpm install` puts into Claude Code's files beside the hooks: an MCP server that the real host lists and calls, a
// status line that it shows; both gone without a trace after uninstalling, and nobody else's ever touched.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostTerminal } from "../../host/harness.ts";
import { goOffline } from "../../host/offline.ts";
import { envelope } from "../trust/monitor.ts";
import { newMachine } from "./machine.ts";
import { newWorkplace, PLUGIN, type Workplace } from "./workplace.ts";

const test = await goOffline();

const stateOf = (place: Workplace) => join(place.home, ".claude/.claude.json");
const BOATS = {
  ...envelope(1, { session: "boats", prompt: "count the boats" }),
  hook_event_name: "UserPromptSubmit",
};

/** What Claude Code told the model after it had called a tool. */
function toolResult(requests: readonly { readonly messages: readonly unknown[] }[]): string {
  return JSON.stringify(requests.map(({ messages }) => messages).at(-1));
}

async function storeBoats(place: Workplace): Promise<void> {
  assert.equal((await place.mpm("monitor", "start")).status, 0);
  const { url } = JSON.parse(readFileSync(join(place.mpmHome, "monitor.json"), "utf8"));
  const authorization = `Bearer ${readFileSync(join(place.mpmHome, "token"), "utf8").trim()}`;
  const headers = { authorization, "content-type": "application/json" };
  const answer = await fetch(`${url}/api/events`, { method: "POST", headers, body: JSON.stringify([BOATS]) });
  assert.ok(answer.ok);
}

test("Claude Code lists the server that was installed, and a model is answered by it", async (t) => {
  const place = await newWorkplace(t, "lookup");
  const session = await place.session(); // the host writes its own file
  assert.equal(session.exit, 0);
  const installed = await place.mpm("install", "--mcp");
  assert.equal(installed.status, 0, installed.stderr);
  assert.match(installed.stdout, /registered the MCP server in .*\.claude\.json/);
  await storeBoats(place);
  const list = await place.claude("mcp", "list");
  assert.match(list.stdout, /mpm: .*mpm-node cli mcp - .*Connected/, list.stdout + list.stderr);
  const { requests } = await place.session();
  assert.match(toolResult(requests), /count the boats/);
  assert.match((await place.mpm("doctor")).stdout, /● extras +the MCP server in .*\.claude\.json/);
  const again = await place.mpm("install", "--mcp");
  assert.match(again.stdout, /already registered: the MCP server/);

  const gone = await place.mpm("uninstall");
  assert.equal(gone.status, 0, gone.stderr);
  assert.match(gone.stdout, /took the MCP server out of/);
  assert.deepEqual(JSON.parse(readFileSync(stateOf(place), "utf8")).mcpServers ?? {}, {});
});

test("the plugin brings the server along", async (t) => {
  const place = await newWorkplace(t, "lookup");
  await storeBoats(place);
  const { debugLog, exit } = await place.session(["--plugin-dir", PLUGIN]);
  assert.equal(exit, 0);
  assert.match(debugLog, /plugin:mpm-hook:mpm.*(?:[Cc]onnected|connection established)/);
});

test("the status line stands on the host's screen, and says who waits elsewhere", async (t) => {
  const place = await newWorkplace(t, "lookup");
  const installed = await place.mpm("install", "--statusline");
  assert.match(installed.stdout, /registered the status line in .*settings\.json/);
  writeFileSync(join(place.mpmHome, "statusline"), "mpm1 $1.25 today\nelse pier (permission)\n", { mode: 0o600 });
  const terminal = await hostTerminal(t, { place, script: "lookup" });
  await terminal.waitFor("1 waits: pier (permission) · $1.25 today");
  await terminal.exit();
  assert.match((await place.mpm("doctor")).stdout, /● extras +the status line in .*settings\.json/);
});

test("files are given back byte for byte, also those that were not there", async (t) => {
  for (const before of ['{\n  "numStartups": 3,\n  "mcpServers": {}\n}\n', undefined]) {
    const machine = newMachine(t);
    const state = join(machine.home, ".claude.json");
    if (before !== undefined) writeFileSync(state, before);
    const installed = await machine.mpm("install", "--mcp", "--statusline");
    assert.equal(installed.status, 0, installed.stderr);
    const { mcpServers } = JSON.parse(readFileSync(state, "utf8"));
    assert.deepEqual(mcpServers.mpm.args, ["cli", "mcp"]);
    assert.match(JSON.parse(readFileSync(machine.settings, "utf8")).statusLine.command, /mpm-statusline'?$/);
    assert.equal((await machine.installed("uninstall")).status, 0);
    assert.equal(existsSync(state) ? readFileSync(state, "utf8") : undefined, before);
    assert.equal(existsSync(machine.settings), false);
  }
});

test("a dry run changes nothing; another's status line and another's server stay", async (t) => {
  const machine = newMachine(t);
  const state = join(machine.home, ".claude.json");
  const dry = await machine.mpm("install", "--mcp", "--dry-run");
  assert.match(dry.stdout, /would register the MCP server/);
  assert.equal(existsSync(state), false);
  const theirs = '{"mcpServers":{"mpm":{"command":"their-own"}}}';
  writeFileSync(state, theirs);
  assert.equal((await machine.mpm("install")).status, 0);
  writeFileSync(
    machine.settings,
    JSON.stringify({
      ...JSON.parse(readFileSync(machine.settings, "utf8")),
      statusLine: { type: "command", command: "x" },
    }),
  );
  const refused = await machine.mpm("install", "--mcp", "--statusline");
  assert.match(refused.stderr, /the MCP server was not registered: .*another one there, which stays/);
  assert.match(refused.stderr, /the status line was not registered/);
  assert.equal((await machine.installed("uninstall")).status, 0);
  assert.equal(readFileSync(state, "utf8"), theirs);
  assert.equal(JSON.parse(readFileSync(machine.settings, "utf8")).statusLine.command, "x");
});

test("an entry that is gone is found, and put in again", async (t) => {
  const machine = newMachine(t);
  assert.equal((await machine.mpm("install", "--mcp")).status, 0);
  const state = join(machine.home, ".claude.json");
  writeFileSync(state, "{}");
  assert.match((await machine.mpm("doctor")).stdout, /▲ extras +the MCP server is not in .* any more/);
  assert.match((await machine.mpm("doctor", "--fix")).stdout, /extras +the MCP server in .*fixed/);
  assert.ok(JSON.parse(readFileSync(state, "utf8")).mcpServers.mpm);
});
