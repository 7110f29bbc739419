// Keys for everything. A key presses the control that carries it in `data-key`, so that what a key can do is what can be
// clicked; only moving between sessions and the help have no control of their own.

import { signal } from "@preact/signals";
import { LISTED } from "./views.ts";

/** Where there is no team. */
const ALWAYS = LISTED.filter(({ path }) => path !== "team");

export const helpOpen = signal(false);
export const paletteOpen = signal(false);

export const KEY_HELP: readonly (readonly [readonly string[], string])[] = [
  [ALWAYS.map(({ key }) => key), ALWAYS.map(({ title }) => title).join(", ")],
  [["[", "]"], "previous, next session of Now"],
  [["Ctrl K"], "go to a view, a project, a session (on a Mac: Cmd K)"],
  [["/"], "search; in a list, its filter"],
  [["j", "k"], "next, previous event (or the arrow keys, in the list)"],
  [["Enter"], "open what is chosen"],
  [["Esc"], "close the chosen event, then go back"],
  [["f"], "follow the session, or pause"],
  [["←", "→"], "earlier, later"],
  [["+", "-", "0"], "zoom in, out, show all"],
  [["PgUp", "PgDn"], "previous, next subagent, in the timeline; Enter opens the turn"],
  [["Home", "End"], "first, newest message of a conversation"],
  [["r", "Space"], "replay; pause it"],
  [["e"], "export the session as one HTML file"],
  [["t"], "theme: system, light, dark"],
  [["n"], "notifications on or off"],
  [["?"], "keyboard shortcuts"],
];

export function startKeys(): void {
  addEventListener("keydown", (event) => {
    if (isPaletteKey(event) && !document.querySelector("dialog[open]:not(.palette)")) {
      event.preventDefault();
      paletteOpen.value = !paletteOpen.value;
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (document.querySelector("dialog[open]")) return;
    if (isTyping(target)) {
      if (event.key === "Escape") target.blur();
      return;
    }
    // A control that has the focus keeps the keys that are its own.
    if ((event.key === " " || event.key === "Enter") && target.closest("button, a, [role=listbox]")) return;
    if (press(event.key)) event.preventDefault();
  });
}

/** Wherever the focus is, in a field, too. */
function isPaletteKey({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "k" && (ctrlKey || metaKey) && !altKey && !shiftKey;
}

function isTyping(target: HTMLElement): boolean {
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || isTextInput(target);
}

function isTextInput(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range"].includes(target.type);
}

/** @returns whether the key did something */
function press(key: string): boolean {
  if (key === "/") {
    const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
    if (field) field.focus();
    else location.hash = "#/search";
    return true;
  }
  if (key === "j" || key === "k") return pass(key);
  if (key === "[" || key === "]") return otherSession(key === "]" ? 1 : -1);
  const control = [...document.querySelectorAll<HTMLElement>("[data-key]")].find(
    (element) => element.dataset["key"] === key && element.offsetParent !== null,
  );
  if (control) {
    control.click();
    return true;
  }
  if (key === "Escape" && location.hash.length > 2) {
    history.back();
    return true;
  }
  return false;
}

/** The list takes the key, wherever the focus is. */
function pass(key: string): boolean {
  const list = document.querySelector<HTMLElement>("[role=listbox], .windowed");
  if (!list) return false;
  list.focus({ preventScroll: true });
  list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: false }));
  return true;
}

function otherSession(step: number): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("a[data-session]")];
  if (links.length === 0) return false;
  const at = links.indexOf(document.activeElement as HTMLAnchorElement);
  links[at < 0 ? (step > 0 ? 0 : links.length - 1) : (at + step + links.length) % links.length]?.focus();
  return true;
}
