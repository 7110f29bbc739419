// What a person calls a session.

import type { SessionSummary } from "../../contract/session.ts";

const SHORT_ID = 8;

type Named = Pick<SessionSummary, "id" | "title" | "firstPrompt" | "prompt">;

/** Its title, else its first prompt, else the beginning of its id; in one line. */
export function sessionName({ id, title, firstPrompt, prompt }: Named): string {
  return (title || firstPrompt || prompt || "").replace(/\s+/g, " ").trim() || shortId(id);
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}
