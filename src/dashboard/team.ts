// The team whose monitor this is, where it is one: who looks, and whose sessions they may see.

import { effect, signal } from "@preact/signals";
import type { TeamAnswer } from "../contract/team.ts";
import { ask } from "./api.ts";
import { health } from "./live.ts";

/** How often what is shown of it is asked for again. */
export const REFRESH_MS = 15_000;

/** Undefined until it is known, and where there is no team. */
export const team = signal<TeamAnswer | undefined>(undefined);

/** Asks for it as soon as the monitor has said that there is one. */
export function startTeam(): void {
  let asked: string | undefined;
  effect(() => {
    const name = health.value?.team?.name;
    if (name === undefined || name === asked) return;
    asked = name;
    void refreshTeam();
  });
}

export async function refreshTeam(): Promise<void> {
  const answer = await ask("team");
  if (answer.ok) team.value = answer.value;
}

/** Whether others than who looks may be seen. */
export const seesOthers = (): boolean => team.value !== undefined && team.value.me.role !== "member";

/** What a person is called; undefined for nobody, and where there is no team. */
export const personName = (id: string | undefined): string | undefined =>
  id === undefined ? undefined : team.value?.people.find((person) => person.id === id)?.name;
