// What a user can do with the host, as functions from settings to sessions: recordings are made of them, and the tests
// of our own hooks run them again.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../world.ts";
import { type HostOptions, hostSession, hostTerminal, type Place, type Scope, type Terminal } from "./harness.ts";
import { recorded } from "./recorder.ts";

/** Where a scenario is played: the user's settings are there already. */
export interface Stage {
  readonly scope: Scope;
  readonly place: Place;
  /** Where the recorder writes. */
  readonly tape: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Plays it to the end; returns the host's debug logs, one a process. */
export type Scenario = (stage: Stage) => Promise<string[]>;

const UNASKED = "--dangerously-skip-permissions";
const EVENT_LIMIT_MS = 20_000;

/** One `claude -p` for a script of that name. */
const printed =
  (script: string, ...args: string[]): Scenario =>
  async (stage) => [(await session(stage, { script, args })).debugLog];

export const SCENARIOS = {
  tour: printed("tour"),
  forty: printed("forty"),
  failures: printed("failures"),
  subagents: printed("subagents"),
  background: printed("background"),
  "long-output": printed("long-output"),
  unicode: printed("unicode"),
  big: printed("big"),
  hostile: printed("hostile"),
  secrets: printed("secrets"),
  "stop-failure": async (stage) => {
    const terminal = await open(stage, "stop-failure");
    await terminal.enter("ask the impossible");
    await terminal.seen("StopFailure");
    await terminal.enter("ask again");
    await terminal.seen("Stop");
    return leave(terminal);
  },
  permission: async (stage) => {
    const terminal = await open(stage, "permission");
    await terminal.enter("change the tables");
    await terminal.answer("Do you want to proceed?", "Yes");
    await terminal.answer("Do you want to make this edit", "Yes, and switch to accept edits");
    await terminal.answer("Do you want to proceed?", "No");
    await terminal.waitFor("Interrupted");
    await terminal.enter("leave it then");
    await terminal.seen("Stop");
    return leave(terminal);
  },
  interrupt: async (stage) => {
    const terminal = await open(stage, "interrupt", UNASKED);
    await terminal.enter("wait for high water");
    await terminal.seen("PreToolUse");
    await terminal.waitFor("esc to interrupt");
    await terminal.press("Escape");
    await terminal.waitFor("Interrupted");
    await terminal.enter("think about low water");
    await terminal.waitFor("Let me think about this");
    await terminal.press("Escape");
    await terminal.waitFor(/Interrupted[\s\S]*Interrupted/);
    await terminal.enter("just say hello");
    await terminal.seen("Stop");
    return leave(terminal);
  },
  resume: async (stage) => {
    const script = "conversation";
    const first = await session(stage, { script, prompt: "list the harbours" });
    const second = await session(stage, { script, prompt: "which one is deepest", args: ["--continue"] });
    const id = String(recorded(stage.tape)[0]?.payload["session_id"]);
    const terminal = await open(stage, script, "--resume", id, "--fork-session", UNASKED);
    await terminal.enter("and the shallowest");
    await terminal.seen("Stop", 3);
    return [first.debugLog, second.debugLog, ...(await leave(terminal))];
  },
  compaction: async (stage) => {
    const terminal = await open(stage, "conversation", UNASKED);
    await terminal.enter("list the harbours");
    await terminal.seen("Stop", 1);
    await terminal.enter("/compact keep the names of the harbours");
    await terminal.seen("PostCompact");
    await terminal.seen("SessionStart", 2);
    await terminal.enter("which one is deepest");
    await terminal.seen("Stop", 2);
    return leave(terminal);
  },
  clear: async (stage) => {
    const terminal = await open(stage, "conversation", UNASKED);
    await terminal.enter("list the harbours");
    await terminal.seen("Stop", 1);
    await terminal.enter("/clear");
    await terminal.seen("SessionStart", 2);
    await terminal.enter("and the shallowest");
    await terminal.seen("Stop", 2);
    return leave(terminal);
  },
  tools: async (stage) => {
    const terminal = await open(
      { ...stage, env: { ...stage.env, CLAUDE_CODE_ENABLE_TODO_TOOLS: "1" } },
      "tools",
      UNASKED,
    );
    await terminal.enter("plan the release");
    await terminal.answer("Which version is it?", "0.4.0");
    await terminal.seen("Stop", 1);
    const settings = join(stage.place.home, ".claude/settings.json");
    writeFileSync(settings, readFileSync(settings, "utf8").replace(/}\s*$/, ', "spinnerTipsEnabled": false }'));
    await terminal.seen("ConfigChange");
    await terminal.enter(`/add-dir ${stage.place.tmp}`);
    await terminal.answer("Adding a new directory", "Yes");
    await terminal.answer("Add directory to workspace", "Yes");
    await terminal.seen("DirectoryAdded");
    return leave(terminal);
  },
} satisfies Record<string, Scenario>;

function session({ scope, place, env = {} }: Stage, options: HostOptions) {
  return hostSession(scope, { place, env, ...options });
}

interface Watched extends Terminal {
  /** Until the recorder has seen so many of that event. */
  seen(event: string, times?: number): Promise<void>;
}

async function open({ scope, place, tape, env = {} }: Stage, script: string, ...args: string[]): Promise<Watched> {
  const terminal = await hostTerminal(scope, { place, env, script, args });
  const count = (event: string): number => recorded(tape).filter((call) => call.event === event).length;
  return {
    ...terminal,
    async seen(event, times = 1) {
      const what = `${event} number ${times}`;
      await until(() => count(event) >= times, EVENT_LIMIT_MS, what).catch(async (error: Error) => {
        throw new Error(`${error.message}; the screen shows:\n${await terminal.screen()}`);
      });
    },
  };
}

async function leave(terminal: Terminal): Promise<string[]> {
  await terminal.exit();
  return [terminal.debugLog()];
}
