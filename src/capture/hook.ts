// The twin's work: store, make sure that a relay runs, and explain.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Config, explainProblem } from "../config/config.ts";
import { hookEvent } from "../contract/catalog.ts";
import { parsePayload } from "../event/payload.ts";
import { homeTrouble } from "../platform/directory.ts";
import { openLog } from "../platform/log.ts";
import { bytes, printable, type Style, span, styleFor } from "../platform/text.ts";
import { readStatus } from "../services/presence.ts";
import { ensureRelay } from "../services/relay.ts";
import type { Origin } from "../spool/entry.ts";
import { storeEntry } from "../spool/store.ts";
import { readObject } from "./read.ts";

/** How long the explanation waits to see the event delivered; a monitor that has to be started needs about a second. */
const DELIVERY_MS = 3000;

export interface TwinOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  /** The event that the hook is registered for. */
  readonly event: string | undefined;
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: "colour" | "plain" | "none";
  readonly write: (text: string) => void;
}

type Mood = "good" | "bad" | "note";

/** Stores the event and, when debugging, tells its story. Never fails for a reason that lies outside. */
export async function runTwin({ config, env, event, stdin, stderr, write }: TwinOptions): Promise<void> {
  const tell = config.hookDebug ? teller(config, stderr, write) : () => {};
  const start = performance.now();
  const read = await readObject(stdin);
  const took = span(performance.now() - start);
  for (const problem of config.problems) tell("setting", explainProblem(problem, config.paths.config), "bad");
  if (config.disabled || existsSync(config.paths.disabled)) {
    const why = config.disabled ? "MPM_DISABLED is set" : `${config.paths.disabled} exists (\`mpm resume\` removes it)`;
    tell("disabled", `${why}: the event is not kept`, "bad");
    return;
  }
  if (read.bytes.length === 0) {
    tell(
      "empty",
      'nothing came on stdin: there is nothing to keep. Try: echo \'{"hook_event_name":"Stop","session_id":"x"}\' | hooks/mpm-hook',
      "bad",
    );
    return;
  }
  tell(
    "read",
    `${bytes(read.bytes.length)} from stdin in ${took}, ${read.whole ? "a whole object" : "up to the end of stdin"}`,
    "good",
  );

  const trouble = homeTrouble(config.paths.home);
  if (trouble !== undefined) {
    tell("not stored", trouble, "bad");
    return;
  }
  let name: string;
  try {
    name = storeEntry(config.paths.spool, originOf(env, event), read.bytes);
  } catch (error) {
    tell(
      "not stored",
      `${(error as Error).message}. Is ${config.paths.home} writable, and is there space? \`mpm doctor\` looks.`,
      "bad",
    );
    return;
  }
  tell("stored", join(config.paths.spool, name), "good");
  const valid = config.hookDebug ? validate(read.bytes, event, tell) : true;
  const relay = ensureRelay(config.paths, env);
  if (!config.hookDebug) return;
  tell(
    "relay",
    relay === "tried a moment ago" ? "none runs; one was started a moment ago" : relay,
    relay === "running" ? "good" : "note",
  );
  await follow(config, name, valid, tell);
}

function originOf(env: NodeJS.ProcessEnv, event: string | undefined): Origin {
  const pid = Number(env["CLAUDE_PID"]);
  return {
    ...(event ? { event } : {}),
    ...(env["CLAUDE_PROJECT_DIR"] ? { projectDir: env["CLAUDE_PROJECT_DIR"] } : {}),
    ...(pid > 0 ? { pid } : {}),
    ...(env["CLAUDE_CODE_ENTRYPOINT"] ? { entrypoint: env["CLAUDE_CODE_ENTRYPOINT"] } : {}),
    ...(env["CLAUDE_CODE_REMOTE"] === "true" ? { remote: true } : {}),
    parentPid: process.ppid,
  };
}

type Tell = (step: string, text: string, mood: Mood) => void;

function validate(payload: Buffer, event: string | undefined, tell: Tell): boolean {
  const parsed = parsePayload(payload, event);
  if (!parsed.ok) {
    const { path, expected, received } = parsed.problem;
    tell("invalid", `${path}: expected ${expected}, received ${received}`, "bad");
    return false;
  }
  const { hook_event_name: name, session_id: session } = parsed.payload;
  const tool = parsed.payload["tool_name"];
  const known = hookEvent(name) ? "" : " (an event that this version does not know; it is kept all the same)";
  tell("valid", `${name}${typeof tool === "string" ? ` of ${tool}` : ""}, session ${session}${known}`, "good");
  return true;
}

/** Watches the entry leave the spool, and says where it went or why it waits. */
async function follow(config: Config, name: string, valid: boolean, tell: Tell): Promise<void> {
  const start = performance.now();
  for (let poll = 5; performance.now() - start < DELIVERY_MS; poll = Math.min(poll * 1.3, 100)) {
    const waited = span(performance.now() - start);
    if (existsSync(join(config.paths.rejected, name))) {
      tell(
        "rejected",
        `${join(config.paths.rejected, name)}, the reason beside it${valid ? ": see there" : ""}`,
        "bad",
      );
      return;
    }
    if (!existsSync(join(config.paths.spool, name))) {
      tell("delivered", `after ${waited}, to ${readStatus(config.paths)?.url || "the server"}`, "good");
      return;
    }
    await new Promise((wake) => setTimeout(wake, poll));
  }
  const status = readStatus(config.paths);
  const why = status?.trouble ? `: ${status.trouble} (${status.url})` : "";
  tell("queued", `it waits in the spool and will be delivered later${why}`, "note");
}

function teller(config: Config, stderr: TwinOptions["stderr"], write: (text: string) => void): Tell {
  const log = openLog({ ...config, logLevel: "debug" }, "hook");
  const style: Style = styleFor(stderr === "colour");
  return (step, text, mood) => {
    log[mood === "bad" ? "warn" : "info"]({ step }, text);
    if (stderr === "none") return;
    const paint = mood === "good" ? style.green : mood === "bad" ? style.red : style.yellow;
    write(`${style.dim("mpm-hook")}  ${paint(step.padEnd(10))} ${printable(text)}\n`);
  };
}
