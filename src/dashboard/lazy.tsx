// What is loaded when it is first shown: views, tabs, the palette. Gone back to, it is there at once.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Loading } from "./part/empty.tsx";

/** The monitor did not give a part of the page. */
export class NotLoaded extends Error {}

/** Stands for a component until it is loaded. Throws while it renders where it could not be: the frame offers to try again. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let Loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, setHere] = useState(Loaded !== undefined);
    const [failure, setFailure] = useState<unknown>();
    useEffect(() => {
      if (Loaded) return;
      load().then(
        (component) => {
          Loaded = component;
          setHere(true);
        },
        (cause: unknown) => setFailure(new NotLoaded("the monitor is away, or newer than this page", { cause })),
      );
    }, []);
    if (failure) throw failure;
    return Loaded ? <Loaded {...props} /> : <Loading text="Loading…" />;
  };
}
