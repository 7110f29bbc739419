// The outside as work may know it: read once by the entry point, handed in.

import type { Config } from "./config.ts";

export interface World {
  readonly config: Config;
  /** The environment for programs that we start; never read for our own settings. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Aborted when the user or the system asks for the end: SIGINT, SIGTERM, SIGHUP. */
  readonly signal: AbortSignal;
}
