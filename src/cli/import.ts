// mpm import: past sessions, from the transcripts that Claude Code keeps.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ImportProgress, ImportStatus } from "../contract/import.ts";
import { bytes, plural, printable, span } from "../platform/text.ts";
import { startInBackground } from "../services/background.ts";
import { liveMonitor } from "../services/target.ts";
import { type Call, flag, text } from "./arguments.ts";
import { explained } from "./ask.ts";
import { command } from "./command.ts";
import { TIME_FORMS, time } from "./filter.ts";
import { askImport, startImport } from "./stored.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const OPTIONS = {
  since: time(`only sessions that were worked on since: ${TIME_FORMS}`),
  project: text("DIR", "only sessions of this project, by its directory or name", { path: true }),
  "dry-run": flag("count what there is, and store nothing"),
  json: flag("end with one JSON object"),
};

export const verb = command({
  text: [
    "Takes past sessions into the store, from the transcripts of every known configuration directory of Claude Code, or from the paths given: configuration directories, folders of projects, or files.",
    "What hooks recorded is not stored again, and a second run adds nothing. It may be interrupted, and goes on where it was.",
  ],
  options: OPTIONS,
  operands: [{ name: "PATH", about: "a path", optional: true, many: true, path: true }],
  run,
});

const FIRST_POLL_MS = 50;
const MAX_POLL_MS = 500;
const NAMED = 5;

async function run({ options, operands }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const paths = operands.map((path) => resolve(io.cwd, path));
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) {
    io.err(`mpm: there is nothing at ${printable(missing)}. Nothing was imported.\n`);
    return EXIT.failed;
  }
  if (!liveMonitor(io.config)) {
    const monitor = await startInBackground(io.config, io.env);
    if (!monitor.ok) {
      const { reason } = monitor;
      io.err(`mpm: the monitor keeps what is imported, and did not start: ${explained(reason)}\n`);
      return EXIT.failed;
    }
  }
  const started = await startImport(io, {
    ...(paths.length > 0 ? { paths } : {}),
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.project === undefined ? {} : { project: options.project }),
    ...(options["dry-run"] ? { dryRun: true } : {}),
  });
  if (!started.ok) {
    io.err(`mpm: ${explained(started.reason)}\n`);
    return EXIT.failed;
  }
  const ended = await untilItEnds(io);
  if (ended === undefined) return EXIT.failed;
  const { state, trouble, progress, seconds = 0 } = ended;
  if (state !== "done" || !progress) {
    io.err(`mpm: the import failed: ${trouble ?? "no reason was given"}. What was read so far is kept; try again.\n`);
    return EXIT.failed;
  }
  await io.out(
    options.json
      ? `${jsonFor(io, forPrograms(progress, seconds))}\n`
      : forPeople(progress, seconds, options["dry-run"]),
  );
  return EXIT.done;
}

/** Waits for the end of the import and shows how far it is; undefined where it cannot be waited for. */
async function untilItEnds(io: Io): Promise<ImportStatus | undefined> {
  let shown = "";
  for (let poll = FIRST_POLL_MS; ; poll = Math.min(poll * 1.3, MAX_POLL_MS)) {
    const asked = await askImport(io);
    if (io.signal.aborted) {
      io.err("mpm: the import goes on in the monitor. `mpm import` waits for it again.\n");
      return undefined;
    }
    if (!asked.ok) {
      io.err(`mpm: ${explained(asked.reason)}\n`);
      return undefined;
    }
    const { state, progress } = asked.value;
    if (io.errIsTerminal && shown !== "") io.err("\r\u001b[K");
    if (state !== "running") return asked.value;
    if (io.errIsTerminal && progress) {
      shown = lineOf(progress, io.columns);
      io.err(shown);
    }
    await sleep(poll, undefined, { signal: io.signal }).catch(() => {});
  }
}

function lineOf({ bytes: read, of, sessions, events }: ImportProgress, columns = 80): string {
  const share = of.bytes > 0 ? Math.floor((100 * read) / of.bytes) : 100;
  const count = sessions.new + sessions.known;
  return `mpm: ${share} % of ${bytes(of.bytes)}, ${count} of ${plural(of.sessions, "session")}, ${plural(events.added, "event")}`.slice(
    0,
    columns - 1,
  );
}

function forPrograms({ files, lines, sessions, events, skipped, skippedCount }: ImportProgress, seconds: number) {
  return { files, lines, sessions, events, skipped, skippedCount, seconds };
}

function forPeople(progress: ImportProgress, seconds: number, dryRun: boolean): string {
  const { sessions, events, skipped, skippedCount, of } = progress;
  if (of.files === 0) return "mpm: no transcript of a session matches. Nothing was stored.\n";
  const lines = [
    dryRun
      ? `mpm: ${plural(sessions.new, "new session")} and ${plural(sessions.known, "known one")}, ${plural(events.added, "event")} at most. Nothing was stored.`
      : `mpm: ${plural(sessions.new, "new session")} and ${plural(sessions.known, "known one")}, ${plural(events.added, "event")} added, from ${bytes(of.bytes)} in ${span(seconds * 1000)}.`,
  ];
  const old = skipped.filter(({ reason }) => reason === OLD);
  if (old.length > 0)
    lines.push(
      `Older than what the store keeps (monitor.retentionMs), and left out: parts of ${plural(old.length, "file")}.`,
    );
  const strange = skipped.filter(({ reason }) => reason !== OLD);
  if (strange.length > 0) {
    lines.push(`${plural(skippedCount - old.length, "line")} could not be read:`);
    for (const { file, line, reason } of strange.slice(0, NAMED))
      lines.push(`  ${file}:${line}  ${WORDS[reason] ?? reason}`);
    if (strange.length > NAMED) lines.push(`  and ${skippedCount - old.length - NAMED} more; --json names them.`);
  }
  return `${lines.join("\n")}\n`;
}

const OLD = "older_than_retention";
const WORDS: Readonly<Record<string, string>> = {
  not_json: "is not JSON",
  not_an_object: "is no object",
  unknown_form: "has an unknown form",
  too_long: "is too long",
  unreadable: "cannot be opened",
};
