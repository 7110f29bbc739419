// mpm tail: events as they come, until interrupted.

import { type Call, flag } from "./arguments.ts";
import { command } from "./command.ts";
import { FILTER_OPTIONS, filterOf } from "./filter.ts";
import { follow } from "./follow.ts";
import { forPeople, forPrograms } from "./print.ts";
import { wholeSession } from "./session.ts";
import { EXIT, type Io } from "./terminal.ts";

const { since: _, until: __, ...FILTERS } = FILTER_OPTIONS;
const OPTIONS = { json: flag("whole envelopes, one a line"), ...FILTERS };

export const verb = command({
  text: ["Shows events as they come, until interrupted."],
  options: OPTIONS,
  run,
});

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const filter = filterOf({ ...options, since: undefined, until: undefined });
  const printer = options.json ? forPrograms(io) : forPeople(io, false);
  // A session that is not there yet may be given whole; a monitor that is away, follow waits for.
  const session = await wholeSession(io, filter.session);
  if (io.signal.aborted) return EXIT.done;
  return follow(io, { ...filter, session: session.ok ? session.value : filter.session }, undefined, printer);
}
