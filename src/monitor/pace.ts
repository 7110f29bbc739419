// Who is not watched does not hurry: tells relays how long they may gather events before they send them.
// - While a page or a tail is connected: as short as can be. Otherwise long, so that what comes costs less together.

import type { Server } from "socket.io";
import { LIVE_NAMESPACE } from "../contract/live.ts";
import { PACE_EVENT, type Pace, UNWATCHED_GATHER_MS, WATCHED_GATHER_MS } from "../contract/pace.ts";

/** Tells each relay as it connects, and all of them whenever the first watcher comes or the last one goes. */
export function paceRelays(io: Server): void {
  const relays = io.of("/");
  const watchers = io.of(LIVE_NAMESPACE);
  const pace = (): Pace => ({ gatherMs: watchers.sockets.size > 0 ? WATCHED_GATHER_MS : UNWATCHED_GATHER_MS });
  let told = pace().gatherMs;
  const tellAll = () => {
    const { gatherMs } = pace();
    if (gatherMs === told) return;
    told = gatherMs;
    relays.emit(PACE_EVENT, { gatherMs });
  };
  relays.on("connection", (socket) => void socket.emit(PACE_EVENT, pace()));
  watchers.on("connection", (socket) => {
    tellAll();
    socket.once("disconnect", tellAll);
  });
}
