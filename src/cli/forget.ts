// mpm forget: removes what was recorded of a session, a project or a time, at once and in every place of the home.

import { setTimeout as sleep } from "node:timers/promises";
import { isCalled } from "../contract/project.ts";
import { listed, plural, printable } from "../platform/text.ts";
import { startInBackground } from "../services/background.ts";
import { ensureRelay } from "../services/relay.ts";
import { liveMonitor } from "../services/target.ts";
import { openRejected, type RejectedEntry } from "../spool/rejected.ts";
import { measureSpool } from "../spool/sizes.ts";
import { type Call, flag, text } from "./arguments.ts";
import { explained } from "./ask.ts";
import { command } from "./command.ts";
import { TIME_FORMS, time } from "./filter.ts";
import { askForget } from "./stored.ts";
import { EXIT, type Io, jsonFor, UsageError } from "./terminal.ts";

/** Events that wait in the spool are stored first, or they would come back. */
const DELIVERED_WITHIN_MS = 10_000;
const POLL_MS = 50;

const OPTIONS = {
  session: text("ID", "all of this session; the beginning of its id is enough"),
  project: text("DIR", "all of this project, by its directory or name", { path: true }),
  before: time(`all that is older: ${TIME_FORMS}`),
  "dry-run": flag("count what would be removed, and remove nothing"),
  json: flag("one JSON object"),
};

export const verb = command({
  text: [
    "Removes what was recorded for good: events, what they are found by, prompts in lists, turns, what was counted, and entries in rejected/.",
    "Claude Code's own transcripts are not touched; `mpm import` brings back what they hold.",
  ],
  options: OPTIONS,
  exclusive: [["session", "project", "before"]],
  run,
});

async function run({ options }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const { session, project, before, json, "dry-run": dryRun } = options;
  if (session === undefined && project === undefined && before === undefined)
    throw new UsageError("`mpm forget` needs one of --session, --project and --before.");
  if (!liveMonitor(io.config)) {
    const monitor = await startInBackground(io.config, io.env, { autostarted: true });
    if (!monitor.ok) {
      io.err(`mpm: the monitor removes what is stored, and did not start: ${explained(monitor.reason)}\n`);
      return EXIT.failed;
    }
  }
  const waiting = dryRun ? 0 : await deliver(io);
  const asked = await askForget(io, { session, project, before, dryRun: dryRun || undefined });
  if (!asked.ok) {
    const { reason } = asked;
    io.err(
      reason.code === "not_found"
        ? `mpm: no session, or more than one, has an id that begins with ${printable(session ?? "")}. \`mpm sessions\` lists them.\n`
        : `mpm: ${explained(reason)}\n`,
    );
    return EXIT.failed;
  }
  const { events, sessions, answers } = asked.value;
  const rejected = forgetRejected(io, { session, project, before }, dryRun);
  if (json) await io.out(`${jsonFor(io, { events, sessions, answers, rejected, waiting, dryRun })}\n`);
  else {
    const what = [plural(events, "event"), plural(sessions, "session"), plural(answers, "counted answer")];
    if (rejected > 0) what.push(plural(rejected, "rejected event"));
    await io.out(`mpm: ${dryRun ? "would remove" : "removed"} ${listed(what)}.\n`);
  }
  if (waiting > 0) {
    io.err(`mpm: ${plural(waiting, "event")} in the spool could not be delivered yet. Run this again when they are.\n`);
    return EXIT.failed;
  }
  return EXIT.done;
}

/** Waits until the spool is empty; returns how many entries are left in it. */
async function deliver({ config, env, signal }: Io): Promise<number> {
  const pending = () => measureSpool(config.paths.spool).pending;
  if (pending() === 0) return 0;
  ensureRelay(config.paths, env);
  const deadline = performance.now() + DELIVERED_WITHIN_MS;
  while (pending() > 0 && performance.now() < deadline && !signal.aborted) await sleep(POLL_MS);
  return pending();
}

interface Which {
  readonly session: string | undefined;
  readonly project: string | undefined;
  readonly before: number | undefined;
}

function forgetRejected({ config }: Io, { session, project, before }: Which, dryRun: boolean): number {
  const isMeant = (about: RejectedEntry): boolean => {
    if (session !== undefined) return about.session?.startsWith(session) === true;
    if (before !== undefined) return about.storedAt < before;
    const { projectDir } = about;
    return projectDir !== undefined && project !== undefined && isCalled(projectDir, project);
  };
  let counted = 0;
  const removed = openRejected(config.paths.rejected).forget((about) => {
    const meant = isMeant(about);
    if (meant) counted++;
    return meant && !dryRun;
  });
  return dryRun ? counted : removed;
}
