// Why a session is in its state, in a person's words.

import type { SessionSummary } from "../../contract/session.ts";
import { own } from "./own.ts";

/** SessionEnd's reasons, as Claude Code names them. */
const ENDINGS: Record<string, string> = {
  prompt_input_exit: "you quit",
  logout: "you logged out",
  clear: "after /clear",
  resume: "to resume another session",
  bypass_permissions_disabled: "permissions may no longer be bypassed",
  other: "",
};

export function whyOf({ reason, detail }: Pick<SessionSummary, "reason" | "detail">): string | undefined {
  if (reason?.code !== "ended") return detail;
  const said = own(ENDINGS, reason.reason ?? "") ?? reason.reason;
  return said || undefined;
}
