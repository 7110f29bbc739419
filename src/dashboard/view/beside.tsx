// The chosen event beside a list; on a narrow page it is a sheet over its foot. How much of the page it has can be chosen.

import { useRef } from "preact/hooks";
import { Splitter, shareOf } from "../part/splitter.tsx";
import { splits } from "../preferences.ts";
import { EventPanel } from "./event.tsx";

export function EventBeside({ id, onClose }: { id: string; onClose: () => void }) {
  const box = useRef<HTMLElement>(null);
  const { event } = splits.value;
  return (
    <aside
      class="session-event"
      aria-label="Chosen event"
      ref={box}
      style={{ "--beside": event === undefined ? "min(46%, 56rem)" : `${event}%`, "--sheet": `${shareOf("sheet")}%` }}
    >
      <Splitter
        name="event"
        label="Width of the chosen event"
        along="x"
        behind
        whole={() => box.current?.parentElement?.clientWidth ?? 0}
      />
      <Splitter name="sheet" label="Height of the chosen event" along="y" behind whole={() => innerHeight} />
      <div class="session-event-body">
        <button
          type="button"
          class="button is-quiet close"
          aria-label="Close the event"
          data-key="Escape"
          onClick={onClose}
        >
          ✕
        </button>
        <EventPanel id={id} />
      </div>
    </aside>
  );
}
