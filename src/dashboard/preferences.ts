// What this browser remembers: theme, notifications, saved searches, how pages are split. Storage that is full or forbidden is no error.

import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

export interface SavedSearch {
  readonly name: string;
  /** The query part of the Search view's link. */
  readonly params: string;
}

const PREFIX = "mpm.";

function kept<T>(key: string, fallback: T, fits: (value: unknown) => value is T): Signal<T> {
  const state = signal(read(key, fallback, fits));
  effect(() => {
    const text = JSON.stringify(state.value);
    try {
      localStorage.setItem(PREFIX + key, text);
    } catch {
      // remembered until the page is closed
    }
  });
  return state;
}

function read<T>(key: string, fallback: T, fits: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
    return fits(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

const isTheme = (value: unknown): value is Theme => value === "system" || value === "light" || value === "dark";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isSearches = (value: unknown): value is readonly SavedSearch[] =>
  Array.isArray(value) &&
  value.every(
    (entry: Partial<SavedSearch> | null) => typeof entry?.name === "string" && typeof entry.params === "string",
  );

const isSplits = (value: unknown): value is Readonly<Record<string, number>> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((share) => typeof share === "number" && share > 0 && share < 100);

export const theme = kept<Theme>("theme", "system", isTheme);
export const notify = kept<boolean>("notify", false, isFlag);
export const savedSearches = kept<readonly SavedSearch[]>("searches", [], isSearches);
/** Percent that parts of pages have, by their names, where somebody chose it. */
export const splits = kept<Readonly<Record<string, number>>>("splits", {}, isSplits);

/** Puts the theme on the document, so that the style sheet and the canvases follow it. */
export function startTheme(): void {
  effect(() => {
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.value;
  });
}

export function nextTheme(current: Theme): Theme {
  return current === "system" ? "light" : current === "light" ? "dark" : "system";
}
