// Sends an event the way Claude Code does, and looks for it where it should arrive.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { CHECK_SESSION } from "../contract/forget.ts";
import { textOf } from "../contract/texts.ts";
import { get, remove } from "../services/client.ts";
import type { Handler } from "./settings.ts";

const ARRIVES_WITHIN_MS = 10_000;
const HOOK_WITHIN_MS = 5000;
const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 200;

const Page = z.looseObject({ events: z.array(z.looseObject({ id: z.string(), data: z.looseObject({}) })) });

export interface HookRun {
  /** Until stdout and stderr had ended, which is what Claude Code waits for. */
  readonly ms: number;
  /** What is wrong with how it ended; absent: nothing. */
  readonly trouble?: string;
}

export interface Arrival {
  /** From the start of the hook until the event was found in the store. */
  readonly ms: number;
  readonly id: string;
}

/** Runs a registered handler with an event of that name; its message is `mark`. */
export function runHandler(
  handler: Handler,
  event: string,
  mark: string,
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<HookRun> {
  const input = JSON.stringify({
    session_id: CHECK_SESSION,
    hook_event_name: event,
    cwd,
    message: mark,
    title: "mpm checks that events arrive",
    notification_type: "mpm_check",
  });
  const start = performance.now();
  return new Promise((resolve) => {
    const child = handler.args
      ? spawn(handler.command, handler.args, { env, cwd, timeout: HOOK_WITHIN_MS, killSignal: "SIGKILL" })
      : spawn(handler.command, { env, cwd, shell: true, timeout: HOOK_WITHIN_MS, killSignal: "SIGKILL" });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk;
    });
    child.stdin.on("error", () => {}); // it did not read: shows in what follows
    child.stdin.end(`${input}\n`);
    const done = (trouble?: string) => resolve({ ms: performance.now() - start, ...(trouble ? { trouble } : {}) });
    child.on("error", (error: NodeJS.ErrnoException) => done(`it cannot be started (${error.code})`));
    child.on("close", (code, signal) => {
      if (signal) done(`it did not end within ${HOOK_WITHIN_MS / 1000} s`);
      else if (code !== 0) done(`it ended with status ${code}: ${err.trim().slice(0, 200)}`);
      else if (err !== "") done(`it wrote to stderr: ${err.trim().slice(0, 200)}`);
      else if (out !== "" && out !== '{"continue":true}\n') done(`it wrote to stdout: ${out.trim().slice(0, 200)}`);
      else done();
    });
  });
}

/** A mark by which one check's event is found. */
export function newMark(): string {
  return `check ${randomBytes(8).toString("hex")}`;
}

/** Waits for the event in the monitor's store, and has it removed there. */
export async function findMark(
  config: Config,
  mark: string,
  since: number,
  signal: AbortSignal,
): Promise<Arrival | { readonly trouble: string }> {
  const deadline = performance.now() + ARRIVES_WITHIN_MS;
  let trouble = "the monitor had not answered";
  for (
    let pause = FIRST_POLL_MS;
    performance.now() < deadline && !signal.aborted;
    pause = Math.min(pause * 1.4, MAX_POLL_MS)
  ) {
    const answer = await get(config, `/api/events?session=${CHECK_SESSION}&limit=20`, signal);
    const page = answer.ok ? Page.safeParse(answer.value) : undefined;
    const found = page?.data?.events.find((event) => event.data["message"] === mark);
    if (found) {
      const ms = performance.now() - since;
      await remove(config, `/api/forget?session=${CHECK_SESSION}`, signal); // it has done what it was for
      return { id: found.id, ms };
    }
    trouble = answer.ok ? "it had not arrived in the store" : textOf(answer.reason);
    await sleep(pause);
  }
  return { trouble: `after ${ARRIVES_WITHIN_MS / 1000} s ${trouble}` };
}
