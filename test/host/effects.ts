// What a session did to the world, in a form in which two sessions of one script can be compared.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "./harness.ts";

export interface Effects {
  readonly exit: number | null;
  readonly stdout: string;
  /** Path to hash of each file in the workspace, but for git's own. */
  readonly files: Readonly<Record<string, string>>;
  /** Everything that the model was told, but for titles and the like, which come at any time. */
  readonly told: readonly string[];
}

export function effectsOf(session: Session): Effects {
  return {
    exit: session.exit,
    stdout: neutral(session.stdout, session),
    files: filesIn(session.workspace),
    told: session.requests
      .filter(({ tools }) => (tools?.length ?? 0) > 0)
      .map(({ messages }) => neutral(JSON.stringify(messages), session)),
  };
}

/** What differs between two sessions' effects, with what stands around it; empty where nothing does. */
export function unlike(one: Effects, other: Effects): string[] {
  return [
    ...apart("exit status", String(one.exit), String(other.exit)),
    ...apart("output", one.stdout, other.stdout),
    ...apart("files", JSON.stringify(one.files), JSON.stringify(other.files)),
    ...apart("number of requests", String(one.told.length), String(other.told.length)),
    ...one.told.flatMap((text, index) => apart(`request ${index}`, text, other.told[index] ?? "")),
  ];
}

function apart(what: string, one: string, other: string): string[] {
  if (one === other) return [];
  let at = 0;
  while (one[at] === other[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - SHOWN), at + SHOWN);
  return [`${what}: ${around(one)}\n  and: ${around(other)}`];
}

const SHOWN = 120;

/** Without what differs between any two sessions: the place, ids, durations. */
function neutral(text: string, { root }: Session): string {
  return text
    .replace(/\ba[0-9a-f]{16}\b/g, "AGENT")
    .replace(/duration_ms: \d+/g, "duration_ms: N")
    .replaceAll(root, "/ROOT")
    .replaceAll(root.replace(/[^A-Za-z0-9]/g, "-"), "-ROOT")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID");
}

function filesIn(workspace: string): Record<string, string> {
  const files = readdirSync(workspace, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(workspace, ".git/")))
    .sort();
  return Object.fromEntries(
    files.map((file) => [
      file.slice(workspace.length + 1),
      createHash("sha256").update(readFileSync(file)).digest("hex"),
    ]),
  );
}
