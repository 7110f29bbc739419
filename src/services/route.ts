// Asks a route of a monitor's API, and reads its answer by the contract.

import * as z from "zod/mini";
import { done, failed, type Result } from "../contract/result.ts";
import { type AnswerOf, pathOf, ROUTES, type RouteName } from "../contract/routes.ts";
import { ask, type ClientReason } from "./client.ts";

/** A monitor, and the token that we are known by there. */
export interface Place {
  readonly url: string;
  readonly token: string | undefined;
  /** This home's own monitor: its token is proven, not sent. */
  readonly local?: boolean;
}

export interface RouteAsk {
  /** The parts of the path, by name. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal?: AbortSignal;
}

/** The answer of a route; the reason says why there is none. */
export async function askRoute<N extends RouteName>(
  { url, token, local = false }: Place,
  name: N,
  { parts, query = {}, signal }: RouteAsk = {},
): Promise<Result<AnswerOf<N>, ClientReason>> {
  const { method, answer } = ROUTES[name];
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  const body = method === "POST" ? "{}" : undefined;
  const said = await ask({ url, token, local }, method, pathOf(name, parts) + search, signal, body);
  if (!said.ok) return said;
  const read = z.safeParse(answer, said.value);
  // Each route has a schema of its own, which TypeScript cannot follow through the table.
  return read.success ? done(read.data as AnswerOf<N>) : failed({ code: "unreadable_answer", url });
}
