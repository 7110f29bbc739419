// A session as Markdown: prompts and answers as they were written, a line a call.
// - Titles, names and notes are no markup. What a terminal obeys, or hides or reorders text, is shown as what it is.

import type { Message } from "../../contract/conversation.ts";
import type { Call, Note } from "../model/conversation.ts";
import { duration } from "../model/format.ts";
import { pieces, withoutEscapes } from "../model/text.ts";
import { type About, OUTCOMES, saidIn, timeOf, whoOf } from "./record.ts";

export function textBegin({ title, facts }: About): string {
  return `# ${oneLine(title)}\n\n${facts.map(oneLine).join(" · ")}\n\n`;
}

export function textMessage(message: Message): string {
  return `## ${oneLine(whoOf(message))}, ${timeOf(message.at)}\n\n${visible(saidIn(message)).trim()}\n\n`;
}

export function textCall({ tool, text, outcome, ms }: Call, depth: number): string {
  const [sign, word] = OUTCOMES[outcome];
  const what = flat(text).replaceAll("`", "'");
  const took = ms === undefined ? "" : `, ${duration(ms)}`;
  return `${"  ".repeat(depth)}- ${sign} **${oneLine(tool)}**${what ? ` \`${what}\`` : ""} (${word}${took})\n`;
}

export function textNote({ text, t }: Note): string {
  return `*${oneLine(text)}, ${timeOf(t)}*\n\n`;
}

/** Without what a terminal obeys; what turns or hides text stands as its name, in brackets. */
const visible = (text: string): string =>
  pieces(withoutEscapes(text))
    .map((piece) => (piece.kind === "control" ? `[${piece.about}]` : piece.text))
    .join("");
const flat = (text: string): string => visible(text).replace(/\s+/g, " ").trim();
const oneLine = (text: string): string => flat(text).replace(/[\\`*<>[\]]/g, "\\$&");
