// Which file of ours is missing or cut, where Node could not load one.

import { dirname } from "node:path";
import { bundle } from "./process.ts";
import { damagedIn, placeIn } from "./sums.ts";

/** What a person is told to do. */
export const DAMAGE_CURE = "Install again: `npx mpm-hook install`, or ./install.sh in a checkout.";

/** A sentence that names the file, without a full stop; undefined where the error is about something else. */
export function damageIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || !isOfLoading(error)) return undefined;
  const dist = dirname(bundle("cli.js"));
  const [name] = damagedIn(dist);
  return name === undefined ? undefined : `${placeIn(dist, name)} is missing or damaged`;
}

/** Whether Node says that a module is not there, or is no text of a program. */
const isOfLoading = (error: Error): boolean =>
  ("code" in error && error.code === "ERR_MODULE_NOT_FOUND") ||
  (error instanceof SyntaxError && /^ +at .*node:internal\/modules\//m.test(error.stack ?? ""));
