// Asks the monitor, and starts it first where it does not run and may be started.

import type { World } from "../config/world.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Result } from "../contract/result.ts";
import type { AnswerOf, RouteName } from "../contract/routes.ts";
import { startInBackground } from "../services/background.ts";
import { askRoute, type RouteAsk } from "../services/route.ts";
import { resolveTarget } from "../services/target.ts";

export type Asker = <N extends RouteName>(name: N, asked?: RouteAsk) => Promise<Result<AnswerOf<N>, Reason>>;

/** A function that asks a route; this home's monitor is started for it, unless `monitor.autostart` is off. */
export function askerOf({ config, env, signal }: World): Asker {
  return async (name, asked = {}) => {
    const target = resolveTarget(config);
    if (!target.ok) return target;
    const answer = await askRoute(target.value, name, { signal, ...asked });
    const mayStart = config.monitorAutostart && target.value.local;
    if (answer.ok || answer.reason.code !== "nothing_listens" || !mayStart) return answer;
    const started = await startInBackground(config, env, { autostarted: true, signal });
    if (!started.ok) return started;
    const there = resolveTarget(config); // at a port of its own, and with a token that it has made
    return there.ok ? askRoute(there.value, name, { signal, ...asked }) : there;
  };
}
