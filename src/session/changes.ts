// Files that calls have changed, from the events of their ends: how many lines came and went, by whom, in which turn.
// - What the host says of an edit (`structuredPatch`) counts; where it says nothing, the texts of the call do.
// Source of the fields: the tools Edit, MultiEdit, Write and NotebookEdit of host 2.1.330.

import * as z from "zod/mini";
import type { ChangedFile, Hunk } from "../contract/changes.ts";
import type { Envelope } from "../contract/envelope.ts";
import { CUT_BEGINS, MARKS, readMark } from "../contract/marks.ts";

const maybeText = z.catch(z.optional(z.string()), undefined);
const Patch = z.catch(
  z.optional(z.array(z.looseObject({ oldStart: z.number(), newStart: z.number(), lines: z.array(z.string()) }))),
  undefined,
);
const Input = z.looseObject({
  file_path: maybeText,
  notebook_path: maybeText,
  old_string: maybeText,
  new_string: maybeText,
  content: maybeText,
  new_source: maybeText,
  edits: z.catch(z.optional(z.array(z.looseObject({ old_string: maybeText, new_string: maybeText }))), undefined),
});
const Response = z.looseObject({
  type: maybeText,
  structuredPatch: Patch,
  originalFile: z.catch(z.optional(z.nullable(z.string())), undefined),
  original_file: maybeText,
  updated_file: maybeText,
  content: maybeText,
  old_source: maybeText,
});

/** One call that changed a file. */
export interface Edit {
  readonly path: string;
  readonly event: string;
  readonly session: string;
  readonly project: string | undefined;
  readonly agent: string | undefined;
  readonly agentType: string | undefined;
  readonly prompt: string | undefined;
  readonly t: number;
  readonly hunks: readonly Hunk[];
  readonly created: boolean;
  /** The whole text before and after, where the event holds it uncut. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The change that the end of a call tells of; undefined where it is no edit, or did not happen. */
export function editOf(event: Envelope): Edit | undefined {
  const { data } = event;
  if (event.hook_event_name !== "PostToolUse") return undefined;
  const input = Input.safeParse(data["tool_input"]);
  if (!input.success) return undefined;
  const path = input.data.file_path ?? input.data.notebook_path;
  if (!path) return undefined;
  const read = Response.safeParse(data["tool_response"]);
  const response = read.success ? read.data : undefined;
  const before = response?.originalFile ?? response?.original_file;
  const hunks = response?.structuredPatch?.map(({ oldStart, newStart, lines }) => ({ oldStart, newStart, lines }));
  return {
    path,
    event: event.id,
    session: event.session_id,
    project: event.project_dir ?? event.cwd,
    agent: event.agent_id,
    agentType: typeof data["agent_type"] === "string" ? data["agent_type"] : undefined,
    prompt: event.prompt_id,
    t: Date.parse(event.timestamp),
    hunks: hunks && hunks.length > 0 ? hunks : hunksOf(input.data, response?.old_source),
    created: response?.type === "create" || response?.originalFile === null,
    before: response?.originalFile === null ? "" : uncut(before),
    after: uncut(response?.updated_file ?? afterOf(input.data, before)),
  };
}

/** A text that is there as it was: nothing of it was cut. */
function uncut(text: string | undefined): string | undefined {
  if (!text?.includes(CUT_BEGINS)) return text; // most files: no mark is looked for at each place
  return text.match(MARKS)?.some((mark) => readMark(mark)?.kind === "cut") ? undefined : text;
}

/** What a call says of itself, where the host says nothing of its outcome. */
function hunksOf(input: z.infer<typeof Input>, oldSource: string | undefined): Hunk[] {
  const { old_string: old, new_string: new_, content, new_source: source, edits } = input;
  const pairs: [string | undefined, string | undefined][] = edits
    ? edits.map((edit) => [edit.old_string, edit.new_string])
    : [[old ?? oldSource, new_ ?? content ?? source]];
  return pairs
    .map(([from, to]) => ({ oldStart: 1, newStart: 1, lines: [...signed("-", from), ...signed("+", to)] }))
    .filter(({ lines }) => lines.length > 0);
}

const signed = (sign: string, text: string | undefined): string[] =>
  text
    ? text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => sign + line)
    : [];

/** The file's text after the call; undefined where it cannot be known. */
function afterOf(
  { content, old_string: old, new_string: new_, ...input }: z.infer<typeof Input>,
  before: string | undefined | null,
): string | undefined {
  if (content !== undefined) return content;
  if (before === undefined || before === null || old === undefined || new_ === undefined || old === "")
    return undefined;
  if (input["replace_all"] === true) return before.replaceAll(old, () => new_);
  return before.includes(old) ? before.replace(old, () => new_) : undefined;
}

const MAX_EVENTS = 100;

/** Sums edits by file, and by session where `apart`; those that were changed last come first. `turnOf`: the turn of an edit. */
export function changedFiles(edits: Iterable<Edit>, turnOf: (edit: Edit) => number, apart = false): ChangedFile[] {
  const files = Map.groupBy(edits, ({ session, path }) => (apart ? `${session}\n${path}` : path));
  return [...files.values()].flatMap((of) => changedFile(of, turnOf, apart)).sort((a, b) => b.lastAt - a.lastAt);
}

/** What edits have made of a file, in order; nothing where there are none. */
function changedFile(edits: readonly Edit[], turnOf: (edit: Edit) => number, apart: boolean): ChangedFile[] {
  const [first, last] = [edits[0], edits.at(-1)];
  if (!first || !last) return [];
  const times = edits.map(({ t }) => t);
  const types = edits.flatMap(({ agent, agentType }) => (agent && agentType ? [[agent, agentType]] : []));
  const file: ChangedFile = {
    path: first.path,
    edits: edits.length,
    added: linesOf(edits, "+"),
    removed: linesOf(edits, "-"),
    ...(first.created ? { created: true } : {}),
    firstAt: times.reduce((least, t) => Math.min(least, t)),
    lastAt: times.reduce((most, t) => Math.max(most, t)),
    agents: [...new Set(edits.map(({ agent }) => agent ?? ""))],
    ...(types.length > 0 ? { types: Object.fromEntries(types) } : {}),
    turns: [...new Set(edits.map(turnOf))].filter((turn) => turn > 0).sort((a, b) => a - b),
    events: edits.slice(-MAX_EVENTS).map(({ event }) => event),
    ...(apart ? { session: first.session, ...(last.project ? { project: last.project } : {}) } : {}),
  };
  return [file];
}

const linesOf = (edits: readonly Edit[], sign: string): number =>
  edits.reduce(
    (sum, { hunks }) =>
      hunks.reduce((all, { lines }) => all + lines.filter((line) => line.startsWith(sign)).length, sum),
    0,
  );

/** An edit without the whole texts: enough to be counted, and to be shown as a step. */
export const withoutTexts = (edit: Edit): Edit => ({ ...edit, before: undefined, after: undefined });
