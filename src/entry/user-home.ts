// The home of the user who runs us.

import { homedir } from "node:os";

/** HOME, else what the system knows of the user; "" where neither says: a container may run as a user that nobody knows. */
export function userHomeOf(env: NodeJS.ProcessEnv): string {
  if (env["HOME"]) return env["HOME"];
  try {
    return homedir();
  } catch {
    return "";
  }
}
