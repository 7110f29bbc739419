// mpm team preview: the last events as they would leave this machine, byte for byte.

import { leastContent } from "../contract/team.ts";
import { projectEnvelope } from "../team/content.ts";
import { readMembership } from "../team/membership.ts";
import { explained } from "./ask.ts";
import { askEvents } from "./stored.ts";
import type { TeamCall } from "./team-options.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const DEFAULT_LAST = 10;
/** What hashes are made with where no team has been joined: the same bytes as later in length, others in value. */
const NO_KEY = "preview";

export async function preview(io: Io, options: TeamCall): Promise<number> {
  const read = readMembership(io.config.paths);
  const membership = read.ok ? read.value : undefined;
  const level = options.content ?? leastContent(io.config.teamContent, membership?.team.content ?? "content");
  const asked = await askEvents(io, { limit: options.last ?? DEFAULT_LAST });
  if (!asked.ok) {
    io.err(`mpm: ${explained(asked.reason)}\n`);
    return EXIT.failed;
  }
  const events = [...asked.value.events].sort((a, b) => a.n - b.n);
  for (const { n: _, ...envelope } of events) {
    const leaving = projectEnvelope(envelope, level, membership?.key ?? NO_KEY);
    await io.out(options.json ? `${JSON.stringify(leaving)}\n` : `${jsonFor(io, leaving, 2)}\n`);
  }
  if (!options.json) io.err(`mpm: ${events.length} events as they leave with team.content = ${level}\n`);
  return EXIT.done;
}
