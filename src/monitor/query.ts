// The parameters of a request, read by the schema of its route. What does not fit is refused by name, expected and
// received, and so is a parameter that there is none of: a mistyped filter would answer with everything.

import { IN_PLAIN_WORDS } from "../contract/expectation.ts";
import type { ReasonOf } from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { type QueryOf, ROUTES, type RouteName, timesFrom } from "../contract/routes.ts";

/** What an error quotes of a value, in characters. */
const QUOTED = 40;

/** Reads the parameters; empty ones count as absent. `now` in ms since 1970. */
export function readQuery<N extends RouteName>(
  name: N,
  params: URLSearchParams,
  now: number,
): Result<QueryOf<N>, ReasonOf<"bad_query">> {
  const { query } = ROUTES[name];
  const given = Object.fromEntries([...params].filter(([, value]) => value !== ""));
  const read = query.safeParse(timesFrom(now, name, given), IN_PLAIN_WORDS);
  // Each route has a schema of its own, which TypeScript cannot follow through the table.
  if (read.success) return done(read.data as QueryOf<N>);
  const [issue] = read.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const known = Object.keys(query.shape);
    const expected = known.length > 0 ? `one of ${known.join(", ")}` : "no parameters";
    return failed({ code: "bad_query", parameter: "(parameters)", expected, received: quoted(issue.keys[0] ?? "") });
  }
  const parameter = String(issue?.path[0]);
  const expected = issue?.message ?? "something else";
  return failed({ code: "bad_query", parameter, expected, received: quoted(given[parameter] ?? "") });
}

const quoted = (given: string) => JSON.stringify(given.length > QUOTED ? `${given.slice(0, QUOTED)}…` : given);
