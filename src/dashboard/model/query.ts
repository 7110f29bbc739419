// What is searched for, in the URL and nowhere else: a link is the whole state of the Search view.

export interface Query {
  readonly q: string;
  readonly project: string;
  readonly session: string;
  readonly event: string;
  readonly tool: string;
  readonly agent: string;
  readonly failed: boolean;
  /** Local date and time as an input of type datetime-local has it, "" for open. */
  readonly since: string;
  readonly until: string;
}

export const EMPTY_QUERY: Query = {
  q: "",
  project: "",
  session: "",
  event: "",
  tool: "",
  agent: "",
  failed: false,
  since: "",
  until: "",
};

const TEXT_KEYS = ["q", "project", "session", "event", "tool", "agent", "since", "until"] as const;

export function queryFrom(params: URLSearchParams): Query {
  const texts = Object.fromEntries(TEXT_KEYS.map((key) => [key, params.get(key) ?? ""]));
  return { ...EMPTY_QUERY, ...texts, failed: params.get("failed") === "1" };
}

/** Only what is set, in a fixed order, so that equal queries have equal links. */
export function paramsOf(query: Query): URLSearchParams {
  const params = new URLSearchParams();
  for (const key of TEXT_KEYS) if (query[key]) params.set(key, query[key]);
  if (query.failed) params.set("failed", "1");
  return params;
}

/** The same for GET /api/events: times as ISO 8601 in UTC; a time that does not parse is left out. */
export function requestOf(query: Query): URLSearchParams {
  const params = paramsOf(query);
  for (const key of ["since", "until"] as const) {
    const at = Date.parse(query[key]);
    if (Number.isNaN(at)) params.delete(key);
    else params.set(key, new Date(at).toISOString());
  }
  return params;
}

export function isEmpty(query: Query): boolean {
  return paramsOf(query).size === 0;
}
