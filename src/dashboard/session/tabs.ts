// The tabs of a session: a row each. What goes on opens with its timeline, what has ended with its conversation; a link to an
// event opens the timeline.

import type { SessionSummary } from "../../contract/session.ts";
import { lazy } from "../lazy.tsx";
import { goesOn } from "../model/lasted.ts";
import type { Tab } from "./tab.ts";

const timeline = () => import("./timeline.tsx");
const conversation = () => import("./conversation.tsx");
const turns = () => import("./turns.tsx");
const files = () => import("./files.tsx");

const TIMELINE: Tab = {
  name: "timeline",
  title: "Timeline",
  Component: lazy(async () => (await timeline()).TimelineTab),
  load: timeline,
};

const CONVERSATION: Tab = {
  name: "conversation",
  title: "Conversation",
  Component: lazy(async () => (await conversation()).ConversationTab),
  load: conversation,
};

const TURNS: Tab = {
  name: "turns",
  title: "Turns",
  Component: lazy(async () => (await turns()).TurnsTab),
  load: turns,
};

const FILES: Tab = {
  name: "files",
  title: "Files",
  Component: lazy(async () => (await files()).FilesTab),
  load: files,
};

export const TABS: readonly [Tab, ...Tab[]] = [CONVERSATION, TIMELINE, TURNS, FILES];

/** The tab that the link names; undefined where it names none. */
export function tabOf(params: URLSearchParams): Tab | undefined {
  const wished = TABS.find(({ name }) => name === params.get("tab"));
  return wished ?? (params.has("event") ? TIMELINE : undefined);
}

/** A session in which nothing has happened for longer is read, and not watched. */
const QUIET_MS = 600_000;

/** The tab in which there is most to see: `now` is ms since 1970. */
export function firstTab(summary: SessionSummary, now: number): Tab {
  const isQuiet = now - summary.lastAt > QUIET_MS && summary.state !== "waiting" && summary.state !== "working";
  return goesOn(summary) && !isQuiet ? TIMELINE : CONVERSATION;
}
