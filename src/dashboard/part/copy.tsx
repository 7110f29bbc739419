// A button that copies, and says that it did.

import { useRef, useState } from "preact/hooks";

const SAID_FOR_MS = 1500;

interface CopyProps {
  readonly text: () => string;
  readonly label?: string;
  /** What is copied, where the label does not say it. */
  readonly about?: string;
}

export function Copy({ text, label = "Copy", about }: CopyProps) {
  const [said, setSaid] = useState("");
  const timer = useRef(0);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text()); // there is no clipboard on a page of plain http from another machine
      setSaid("Copied");
    } catch {
      setSaid("The browser does not allow it");
    }
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setSaid(""), SAID_FOR_MS);
  };
  return (
    <button type="button" class="button is-quiet" title={about} onClick={() => void copy()}>
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}
