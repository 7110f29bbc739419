// The monitor's HTTP side: who is let in, and which route of the contract is meant.
// - Everything but /health needs the token or the cookie; every request needs a Host of ours.
// - Errors are JSON, { error: { code, message } }: codes of the contract's reasons, and sentences that help.
// - Input is bounded: size of a body, page sizes, requests a second.

import type { IncomingMessage, ServerResponse } from "node:http";
import { ROUTES, type RouteName } from "../contract/routes.ts";
import type { Access } from "./access.ts";
import { type ApiParts, apiHandlers, type Handlers } from "./api.ts";
import { LOCKED_PAGE, type Page, SECURITY_HEADERS } from "./page.ts";
import { readQuery } from "./query.ts";
import { RATE, type Rates } from "./rate.ts";
import { json, Refusal, send, sendPage } from "./respond.ts";

export interface Backend extends ApiParts {
  readonly rates: Rates;
  readonly pages: ReadonlyMap<string, Page>;
  metrics(): Promise<string>;
}

const HTML = "text/html; charset=utf-8";
const METRICS = "text/plain; version=0.0.4; charset=utf-8";

export function requestHandler(backend: Backend): (request: IncomingMessage, response: ServerResponse) => void {
  const handlers = apiHandlers(backend);
  return (request, response) => {
    answer(backend, handlers, request, response).catch((error: unknown) => {
      const cause = error instanceof Error ? error.message : String(error);
      const refusal = error instanceof Refusal ? error : new Refusal(500, { code: "internal", cause });
      if (response.headersSent) response.destroy();
      else json(response, refusal.status, { error: { code: refusal.code, message: refusal.message } });
    });
  };
}

async function answer(
  backend: Backend,
  handlers: Handlers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { access, health, pages } = backend;
  const { method = "GET", headers } = request;
  const url = urlOf(request.url ?? "/");
  const { pathname } = url;
  if (!access.hostAllowed(headers)) throw new Refusal(421, { code: "bad_host", host: headers.host ?? "" });
  if (!access.originAllowed(headers) && pathname !== "/login") throw new Refusal(403, { code: "bad_origin" });
  const user = access.mayEnter(request);
  if (!backend.rates[user ? "user" : "stranger"]()) {
    response.setHeader("retry-after", "1");
    throw new Refusal(429, { code: "too_many", perSecond: RATE });
  }

  if (pathname === "/login") return login(access, url, request, response);
  if (!user) {
    if (pathname === ROUTES.health.path) {
      needs(method, "GET");
      return json(response, 200, health.brief());
    }
    if (pathname === "/" && method === "GET") return send(response, 401, HTML, LOCKED_PAGE);
    response.setHeader("www-authenticate", 'Bearer realm="mpm"');
    throw new Refusal(401, { code: "no_token" });
  }
  const page = pages.get(pathname);
  if (page || pathname === "/metrics") {
    needs(method, "GET");
    return page ? sendPage(request, response, page) : send(response, 200, METRICS, await backend.metrics());
  }
  const { name, id } = routeOf(method, pathname);
  await handle(handlers, name, id, url.searchParams, request, response);
}

async function handle<N extends RouteName>(
  handlers: Handlers,
  name: N,
  id: string,
  params: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read = readQuery(name, params);
  if (!read.ok) throw new Refusal(400, read.reason);
  await handlers[name]({ query: read.value, id, request, response });
}

const NAMES = Object.keys(ROUTES).filter((name): name is RouteName => Object.hasOwn(ROUTES, name));
/** Each route with the parts of its path; of those with the same path and method, the first is meant. */
const PARTS = NAMES.map((name) => ({ name, parts: ROUTES[name].path.split("/") }));

/** The route that is meant, and what stands in the place of its part that may be anything. */
function routeOf(method: string, pathname: string): { readonly name: RouteName; readonly id: string } {
  const given = pathname.split("/").map(decoded);
  const there = PARTS.filter(
    ({ parts }) =>
      parts.length === given.length && parts.every((part, index) => part.startsWith(":") || part === given[index]),
  );
  if (there.length === 0)
    throw new Refusal(404, { code: "not_found", what: pathname }, `there is nothing at ${pathname}`);
  const found = there.find(({ name }) => isMethod(method, ROUTES[name].method));
  const [first] = there;
  if (!found) needs(method, first ? ROUTES[first.name].method : "GET");
  const { name, parts } = found ?? { name: "health" as const, parts: [] };
  return { name, id: given[parts.findIndex((part) => part.startsWith(":"))] ?? "" };
}

const isMethod = (given: string, expected: string) => given === expected || (given === "HEAD" && expected === "GET");

function needs(method: string, expected: string): void {
  if (!isMethod(method, expected)) throw new Refusal(405, { code: "bad_method", expected, received: method });
}

/** A look at the link, as mail scanners and prefetching browsers take it, does not use it up. */
function login(access: Access, url: URL, { method = "", headers }: IncomingMessage, response: ServerResponse): void {
  const refused = { code: "bad_method", expected: "GET", received: method } as const;
  if (method !== "GET") throw new Refusal(405, refused);
  if (/prefetch/i.test(`${headers["sec-purpose"]} ${headers["purpose"]}`))
    throw new Refusal(403, refused, "this link is for a visit, not for a look in advance");
  const cookie = access.redeem(url.searchParams.get("code") ?? "");
  if (cookie === undefined) {
    send(response, 403, HTML, LOCKED_PAGE);
    return;
  }
  response
    .writeHead(303, { ...SECURITY_HEADERS, "set-cookie": cookie, location: "/", "cache-control": "no-store" })
    .end();
}

const NOT_WELL_FORMED = "the path is not well-formed";

function urlOf(target: string): URL {
  const url = target.startsWith("/") ? URL.parse(`http://monitor${target}`) : null;
  if (url === null) throw new Refusal(400, { code: "not_found", what: "path" }, NOT_WELL_FORMED);
  return url;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, { code: "not_found", what: "path" }, NOT_WELL_FORMED);
  }
}
