// What the end of a call says that it did, as hashes: equal for equal calls, equal errors, equal texts of a file.
// Source of the fields: the hooks reference of Claude Code (host 2.1.330), and that host's errors of Bash.

import { hash } from "node:crypto";
import { EDITING_TOOLS } from "../contract/changes.ts";
import type { Envelope } from "../contract/envelope.ts";
import { withheldOf } from "../contract/team.ts";
import { editOf } from "../session/changes.ts";
import type { Deed } from "../session/input.ts";

type Data = Readonly<Record<string, unknown>>;

const EDITING: ReadonlySet<string> = new Set(EDITING_TOOLS);
const HASH_LENGTH = 12;
/** How the host begins the error of a command that has said nothing, and answered no: grep, test, diff -q. */
const ONLY_NO = /^Exit code 1\s*$/;
/** What differs between two runs that fail in the same way: times, durations, places in a file, addresses, temporary files. */
const CHANCE = [
  /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g,
  /\b\d+(?:\.\d+)?\s?(?:ms|s|sec|secs|seconds?|min|minutes?)\b/g,
  /\b0x[0-9a-f]+\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
  /:\d+(?::\d+)?\b|\bline \d+\b/g,
  /\/tmp\/\S+|\bpid \d+\b/gi,
];
/** Of an error so much is compared, characters. */
const MAX_ERROR = 20_000;

const short = (text: string): string => hash("sha256", text, "base64url").slice(0, HASH_LENGTH);

interface Told {
  readonly tool: string | undefined;
  readonly input: Data;
  readonly failed: boolean;
  /** What the call was about, as in a row. */
  readonly text: string | undefined;
}

/** Undefined where the event ends no call, a person broke it off, or what would tell it apart was not shared. */
export function deedOf(envelope: Envelope, { tool, input, failed, text }: Told): Deed | undefined {
  const { data, hook_event_name: event } = envelope;
  const ends = event === "PostToolUse" || event === "PostToolUseFailure";
  if (!ends || tool === undefined || data["is_interrupt"] === true || withheldOf(data)) return undefined;
  const error = failed ? errorOf(data) : undefined;
  const command = input["command"];
  const isEdit = EDITING.has(tool);
  const what = whatOf(tool, input);
  const edit = isEdit && !failed ? changeOf(envelope) : undefined;
  return {
    ...(what === undefined ? {} : { what }),
    ...(error === undefined ? {} : { error: short(error) }),
    ...(error !== undefined && text ? { text } : {}),
    ...(isEdit || typeof command === "string" ? { changes: true } : {}),
    ...(edit ? { edit } : {}),
  };
}

/** A shell's command, whatever is said of it; else all of the input. */
function whatOf(tool: string, input: Data): string | undefined {
  const command = input["command"];
  if (typeof command === "string") return short(`${tool}\n${command.trim()}`);
  return Object.keys(input).length === 0 ? undefined : short(`${tool}\n${JSON.stringify(input)}`);
}

/** Undefined where the command has answered, and not failed. */
function errorOf(data: Data): string | undefined {
  const said = data["error"];
  const error = typeof said === "string" ? said : JSON.stringify(data["tool_response"] ?? null);
  if (ONLY_NO.test(error)) return undefined;
  return CHANCE.reduce((text, chance) => text.replace(chance, "#"), error.slice(0, MAX_ERROR));
}

function changeOf(envelope: Envelope): Deed["edit"] {
  const edit = editOf(envelope);
  if (!edit) return undefined;
  const { path, before, after, hunks } = edit;
  if (before !== undefined && after !== undefined) return { path, from: short(before), to: short(after), whole: true };
  const side = (sign: string) =>
    hunks.map(({ lines }) =>
      lines
        .filter((line) => !line.startsWith(sign))
        .map((line) => line.slice(1))
        .join("\n"),
    );
  if (hunks.length === 0) return undefined;
  return { path, from: short(side("+").join("\n\n")), to: short(side("-").join("\n\n")), whole: false };
}
