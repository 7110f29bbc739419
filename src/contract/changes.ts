// Files that were changed: by calls of tools that edit. Times are ms since 1970.

import * as z from "zod/mini";

/** Tools that change files, by name. */
export const EDITING_TOOLS = ["Edit", "MultiEdit", "Write", "NotebookEdit"] as const;

/** A hunk of a diff: lines with their sign in front. */
export const Hunk = z.object({
  oldStart: z.number(),
  newStart: z.number(),
  lines: z.array(z.string()),
});
export type Hunk = z.infer<typeof Hunk>;

/** What became of a file, from before the first call until after the last. */
export const FileDiff = z.looseObject({
  hunks: z.array(Hunk),
  /** `whole`: one diff of before and after. `steps`: the calls' own, one after the other, as the file's text is not stored. */
  of: z.enum(["whole", "steps"]),
});
export type FileDiff = z.infer<typeof FileDiff>;

export const ChangedFile = z.object({
  path: z.string(),
  /** Calls that changed it. */
  edits: z.number(),
  /** Lines, summed over the calls. */
  added: z.number(),
  removed: z.number(),
  /** It was not there before. */
  created: z.exactOptional(z.literal(true)),
  firstAt: z.number(),
  lastAt: z.number(),
  /** Ids of the subagents that changed it; "" is the main agent. */
  agents: z.array(z.string()),
  /** What kind of agent a subagent is, by its id. */
  types: z.exactOptional(z.record(z.string(), z.string())),
  /** The turns in which it was changed, as they are counted in `/turns`. */
  turns: z.array(z.int()),
  /** Events of the calls' ends, the latest last; at most a hundred. */
  events: z.array(z.string()),
  /** Where files of several sessions are listed: the session. */
  session: z.exactOptional(z.string()),
  project: z.exactOptional(z.string()),
  /** Where diffs of all files were asked for. */
  diff: z.exactOptional(FileDiff),
});
export type ChangedFile = z.infer<typeof ChangedFile>;

export const FilesAnswer = z.looseObject({
  files: z.array(ChangedFile),
  /** Of a session with very many edits only the latest are counted and shown, from this time on; absent: all of them are. */
  since: z.exactOptional(z.number()),
  /** Of the file that was asked for. */
  diff: z.exactOptional(FileDiff),
});
export type FilesAnswer = z.infer<typeof FilesAnswer>;
