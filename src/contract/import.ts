// Importing past sessions from Claude Code's transcripts: POST /api/import starts it, GET /api/import says how far it is.

import * as z from "zod/mini";

/** What is asked for. Times are ms since 1970. */
export const ImportRequest = z.strictObject({
  /** Configuration directories, folders of projects, or files; absent: every known configuration directory. */
  paths: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(4096))).check(z.maxLength(100))),
  since: z.optional(z.number()),
  project: z.optional(z.string().check(z.maxLength(8192))),
  /** Counts, and stores nothing. */
  dryRun: z.optional(z.boolean()),
});
export type ImportRequest = z.infer<typeof ImportRequest>;

export const Skipped = z.object({
  file: z.string(),
  /** From 1; 0: the whole file. */
  line: z.number(),
  /** not_json, not_an_object, unknown_form, too_long, unreadable, older_than_retention. */
  reason: z.string(),
});

/** What was done so far; `of` is all that there is to do. */
export const ImportProgress = z.object({
  files: z.number(),
  lines: z.number(),
  bytes: z.number(),
  sessions: z.object({ new: z.number(), known: z.number() }),
  events: z.object({ added: z.number(), repeated: z.number() }),
  /** The first of them. */
  skipped: z.array(Skipped),
  skippedCount: z.number(),
  of: z.object({ files: z.number(), bytes: z.number(), sessions: z.number() }),
});
export type ImportProgress = z.infer<typeof ImportProgress>;

export const IMPORT_STATES = ["never", "running", "done", "failed"] as const;

export const ImportStatus = z.object({
  state: z.enum(IMPORT_STATES),
  startedAt: z.exactOptional(z.number()),
  seconds: z.exactOptional(z.number()),
  progress: z.exactOptional(ImportProgress),
  /** Why it failed, in a sentence. */
  trouble: z.exactOptional(z.string()),
  /** What could be imported: sessions with a transcript, and when the oldest of them was last touched. */
  found: z.exactOptional(z.object({ sessions: z.number(), bytes: z.number(), oldestAt: z.nullable(z.number()) })),
});
export type ImportStatus = z.infer<typeof ImportStatus>;
