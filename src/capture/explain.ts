// What became of an event, step by step: to log/hook.log and, on a terminal, to stderr. Loaded only for debugging.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Config, explainProblem } from "../config/config.ts";
import { hookEvent } from "../contract/catalog.ts";
import { parsePayload } from "../event/payload.ts";
import { openLog } from "../platform/log.ts";
import { bytes, printable, type Style, span, styleFor } from "../platform/text.ts";
import { readStatus } from "../services/presence.ts";
import { bareName } from "../spool/entry.ts";
import { openRejected } from "../spool/rejected.ts";
import type { Captured } from "./capture.ts";
import type { Read } from "./read.ts";

/** How long the explanation waits to see the event delivered; a monitor that has to be started needs about a second. */
const DELIVERY_MS = 3000;
const FIRST_POLL_MS = 5;
const POLL_GROWTH = 1.3;
const MAX_POLL_MS = 100;

export interface Told {
  readonly config: Config;
  /** The event that the hook is registered for. */
  readonly event: string | undefined;
  readonly read: Read;
  readonly captured: Captured;
  readonly stderr: "colour" | "plain" | "none";
  readonly write: (text: string) => void;
}

type Mood = "good" | "bad" | "note";
type Tell = (step: string, text: string, mood: Mood) => void;

/** Tells the event's story, and waits a while for its end. */
export async function explain({ config, event, read, captured, stderr, write }: Told): Promise<void> {
  const { paths } = config;
  const tell = teller(config, stderr, write);
  for (const problem of config.problems) tell("setting", explainProblem(problem, paths.config), "bad");
  if (captured.kind === "disabled") {
    const why =
      captured.by === "variable" ? "MPM_DISABLED is set" : `${paths.disabled} exists (\`mpm resume\` removes it)`;
    return tell("disabled", `${why}: the event is not kept`, "bad");
  }
  if (captured.kind === "empty")
    return tell(
      "empty",
      'nothing came on stdin: there is nothing to keep. Try: echo \'{"hook_event_name":"Stop","session_id":"x"}\' | hooks/mpm-hook',
      "bad",
    );
  const whole = read.whole ? "a whole object" : "up to the end of stdin";
  tell("read", `${bytes(read.bytes.length)} from stdin in ${span(read.ms)}, ${whole}`, "good");
  if (captured.kind === "untrusted") return tell("not stored", captured.trouble, "bad");
  if (captured.kind === "unwritable")
    return tell(
      "not stored",
      `${captured.cause}. Is ${paths.home} writable, and is there space? \`mpm doctor\` looks.`,
      "bad",
    );
  const { name, payload, relay } = captured;
  tell("stored", join(paths.spool, name), "good");
  const valid = validate(payload, event, tell);
  const said = relay === "tried" ? "none runs; one was started a moment ago" : relay;
  tell("relay", said, relay === "running" ? "good" : "note");
  await follow(config, name, valid, tell);
}

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
  const rejected = openRejected(config.paths.rejected);
  const before = new Set(rejected.names());
  for (
    let poll = FIRST_POLL_MS;
    performance.now() - start < DELIVERY_MS;
    poll = Math.min(poll * POLL_GROWTH, MAX_POLL_MS)
  ) {
    if (!existsSync(join(config.paths.spool, name))) {
      const its = rejected.names().find((each) => !before.has(each) && bareName(each) === bareName(name));
      if (its !== undefined)
        return tell("rejected", `${join(rejected.dir, its)}, the reason beside it${valid ? ": see there" : ""}`, "bad");
      const waited = span(performance.now() - start);
      return tell("delivered", `after ${waited}, to ${readStatus(config.paths)?.url || "the server"}`, "good");
    }
    await sleep(poll);
  }
  const status = readStatus(config.paths);
  const why = status?.trouble ? `: ${status.trouble}` : "";
  tell("queued", `it waits in the spool and will be delivered later${why}`, "note");
}

function teller(config: Config, stderr: Told["stderr"], write: (text: string) => void): Tell {
  const log = openLog({ ...config, logLevel: "debug" }, "hook");
  const style: Style = styleFor(stderr === "colour");
  return (step, text, mood) => {
    log[mood === "bad" ? "warn" : "info"]({ step }, text);
    if (stderr === "none") return;
    const paint = mood === "good" ? style.green : mood === "bad" ? style.red : style.yellow;
    write(`${style.dim("mpm-hook")}  ${paint(step.padEnd(10))} ${printable(text)}\n`);
  };
}
