// What a check finds, and what it may look at.

import type { World } from "../../config/world.ts";
import type { Host } from "../host.ts";
import type { Registration } from "../scope.ts";
import type { Plugin } from "./plugin.ts";

export interface Finding {
  /** Short, lower case, the same whatever is found. */
  readonly name: string;
  /** fail: events are not recorded, or not as they should be; warn: they are, but look at this. */
  readonly state: "ok" | "warn" | "fail";
  /** What is the case, in one sentence without a full stop. */
  readonly finding: string;
  /** What follows from it, in a sentence. Absent where nothing does. */
  readonly meaning?: string;
  /** What to do, in a sentence. */
  readonly cure?: string;
  /** Mends it without any risk; --fix calls it. */
  fix?(): unknown;
}

/** What the checks look at. */
export interface Patient {
  readonly io: World;
  readonly host: Host | undefined;
  readonly registrations: readonly Registration[];
  readonly plugin: Plugin | undefined;
  /** Directory of the settings that an organisation imposes. */
  readonly managed: string;
}

export type Check = (patient: Patient) => Finding | Promise<Finding>;

export function ok(name: string, finding: string): Finding {
  return { name, state: "ok", finding };
}
