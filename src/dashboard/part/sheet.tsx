// A titled part of a page of figures.

import type { ComponentChildren } from "preact";

interface SheetProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly keyed?: readonly string[];
  readonly children: ComponentChildren;
}

export function Sheet({ title, wide = false, keyed, children }: SheetProps) {
  return (
    <section class={wide ? "sheet is-wide" : "sheet"}>
      <h2>
        {title}
        {keyed ? <small> {keyed.join(", ")}</small> : null}
      </h2>
      {children}
    </section>
  );
}

export function Nothing() {
  return <p class="muted">None in this time.</p>;
}
