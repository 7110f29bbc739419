// Where one was in a view: how far it was scrolled, kept with the entry of the browser's history, so that Back, Forward
// and a reload lead to the same place. What is shown stands in the link.

/** A scroll position per box, under the name of the box. */
interface Kept {
  readonly scroll: Readonly<Record<string, number>>;
}

function kept(): Kept {
  const state: unknown = history.state;
  const scroll = typeof state === "object" && state !== null && "scroll" in state ? state.scroll : undefined;
  return { scroll: isPlaces(scroll) ? scroll : {} };
}

function isPlaces(given: unknown): given is Kept["scroll"] {
  return typeof given === "object" && given !== null && Object.values(given).every((top) => typeof top === "number");
}

/** How far the box of this name was scrolled in this entry of the history, pixels. */
export function keptScroll(name: string): number {
  return kept().scroll[name] ?? 0;
}

/** Noted when the scrolling has come to rest: to write into the history takes the browser some milliseconds each time. */
const AT_REST_MS = 100;
/** What a person does to scroll: from then on the place is theirs. */
const BY_HAND = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

/** Leads the box to where it was as soon as there is enough in it, and takes note of where it is, until it is closed. */
export function keepScroll(box: HTMLElement, name: string): () => void {
  const wished = keptScroll(name);
  const path = location.hash.split("?")[0];
  let timer = 0;
  const note = (): void => {
    timer = 0;
    // Whoever has left has another entry.
    if (location.hash.split("?")[0] !== path) return;
    const { scroll } = kept();
    history.replaceState({ scroll: { ...scroll, [name]: Math.round(box.scrollTop) } }, "");
  };
  const scrolled = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(note, AT_REST_MS);
  };
  const lead = (): void => {
    if (box.scrollTop !== wished) box.scrollTop = wished;
    if (Math.abs(box.scrollTop - wished) <= 1) stopLeading();
  };
  const grown = new MutationObserver(lead);
  const stopLeading = (): void => {
    grown.disconnect();
    for (const event of BY_HAND) box.removeEventListener(event, stopLeading);
    box.addEventListener("scroll", scrolled, { passive: true });
  };
  for (const event of BY_HAND) box.addEventListener(event, stopLeading, { passive: true });
  grown.observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ["style"] });
  lead();
  return () => {
    stopLeading();
    clearTimeout(timer);
    box.removeEventListener("scroll", scrolled);
  };
}
