// A session by the beginning of its id.

import type { Asked } from "./ask.ts";
import { askSessions } from "./stored.ts";
import { type Io, UsageError } from "./terminal.ts";

/** The length of the ids that Claude Code gives. */
const WHOLE_CHARS = 36;
const SHOWN = 5;
const PAGE = 1000;

/** The id of the one session that begins so; what was given where none does. Throws UsageError where several do. */
export async function wholeSession(io: Io, given: string | undefined): Promise<Asked<string | undefined>> {
  if (given === undefined || given.length >= WHOLE_CHARS) return { ok: true, value: given };
  const found: string[] = [];
  let before: string | undefined;
  do {
    const asked = await askSessions(io, { limit: PAGE, before });
    if (!asked.ok) return asked;
    for (const { id } of asked.value.sessions) {
      if (id === given) return { ok: true, value: given };
      if (id.startsWith(given)) found.push(id);
    }
    before = asked.value.next ?? undefined;
  } while (before !== undefined);
  if (found.length > 1)
    throw new UsageError(
      `${found.length} sessions begin with "${given}": ${found.slice(0, SHOWN).join(", ")}${found.length > SHOWN ? ", ..." : ""}.`,
    );
  return { ok: true, value: found[0] ?? given };
}
