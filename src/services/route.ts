// Asks a route of the monitor's API where events go, and reads its answer by the contract.

import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { type AnswerOf, pathOf, ROUTES, type RouteName } from "../contract/routes.ts";
import { type ClientReason, get, monitorUrl } from "./client.ts";

export interface RouteAsk {
  /** The parts of the path, by name. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal?: AbortSignal;
}

/** The answer of a GET route; the reason says why there is none. */
export async function askRoute<N extends RouteName>(
  config: Config,
  name: N,
  { parts, query = {}, signal }: RouteAsk = {},
): Promise<Result<AnswerOf<N>, ClientReason>> {
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  const answer = await get(config, pathOf(name, parts) + search, signal);
  if (!answer.ok) return answer;
  const read = z.safeParse(ROUTES[name].answer, answer.value);
  // Each route has a schema of its own, which TypeScript cannot follow through the table.
  if (read.success) return done(read.data as AnswerOf<N>);
  return failed({ code: "unreadable_answer", url: monitorUrl(config) ?? "" });
}
