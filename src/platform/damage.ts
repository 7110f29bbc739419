// Which file of ours is missing or cut, of an error of Node's that says so in its own way.

import { fileURLToPath } from "node:url";

/** What a person is told to do. */
export const DAMAGE_CURE = "Install again: `npx mpm-hook install`, or ./install.sh in a checkout.";

/** A sentence that names the file, without a full stop; undefined where the error is about something else. */
export function damageIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const url = "code" in error && error.code === "ERR_MODULE_NOT_FOUND" ? urlIn(error) : placeOf(error);
  return url === undefined ? undefined : `${fileURLToPath(url)} is missing or damaged`;
}

const urlIn = (error: Error): string | undefined =>
  "url" in error && typeof error.url === "string" ? error.url : undefined;

/** Node puts the place before the error where a module cannot be compiled or linked, and nowhere else. */
const placeOf = (error: Error): string | undefined =>
  error instanceof SyntaxError ? /^(file:\/\/\S+?):\d+$/m.exec(error.stack?.split("\n", 1)[0] ?? "")?.[1] : undefined;
