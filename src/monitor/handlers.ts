// What answers a route of the API: one function each, given what the contract says that it is asked.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { QueryOf, RouteName } from "../contract/routes.ts";
import type { Entrant } from "./members.ts";

/** A request whose path and parameters fit a route. */
export interface Asked<N extends RouteName> {
  readonly query: QueryOf<N>;
  /** The part of the path that stands for anything; "" where the route has none. */
  readonly id: string;
  /** Who asks. */
  readonly entrant: Entrant;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export type Handlers = { readonly [N in RouteName]: (asked: Asked<N>) => Promise<void> };
