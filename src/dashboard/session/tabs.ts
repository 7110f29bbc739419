// The tabs of a session: a row each. The first is what a session opens with; a link to an event opens the timeline.

import type { ComponentType } from "preact";
import type { SessionSummary } from "../../contract/session.ts";
import { lazy } from "../lazy.tsx";

export interface TabProps {
  readonly id: string;
  /** Undefined until it is known. */
  readonly summary: SessionSummary | undefined;
}

export interface Tab {
  /** `?tab=` of the session's link. */
  readonly name: string;
  readonly title: string;
  readonly Component: ComponentType<TabProps>;
}

export const TIMELINE: Tab = {
  name: "timeline",
  title: "Timeline",
  Component: lazy(async () => (await import("./timeline.tsx")).TimelineTab),
};

export const TABS: readonly [Tab, ...Tab[]] = [TIMELINE];

export function tabOf(params: URLSearchParams): Tab {
  const wished = TABS.find(({ name }) => name === params.get("tab"));
  return wished ?? (params.has("event") ? TIMELINE : TABS[0]);
}
