// The title of the tab: what is shown, and before it how many sessions wait, for whoever has many tabs.

import { effect, signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { sessions } from "./live.ts";

const PRODUCT = "mpm";
/** As much as a tab or its tooltip shows, characters. */
const MAX_NAME = 120;
/** Payloads may hide control characters and change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;

/** What a view says that it shows; undefined: its title in the table of views is enough. */
const shown = signal<string | undefined>(undefined);

/** Names the tab after what a view shows, for as long as it is shown: "Fix the importer, tidepool". */
export function useTitle(text: string | undefined): void {
  useLayoutEffect(() => {
    shown.value = text;
    return () => {
      shown.value = undefined;
    };
  }, [text]);
}

function titleOf(waiting: number, name: string): string {
  return `${waiting > 0 ? `(${waiting} waiting) ` : ""}${name.replace(UNSEEN, "").slice(0, MAX_NAME)} · ${PRODUCT}`;
}

/** Keeps the tab's title from now on. @param usual what a view is called that says no more */
export function startTitle(usual: () => string): void {
  effect(() => {
    const waiting = [...sessions.value.values()].filter(({ state }) => state === "waiting").length;
    document.title = titleOf(waiting, shown.value ?? usual());
  });
}
