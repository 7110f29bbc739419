// All that answers HTTP requests: routes, pages, metrics. It is loaded once the monitor listens, or with the first request: a
// relay that waits for the monitor needs none of it.

import type { IncomingMessage, ServerResponse } from "node:http";
import { VERSION } from "../platform/version.ts";
import type { Store } from "../store/port.ts";
import { type ApiParts, apiHandlers } from "./api.ts";
import type { View } from "./feed.ts";
import type { Handlers } from "./handlers.ts";
import { type Backend, requestHandler } from "./http.ts";
import type { Measures } from "./measure.ts";
import type { Entrant } from "./members.ts";
import { exposition } from "./metrics.ts";
import { momentary } from "./momentary.ts";
import { readPages } from "./page.ts";

/** What the answers are made of. */
export interface AnswersOptions
  extends Omit<Backend, "handlersFor" | "pages" | "metrics" | "health" | "now">,
    Omit<ApiParts, "access" | "store"> {
  readonly measures: Measures;
  /** The whole of it: who may read metrics sees all. */
  readonly store: Store;
  /** What somebody sees. */
  readonly viewOf: (entrant: Entrant) => View;
}

/** A function that answers a request. */
export function openAnswers(options: AnswersOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { access, rates, health, signIn, audit, measures, prices, now, viewOf, store } = options;
  const metrics = async (entrant: Entrant) => {
    await audit()?.list(entrant, "metrics");
    const [full, shown] = await Promise.all([health.full(), momentary(store, prices, now())]);
    return exposition({ version: VERSION, health: full, measures, momentary: shown });
  };
  const handlersFor = perView(viewOf, (view): ApiParts => ({ ...options, store: view.store }));
  return requestHandler({ access, rates, health, signIn, handlersFor, pages: readPages(), metrics, now });
}

/** The handlers of what somebody sees, made once for all who see the same. */
function perView(
  viewOf: (entrant: Entrant) => View,
  partsOf: (view: View) => ApiParts,
): (entrant: Entrant) => Handlers {
  const made = new Map<string, Handlers>();
  return (entrant) => {
    const view = viewOf(entrant);
    let handlers = made.get(view.name);
    if (!handlers) {
      handlers = apiHandlers(partsOf(view));
      made.set(view.name, handlers);
    }
    return handlers;
  };
}
