// What a tab of a session is, and what it is given.

import type { ComponentType } from "preact";
import type { SessionSummary } from "../../contract/session.ts";

export interface TabProps {
  readonly id: string;
  /** Undefined until it is known. */
  readonly summary: SessionSummary | undefined;
}

export interface Tab {
  /** `?tab=` of the session's link. */
  readonly name: string;
  readonly title: string;
  readonly Component: ComponentType<TabProps>;
  /** Loads its code before it is shown. */
  readonly load: () => Promise<unknown>;
}
