// A box that scrolls and can be reached by keyboard, with a name for assistive technology.

import type { ComponentChildren } from "preact";

export function Scrollable(props: { label: string; className: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      class={props.className}
      role="group"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      {props.children}
    </div>
  );
}
