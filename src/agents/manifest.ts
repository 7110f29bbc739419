// .claude/agents/.mpm-manifest.json: which of the files there are ours, and what we wrote into them.
// - A file that is not listed is the user's own; one whose checksum is not listed was edited by the user.
// - Written before the files that it announces, with the old and the new checksum, and again after them: whenever a
//   deployment is cut off, every file of ours is still known as ours.
// - The same deployment gives the same bytes, without times and machine paths, so that it can be committed.

import { join } from "node:path";
import * as z from "zod/mini";
import type { Files } from "./files.ts";
import { isMissing } from "./files.ts";
import { isAgentName } from "./name.ts";
import { type Problem, systemReason } from "./problem.ts";

const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
const FORMAT = 1;

const Entry = z.object({
  /** Checksums of what we wrote, newest first; more than one only while a deployment is under way. */
  sha256: z.array(z.string().check(z.regex(/^[0-9a-f]{64}$/))).check(z.minLength(1)),
  tier: z.enum(["project", "user", "system"]),
  /** Path of the source within its tier. */
  source: z.string(),
});
const Manifest = z.object({
  version: z.literal(FORMAT),
  agents: z.record(z.string().check(z.refine(isAgentName)), Entry),
});

export type ManifestEntry = z.infer<typeof Entry>;

export interface Manifest {
  readonly path: string;
  /** By agent name; the file of `engineer` is engineer.md. */
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  /** The file as it was read, undefined where there is none. */
  readonly text: string | undefined;
}

/** The manifest of a directory; empty where there is none or where it cannot be understood (then with a problem). */
export async function readManifest(dir: string, files: Files): Promise<{ manifest: Manifest; problem?: Problem }> {
  const path = join(dir, ".mpm-manifest.json");
  const empty = { path, entries: new Map<string, ManifestEntry>(), text: undefined };
  const doubt = (received: string) => ({
    manifest: empty,
    problem: {
      severity: "warning" as const,
      path,
      expected: "a manifest of format 1",
      received: `${received}; every agent in this directory counts as your own`,
    },
  });
  try {
    const text = (await files.read(path, MAX_MANIFEST_BYTES)).bytes.toString("utf8");
    const parsed = Manifest.safeParse(JSON.parse(text));
    if (!parsed.success) return doubt(parsed.error.issues[0]?.message ?? "something else");
    return { manifest: { path, entries: new Map(Object.entries(parsed.data.agents)), text } };
  } catch (error) {
    return isMissing(error) ? { manifest: empty } : doubt(systemReason(error));
  }
}

/** The bytes of a manifest with these entries; undefined where there is nothing to list. */
export function manifestText(entries: ReadonlyMap<string, ManifestEntry>): string | undefined {
  if (entries.size === 0) return undefined;
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = sorted.map(([name, { sha256, tier, source }]) => {
    return `    ${JSON.stringify(name)}: ${JSON.stringify({ sha256, tier, source })}`;
  });
  return `{\n  "version": ${FORMAT},\n  "agents": {\n${lines.join(",\n")}\n  }\n}\n`;
}
