// What a person reads for what a session waits for, for why it is in its state, and for its signals. Nothing parses these
// texts.

import type { StateReason, WaitReason } from "../contract/session.ts";
import type { Signal } from "../contract/signals.ts";

const MAX_LENGTH = 200;

/** What a session waits for. */
function waitText(reason: WaitReason): string {
  switch (reason.code) {
    case "permission":
      return `permission for ${reason.tool ?? "a tool"}`;
    case "question":
      return "an answer to its question";
    case "plan":
      return "approval of its plan";
    case "elicitation":
      return `an answer for ${reason.server ?? "an MCP server"}`;
    case "notification":
      return reason.text ?? "your input";
    case "prompt":
      return "your next prompt";
  }
}

/** Why a session is in its state; undefined where the state says all. */
export function detailOf(reason: StateReason): string | undefined {
  return reasonText(reason)?.slice(0, MAX_LENGTH);
}

function reasonText(reason: StateReason): string | undefined {
  switch (reason.code) {
    case "waiting":
      return waitText(reason.for);
    case "compacting":
      return "compacting";
    case "started":
      return reason.source;
    case "background":
      return [
        reason.tasks > 0 ? `${reason.tasks} in the background` : "",
        reason.scheduled > 0 ? `${reason.scheduled} scheduled` : "",
      ]
        .filter(Boolean)
        .join(", ");
    case "turn_failed":
      return `the turn failed: ${reason.error ?? "unknown"}`;
    case "interrupted":
      if (reason.waitingFor) return `while it waited for ${waitText(reason.waitingFor)}`;
      return reason.tool === undefined ? undefined : `while ${reason.tool} ran`;
    case "ended":
      return reason.reason;
    case "process_gone":
      return "Claude Code ended without saying so";
  }
}

/** What was seen, and the command or file that it is about; `lasted` writes ms as people do. */
export function signalText(
  signal: Signal,
  lasted: (ms: number) => string,
): { readonly said: string; readonly about?: string } {
  switch (signal.code) {
    case "repeated_failure":
      return { said: `failed ${signal.count} times the same way`, about: signal.text ?? signal.tool };
    case "back_and_forth":
      return { said: `edited back and forth ${signal.count} times`, about: signal.path };
    case "long_turn":
      return { said: `turn ${signal.turn} took ${lasted(signal.ms)}; ${lasted(signal.usualMs)} is usual` };
  }
}
