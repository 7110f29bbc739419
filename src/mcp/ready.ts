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
    const answer = await askRoute(config, name, { signal, ...asked });
    if (answer.ok || !mayStart(answer.reason.code)) return answer;
    const started = await startInBackground(config, env, { autostarted: true, signal });
    return started.ok ? askRoute(config, name, { signal, ...asked }) : started;
  };

  function mayStart(code: Reason["code"]): boolean {
    if (!config.monitorAutostart) return false;
    const target = resolveTarget(config);
    return code === "nothing_listens" && target.ok && target.value.local;
  }
}
