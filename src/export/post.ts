// One request to a collector, and what became of it, by the rules of OTLP over HTTP.

import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ReasonOf } from "../contract/reasons.ts";
import { type Endpoint, shownUrl } from "./endpoint.ts";

export type Posted =
  | { readonly kind: "taken"; readonly answer: Uint8Array }
  /** Nobody took it: it is sent again, after so long where the other side says so. */
  | { readonly kind: "again"; readonly reason: ReasonOf<"unreachable" | "no_answer">; readonly afterMs?: number }
  /** It is too much for one request. */
  | { readonly kind: "too_large" }
  /** It was read, and will never be taken. */
  | { readonly kind: "refused"; readonly cause: string };

export interface Post {
  (body: Uint8Array, contentType: string, signal: AbortSignal): Promise<Posted>;
  close(): void;
}

const OK = { from: 200, to: 299 };
const BAD_REQUEST = 400;
const UNPROCESSABLE = 422;
const TOO_LARGE = 413;
const CAUSE_CHARS = 200;
const MAX_AFTER_MS = 10 * 60_000;
const compress = promisify(gzip);

/** Posts to one endpoint, over connections that are kept. */
export function openPost({ url, headers, timeoutMs, gzip: isGzipped }: Endpoint, now: () => number): Post {
  const isSecure = url.startsWith("https:");
  const agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const send = isSecure ? httpsRequest : httpRequest;
  const shown = shownUrl(url);
  const post = async (body: Uint8Array, contentType: string, signal: AbortSignal): Promise<Posted> => {
    const within = AbortSignal.timeout(timeoutMs);
    try {
      const bytes = isGzipped ? await compress(body) : body;
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = send(url, {
          method: "POST",
          agent,
          signal: AbortSignal.any([within, signal]),
          headers: {
            ...headers,
            "content-type": contentType,
            "content-length": bytes.length,
            ...(isGzipped ? { "content-encoding": "gzip" } : {}),
          },
        });
        request.on("response", resolve).on("error", reject).end(bytes);
      });
      const answer = await buffer(response);
      const status = response.statusCode ?? 0;
      if (status >= OK.from && status <= OK.to) return { kind: "taken", answer };
      if (status === TOO_LARGE) return { kind: "too_large" };
      if (status === BAD_REQUEST || status === UNPROCESSABLE)
        return { kind: "refused", cause: answer.toString("utf8").slice(0, CAUSE_CHARS) };
      const afterMs = waitOf(response.headers["retry-after"], now());
      const reason = { code: "unreachable", url: shown, cause: `status ${status}` } as const;
      return { kind: "again", reason, ...(afterMs === undefined ? {} : { afterMs }) };
    } catch (error) {
      if (within.aborted) return { kind: "again", reason: { code: "no_answer", url: shown, afterMs: timeoutMs } };
      const cause = error instanceof Error && "code" in error ? String(error.code) : String(error);
      return { kind: "again", reason: { code: "unreachable", url: shown, cause } };
    }
  };
  return Object.assign(post, { close: () => agent.destroy() });
}

/** Retry-After: seconds, or a date. */
function waitOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_AFTER_MS);
}
