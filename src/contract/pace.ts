// How long relays may gather what hooks store, as the bundled monitor tells them: who is not watched does not hurry.
// - A relay that is told nothing, as by an older monitor or another server, goes on as if somebody watched.

import * as z from "zod/mini";

/** Monitor to relay: once it is connected, and whenever it changes. */
export const PACE_EVENT = "pace";

/** A fraction of what a person sees. Milliseconds. */
export const WATCHED_GATHER_MS = 30;
/** An event is stored within a second of its hook's exit; the rest of the second is for the way. Milliseconds. */
export const UNWATCHED_GATHER_MS = 600;
const LONGEST_MS = 10_000;

export const Pace = z.looseObject({ gatherMs: z.int().check(z.minimum(0), z.maximum(LONGEST_MS)) });
export type Pace = z.infer<typeof Pace>;
