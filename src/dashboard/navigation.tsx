// The navigation: as many views as there is room for, in their order, and the rest behind "More".
// - Where one is is always named: in the row, or on the button itself.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { sessions } from "./live.ts";
import { linkTo, route } from "./route.ts";
import { LISTED, listed, type View } from "./views.ts";

export function Navigation() {
  const { view: current } = route.value;
  const views = listed();
  const row = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(LISTED.length);
  const waiting = [...sessions.value.values()].filter((session) => session.state === "waiting").length;
  useLayoutEffect(() => {
    const box = row.current;
    if (!box) return;
    // What has no room wraps into a second line, which is cut off.
    const measure = (): void => {
      const links = [...box.children] as HTMLElement[];
      const top = links[0]?.offsetTop ?? 0;
      setRoom(links.filter((link) => link.offsetTop === top).length);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    measure();
    return () => observer.disconnect();
  }, [waiting > 0, views.length]);
  const rest = views.slice(room);
  const hidden = rest.find((view) => view.path === current);
  return (
    <nav aria-label="Views">
      <div class="views" ref={row}>
        {views.map((view, index) => (
          <Entry key={view.path} view={view} current={current} waiting={waiting} away={index >= room} />
        ))}
      </div>
      {rest.length > 0 ? (
        <>
          <button type="button" class={hidden ? "more is-current" : "more"} popovertarget="more-views">
            {hidden?.title ?? "More"}
          </button>
          <div id="more-views" class="more-views" popover="auto">
            {rest.map((view) => (
              <a
                key={view.path}
                href={linkTo(view.path)}
                aria-current={view.path === current ? "page" : undefined}
                onClick={(event) => event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover()}
              >
                {view.title}
              </a>
            ))}
          </div>
        </>
      ) : null}
    </nav>
  );
}

interface EntryProps {
  readonly view: View;
  readonly current: string;
  readonly waiting: number;
  /** It has no room: its key still leads there. */
  readonly away: boolean;
}

function Entry({ view, current, waiting, away }: EntryProps) {
  return (
    <a
      href={linkTo(view.path)}
      data-key={view.key}
      class={away ? "is-away" : ""}
      aria-current={view.path === current ? "page" : undefined}
    >
      {view.title}
      {view.path === "" && waiting > 0 ? (
        <span class="badge" title={`${waiting} waiting`}>
          {waiting}
        </span>
      ) : null}
    </a>
  );
}
