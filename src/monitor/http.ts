// The monitor's HTTP side: health, API, metrics, dashboard.
// - Everything but /health needs the token or the cookie; every request needs a Host of ours.
// - Errors are JSON, { error: { code, message } }, and say what would help.
// - Input is bounded: size of a body, page sizes, requests a second.

import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { setImmediate as immediate } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Ack } from "../contract/ack.ts";
import { ImportRequest } from "../contract/import.ts";
import type { Result } from "../contract/result.ts";
import { type ReadJson, type ReadProblem, readJson, splitList } from "../event/json.ts";
import type { Store } from "../store/port.ts";
import type { Access } from "./access.ts";
import { priced } from "./cost.ts";
import type { Report } from "./health.ts";
import type { Import } from "./import.ts";
import { LOCKED_PAGE, type Page, SECURITY_HEADERS } from "./page.ts";
import { eventsQuery, noQuery, type Read, sessionsQuery, spanQuery } from "./query.ts";
import { RATE, type Rates } from "./rate.ts";

export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Events of one POST; each costs more memory than it has bytes. */
export const MAX_ITEMS = 10_000;
/** How long the events of one POST may keep the process from others. */
const TURN_MS = 20;

/** What the routes need of the monitor. */
export interface Backend {
  readonly access: Access;
  readonly rates: Rates;
  readonly pages: ReadonlyMap<string, Page>;
  readonly health: Report;
  metrics(): Promise<string>;
  readonly store: Store;
  readonly imports: Import;
  readonly prices: Config["prices"];
  /** One item of a POST; the answer comes after the commit. */
  accept(item: ReadJson): Promise<{ readonly ack: Ack; readonly raw: boolean }>;
  now(): number;
}

/** An error with a status, for the client. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function requestHandler(backend: Backend): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    route(backend, request, response).catch((error: unknown) => {
      const refusal =
        error instanceof Refusal
          ? error
          : new Refusal(500, "internal", `the monitor failed: ${(error as Error).message}`);
      if (response.headersSent) response.destroy();
      else json(response, refusal.status, { error: { code: refusal.code, message: refusal.message } });
    });
  };
}

async function route(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { access, rates } = backend;
  const { method = "GET", headers } = request;
  const url = urlOf(request.url ?? "/");
  const { pathname } = url;
  if (!access.hostAllowed(headers))
    throw new Refusal(
      421,
      "host",
      `this monitor is not called ${JSON.stringify(headers.host ?? "")}; use 127.0.0.1 or localhost`,
    );
  if (!access.originAllowed(headers) && pathname !== "/login")
    throw new Refusal(403, "origin", "requests from pages of other sites are not answered");
  const user = access.mayEnter(request);
  if (!rates[user ? "user" : "stranger"]()) {
    response.setHeader("retry-after", "1");
    throw new Refusal(429, "rate", `more than ${RATE} requests a second; try again in a second`);
  }

  if (pathname === "/health")
    return only(method, "GET", async () =>
      json(response, 200, user ? await backend.health.full() : backend.health.brief()),
    );
  if (pathname === "/login") return login(access, url, request, response);
  if (!user) {
    if (pathname === "/" && method === "GET") return send(response, 401, "text/html; charset=utf-8", LOCKED_PAGE);
    response.setHeader("www-authenticate", 'Bearer realm="mpm"');
    throw new Refusal(
      401,
      "token",
      "a token is needed: Authorization: Bearer <the content of ~/.claude-mpm/token>, or `mpm monitor open` for a browser",
    );
  }
  const page = backend.pages.get(pathname);
  if (page) return only(method, "GET", () => sendPage(request, response, page));
  await api(backend, method, url, request, response);
}

async function api(
  backend: Backend,
  method: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = url;
  const { store } = backend;
  const [, root, collection, id, part, extra] = pathname.split("/").map(decoded);
  if (pathname === "/metrics")
    return only(method, "GET", async () =>
      send(response, 200, "text/plain; version=0.0.4; charset=utf-8", await backend.metrics()),
    );
  const known = part === undefined || (collection === "sessions" && part === "timeline");
  if (root !== "api" || extra !== undefined || !known)
    throw new Refusal(404, "path", `there is nothing at ${pathname}`);

  if (collection === "events" && id === undefined) {
    if (method === "POST") return post(backend, request, response);
    return only(method, "GET", async () => {
      const { filter, range, view } = valid(eventsQuery(searchParams));
      const events = await (view === "rows" ? store.rows(filter, range) : store.envelopes(filter, range));
      const cursors = events.map(({ n }) => n);
      const full = events.length === range.limit;
      const next = {
        before: full ? Math.min(...cursors) : null,
        after: cursors.length > 0 ? Math.max(...cursors) : (range.after ?? null),
      };
      json(response, 200, { events, next });
    });
  }
  if (collection === "import" && id === undefined) {
    if (method === "POST") return startImport(backend, request, response);
    return only(method, "GET", async () => json(response, 200, await backend.imports.status()));
  }
  if (collection === "login-code" && id === undefined)
    return only(method, "POST", () => json(response, 200, { code: backend.access.newCode() }));
  if (collection === "stats" && id === undefined) {
    return only(method, "GET", async () => {
      const span = valid(spanQuery(searchParams, backend.now()));
      json(response, 200, priced(await store.statistics(span), backend.prices));
    });
  }
  return only(method, "GET", async () => {
    if (id !== undefined) valid(noQuery(searchParams));
    if (collection === "events" && id !== undefined)
      return json(response, 200, found(await store.envelope(id), `no event has the id ${id}`));
    if (collection === "sessions" && id === undefined)
      return json(response, 200, await store.sessions({ limit: valid(sessionsQuery(searchParams)) }));
    if (collection === "sessions" && id !== undefined && part !== undefined) {
      found(await store.session(id), `no session has the id ${id}`);
      return stream(response, lines(store.timeline(id)));
    }
    if (collection === "sessions" && id !== undefined)
      return json(response, 200, found(await store.session(id), `no session has the id ${id}`));
    throw new Refusal(404, "path", `there is nothing at ${pathname}`);
  });
}

async function startImport(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = ImportRequest.safeParse(readable(readJson(await readJsonBody(request))).value);
  if (!asked.success) {
    const [issue] = asked.error.issues;
    throw new Refusal(400, "query", `${issue?.path.join(".") || "(body)"}: ${issue?.message ?? "not an import"}`);
  }
  backend.imports.start(asked.data);
  json(response, 202, await backend.imports.status());
}

/** The body of a request that is JSON by its word. */
async function readJsonBody(request: IncomingMessage): Promise<string> {
  // A form or a "simple" request of a foreign page cannot have this type without asking first.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    throw new Refusal(415, "type", "expected content-type: application/json");
  return (await readBody(request)).toString("utf8");
}

async function post(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readJsonBody(request);
  const list = splitList(text);
  const items = list === undefined ? [text] : readable(list);
  if (items.length > MAX_ITEMS) throw new Refusal(413, "size", `more than ${MAX_ITEMS} events; send fewer at a time`);
  // All of it is JSON, or none of it is taken. Each is read when its turn comes: values take more memory than text.
  for (const item of items) readable(readJson(item));
  const accepted: ReturnType<Backend["accept"]>[] = [];
  for (let index = 0, turnEnd = performance.now() + TURN_MS; index < items.length; index++) {
    accepted.push(backend.accept(readable(readJson(items[index] as string))));
    if (performance.now() < turnEnd) continue;
    await immediate();
    turnEnd = performance.now() + TURN_MS;
  }
  const outcomes = await Promise.all(accepted);
  const busy = outcomes.find(({ ack }) => !ack.ok && !ack.permanent);
  if (busy && !busy.ack.ok) throw new Refusal(503, "store", `the store cannot take events now: ${busy.ack.reason}`);
  if (list === undefined) {
    const [only] = outcomes;
    if (only && !only.ack.ok) throw new Refusal(400, "event", only.ack.reason);
    // Claude Code reads the body of an http hook's answer as the hook's decision: it has to be empty.
    if (only?.raw) {
      response.writeHead(204, SECURITY_HEADERS).end();
      return;
    }
    return json(response, 200, only?.ack);
  }
  json(response, 200, { results: outcomes.map(({ ack }) => ack) });
}

function readable<T>(read: Result<T, ReadProblem>): T {
  if (read.ok) return read.value;
  throw new Refusal(400, "json", `the body is not JSON: ${read.reason.message.replace(/".*"/s, "...")}`);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () =>
    new Refusal(413, "size", `the body is larger than ${MAX_BODY_BYTES} bytes; send fewer events at a time`);
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A look at the link, as mail scanners and prefetching browsers take it, does not use it up. */
function login(access: Access, url: URL, { method, headers }: IncomingMessage, response: ServerResponse): void {
  if (method !== "GET") throw new Refusal(405, "method", `expected GET, received ${method}`);
  if (/prefetch/i.test(`${headers["sec-purpose"]} ${headers["purpose"]}`))
    throw new Refusal(403, "method", "this link is for a visit, not for a look in advance");
  const cookie = access.redeem(url.searchParams.get("code") ?? "");
  if (cookie === undefined) {
    send(response, 403, "text/html; charset=utf-8", LOCKED_PAGE);
    return;
  }
  response
    .writeHead(303, { ...SECURITY_HEADERS, "set-cookie": cookie, location: "/", "cache-control": "no-store" })
    .end();
}

/** The value, or a refusal that says what is wrong with the parameters. */
function valid<T>(read: Read<T>): T {
  if (read.ok) return read.value;
  throw new Refusal(400, "query", read.problem);
}

function urlOf(target: string): URL {
  const url = target.startsWith("/") ? URL.parse(`http://monitor${target}`) : null;
  if (url === null) throw new Refusal(400, "path", "the path is not well-formed");
  return url;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, "path", "the path is not well-formed");
  }
}

function found<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Refusal(404, "unknown", otherwise);
  return value;
}

async function only(method: string, wanted: string, then: () => void | Promise<void>): Promise<void> {
  if (method !== wanted && !(wanted === "GET" && method === "HEAD"))
    throw new Refusal(405, "method", `expected ${wanted}, received ${method}`);
  await then();
}

function json(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response
    .writeHead(status, {
      ...SECURITY_HEADERS,
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    })
    .end(body);
}

async function* lines(portions: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const portion of portions) yield `${JSON.stringify(portion)}\n`;
}

/** Sends as fast as the client takes; one that goes away ends it. */
function stream(response: ServerResponse, lines: AsyncIterable<string>): void {
  response.writeHead(200, { ...SECURITY_HEADERS, "content-type": "application/x-ndjson", "cache-control": "no-store" });
  if (response.req.method === "HEAD") response.end();
  else pipeline(Readable.from(lines), response, () => {});
}

function sendPage(request: IncomingMessage, response: ServerResponse, page: Page): void {
  const { type, etag } = page;
  const headers = { ...SECURITY_HEADERS, etag, "cache-control": "no-cache", vary: "accept-encoding" };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const zipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const bytes = zipped ? page.gzip : page.body;
  response
    .writeHead(200, {
      ...headers,
      "content-type": type,
      "content-length": bytes.length,
      ...(zipped ? { "content-encoding": "gzip" } : {}),
    })
    .end(request.method === "HEAD" ? undefined : bytes);
}
