// The projects of the store, for filters and the palette: asked for when a view needs them, and again when it is old news.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ProjectSummary } from "../contract/project.ts";
import { ask } from "./api.ts";

const OLD_MS = 60_000;

/** The latest first. */
export const projects = signal<readonly ProjectSummary[]>([]);
let askedAt = Number.NEGATIVE_INFINITY;

export function useProjects(): readonly ProjectSummary[] {
  useEffect(() => void refresh(), []);
  return projects.value;
}

/** What people call them, each once. */
export function projectNames(known: readonly ProjectSummary[]): string[] {
  return [...new Set(known.map(({ name }) => name))].filter(Boolean);
}

async function refresh(): Promise<void> {
  if (performance.now() - askedAt < OLD_MS) return;
  askedAt = performance.now();
  const answer = await ask("projects");
  if (answer.ok) projects.value = answer.value.projects;
  else askedAt = Number.NEGATIVE_INFINITY;
}
