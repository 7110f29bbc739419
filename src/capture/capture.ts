// The hook's work in Node: store the event, and make sure that a relay runs. As hooks/mpm-hook does it in the shell.
// - It reads no settings and loads no library: its time is Node's own.

import { existsSync } from "node:fs";
import { isOn, type Paths, variable } from "../config/paths.ts";
import { homeTrouble } from "../platform/directory.ts";
import { errorMessage } from "../platform/error.ts";
import { ensureRelay } from "../services/relay.ts";
import type { Origin } from "../spool/entry.ts";
import { storeEntry } from "../spool/store.ts";
import { type Read, readObject } from "./read.ts";

export interface Source {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** The event that the hook is registered for. */
  readonly event: string | undefined;
  readonly stdin: NodeJS.ReadableStream;
}

/** What became of an event. */
export type Captured =
  | { readonly kind: "disabled"; readonly by: "variable" | "file" }
  | { readonly kind: "empty" }
  /** The home cannot be ours: why, in words. */
  | { readonly kind: "untrusted"; readonly trouble: string }
  /** What the file system says. */
  | { readonly kind: "unwritable"; readonly cause: string }
  | {
      readonly kind: "stored";
      /** Of the entry. */
      readonly name: string;
      readonly payload: Buffer;
      readonly relay: ReturnType<typeof ensureRelay>;
    };

/** Reads the event and stores it. What cannot be is a value: it must not be the host's business. */
export async function capture({ paths, env, event, stdin }: Source): Promise<{ read: Read; captured: Captured }> {
  const read = await readObject(stdin);
  return { read, captured: store(read.bytes, { paths, env, event }) };
}

function store(payload: Buffer, { paths, env, event }: Omit<Source, "stdin">): Captured {
  if (isOn(variable(env, "DISABLED"))) return { kind: "disabled", by: "variable" };
  if (existsSync(paths.disabled)) return { kind: "disabled", by: "file" };
  if (payload.length === 0) return { kind: "empty" };
  const trouble = homeTrouble(paths.home);
  if (trouble !== undefined) return { kind: "untrusted", trouble };
  let name: string;
  try {
    name = storeEntry(paths.spool, originOf(env, event), payload);
  } catch (error) {
    return { kind: "unwritable", cause: errorMessage(error) };
  }
  return { kind: "stored", name, payload, relay: ensureRelay(paths, env) };
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
