// How the monitor answers over HTTP: JSON, lines of JSON, pages, and refusals with a code and a sentence.

import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import type { RefusedReason, RequestReason, TeamReason } from "../contract/reasons.ts";
import { textOf } from "../contract/texts.ts";
import { type Page, SECURITY_HEADERS } from "./page.ts";

/** Why a request is not answered, as it is sent: { error: { code, message } }, of a team with the whole reason. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: RequestReason | RefusedReason | TeamReason;

  constructor(status: number, reason: RequestReason | RefusedReason | TeamReason, message = textOf(reason)) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", JSON.stringify(value));
}

export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = SECURITY_HEADERS,
): void {
  response
    .writeHead(status, {
      ...headers,
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    })
    .end(body);
}

/** Sends each portion as a line of JSON, as fast as the client takes them; one that goes away ends it. */
export function sendLines(response: ServerResponse, portions: AsyncIterable<unknown>): void {
  response.writeHead(200, { ...SECURITY_HEADERS, "content-type": "application/x-ndjson", "cache-control": "no-store" });
  if (response.req.method === "HEAD") response.end();
  else pipeline(Readable.from(lines(portions)), response, () => {});
}

async function* lines(portions: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const portion of portions) yield `${JSON.stringify(portion)}\n`;
}

export function sendPage(request: IncomingMessage, response: ServerResponse, page: Page): void {
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
