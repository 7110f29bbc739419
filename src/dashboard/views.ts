// The views of the page: a row each, and nothing else to do to add one.
// - A view is loaded when it is first gone to; what it alone needs comes with it.
// - A view without a key is reached from another one, and not listed in the navigation.

import type { ComponentType } from "preact";
import { lazy } from "./lazy.tsx";
import { team } from "./team.ts";

export interface View {
  /** The first part of its link: "sessions" is `#/sessions`, "" is Now. */
  readonly path: string;
  readonly title: string;
  /** The key that leads there. */
  readonly key?: string;
  readonly Component: ComponentType;
  /** Whether the navigation lists it now; absent: always. */
  readonly isOffered?: () => boolean;
}

const VIEWS: readonly View[] = [
  { path: "", title: "Now", key: "1", Component: lazy(async () => (await import("./view/now.tsx")).NowView) },
  {
    path: "sessions",
    title: "Sessions",
    key: "2",
    Component: lazy(async () => (await import("./view/sessions.tsx")).SessionsView),
  },
  {
    path: "search",
    title: "Search",
    key: "3",
    Component: lazy(async () => (await import("./view/search.tsx")).SearchView),
  },
  {
    path: "files",
    title: "Files",
    key: "4",
    Component: lazy(async () => (await import("./view/files.tsx")).FilesView),
  },
  {
    path: "cost",
    title: "Cost",
    key: "5",
    Component: lazy(async () => (await import("./view/cost.tsx")).CostView),
  },
  {
    path: "statistics",
    title: "Statistics",
    key: "6",
    Component: lazy(async () => (await import("./view/statistics.tsx")).StatisticsView),
  },
  {
    path: "alerts",
    title: "Alerts",
    key: "7",
    isOffered: () => (team.value?.me.role ?? "admin") === "admin",
    Component: lazy(async () => (await import("./view/alerts.tsx")).AlertsView),
  },
  {
    path: "health",
    title: "Health",
    key: "8",
    Component: lazy(async () => (await import("./view/health.tsx")).HealthView),
  },
  {
    path: "team",
    title: "Team",
    key: "9",
    isOffered: () => team.value !== undefined,
    Component: lazy(async () => (await import("./view/team.tsx")).TeamView),
  },
  { path: "session", title: "Session", Component: lazy(async () => (await import("./session/view.tsx")).SessionView) },
  { path: "event", title: "Event", Component: lazy(async () => (await import("./view/event.tsx")).EventView) },
];

type Listed = View & { readonly key: string };

/** Those that the navigation may list, in its order. */
export const LISTED: readonly Listed[] = VIEWS.flatMap((view) =>
  view.key === undefined ? [] : [{ ...view, key: view.key }],
);

/** Those that it lists now. */
export const listed = (): readonly Listed[] => LISTED.filter(({ isOffered }) => isOffered?.() ?? true);

export function viewOf(path: string): View | undefined {
  return VIEWS.find((view) => view.path === path);
}
