// In place of what cannot be shown: not yet, or not at all.

import { Icon } from "./icon.tsx";
import { Commands } from "./text.tsx";

/** Said only to who has to wait for it. */
export function Loading({ text }: { text: string }) {
  return (
    <p class="empty is-loading" role="status">
      {text}
    </p>
  );
}

/** @param message with commands in backquotes */
export function Failed({ title = "This could not be read", message }: { title?: string; message: string }) {
  return (
    <div class="empty is-failed" role="alert">
      <Icon name="failed" />
      <h2>{title}</h2>
      <p>
        <Commands text={message} />
      </p>
    </div>
  );
}
