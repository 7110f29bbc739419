// Which agents the real Claude Code loads from a project, asked in one start for any number of files.
// - It is asked as an SDK asks it, by the control request `initialize`; no model is called.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newPlace, type Scope } from "../../host/harness.ts";
import { installHost } from "../../host/install-host.ts";
import { plant } from "../../unit/agents/tree.ts";
import { run } from "../../world.ts";

const LIMIT_MS = 60_000;
/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";

export interface Loaded {
  readonly name: string;
  readonly description: string;
  readonly model?: string;
}

export interface Answer {
  /** By name, without those that the host has itself. */
  readonly agents: ReadonlyMap<string, Loaded>;
  /** What the host logged of files. */
  readonly log: string;
}

/** The agents that the host loads where the project's .claude/agents holds these files. */
export async function askHost(scope: Scope, files: Readonly<Record<string, string | Uint8Array>>): Promise<Answer> {
  const place = await newPlace(scope);
  plant(join(place.workspace, ".claude/agents"), files);
  const [all, own] = [await ask(place.workspace, place.home, place.tmp), await ask(place.tmp, place.home, place.tmp)];
  const agents = new Map(all.agents.map((agent) => [agent.name, agent]));
  for (const { name, description } of own.agents)
    if (agents.get(name)?.description === description) agents.delete(name);
  return { agents, log: all.log };
}

async function ask(cwd: string, home: string, tmp: string): Promise<{ agents: Loaded[]; log: string }> {
  const debug = join(tmp, "debug.log");
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: home,
    TMPDIR: tmp,
    LANG: "C.UTF-8",
    CLAUDE_CONFIG_DIR: join(home, ".claude"),
    ANTHROPIC_BASE_URL: NOWHERE,
    ANTHROPIC_API_KEY: "sk-ant-00000000000000000000",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1",
  };
  const stream = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
  const input = `${JSON.stringify({ type: "control_request", request_id: "1", request: { subtype: "initialize" } })}\n`;
  const args = ["-p", ...stream, "--debug-file", debug];
  const { stdout, stderr } = await run(await installHost(), args, { env, cwd, input, timeoutMs: LIMIT_MS });
  const [line = ""] = stdout.split("\n").filter((each) => each.includes('"control_response"'));
  const agents: unknown = line && JSON.parse(line).response?.response?.agents;
  if (!Array.isArray(agents)) throw new Error(`the host did not answer: ${stdout.slice(0, 500)}${stderr}`);
  return { agents, log: existsSync(debug) ? readFileSync(debug, "utf8") : "" };
}
