// All that is fuzzed.

import { HTTP } from "./http.ts";
import { READERS } from "./readers.ts";
import { SLOW } from "./slow.ts";
import { SOCKETS } from "./sockets.ts";
import { STORAGE } from "./storage.ts";
import type { Target } from "./target.ts";
import { TRANSCRIPTS } from "./transcript.ts";

export const TARGETS: readonly Target[] = [...READERS, ...SLOW, ...TRANSCRIPTS, ...STORAGE, ...HTTP, ...SOCKETS];
export const ALL_SHARES: number = TARGETS.reduce((sum, { share }) => sum + share, 0);
