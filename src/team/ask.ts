// Asks a team's monitor in the name of this machine, or of the operator of its home, and reads its answers by the contract.

import * as z from "zod/mini";
import { done, failed, type Result } from "../contract/result.ts";
import { type AnswerOf, pathOf, ROUTES, type RouteName } from "../contract/routes.ts";
import { ask, type ClientReason } from "../services/client.ts";

/** Where the team is, and the token that the machine is known by. */
export interface Place {
  readonly url: string;
  readonly token: string | undefined;
  /** This home's own monitor: its token is proven, not sent. */
  readonly local?: boolean;
}

export async function askTeam<N extends RouteName>(
  { url, token, local = false }: Place,
  name: N,
  signal?: AbortSignal,
  query: Readonly<Record<string, string | number | undefined>> = {},
): Promise<Result<AnswerOf<N>, ClientReason>> {
  const { method, answer } = ROUTES[name];
  const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const path = given.length > 0 ? `${pathOf(name)}?${new URLSearchParams(given)}` : pathOf(name);
  const said = await ask({ url, token, local }, method, path, signal, method === "POST" ? "{}" : undefined);
  if (!said.ok) return said;
  const read = z.safeParse(answer, said.value);
  // Each route has a schema of its own, which TypeScript cannot follow through the table.
  return read.success ? done(read.data as AnswerOf<N>) : failed({ code: "unreadable_answer", url });
}
