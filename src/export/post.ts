// One request to a collector, and what became of it, by the rules of OTLP over HTTP.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ReasonOf } from "../contract/reasons.ts";
import { openPoster } from "../platform/post.ts";
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
const compress = promisify(gzip);

/** Posts to one endpoint, over connections that are kept. */
export function openPost({ url, headers, timeoutMs, gzip: isGzipped }: Endpoint, now: () => number): Post {
  const shown = shownUrl(url);
  const poster = openPoster({ url, shown, timeoutMs, now });
  const post = async (body: Uint8Array, contentType: string, signal: AbortSignal): Promise<Posted> => {
    const encoding = isGzipped ? { "content-encoding": "gzip" } : {};
    const bytes = isGzipped ? await compress(body) : body;
    const posted = await poster.post(bytes, { ...headers, "content-type": contentType, ...encoding }, signal);
    if (posted.kind === "unanswered") return { kind: "again", reason: posted.reason };
    const { status, answer, afterMs } = posted;
    if (status >= OK.from && status <= OK.to) return { kind: "taken", answer };
    if (status === TOO_LARGE) return { kind: "too_large" };
    if (status === BAD_REQUEST || status === UNPROCESSABLE)
      return { kind: "refused", cause: Buffer.from(answer).toString("utf8").slice(0, CAUSE_CHARS) };
    const reason = { code: "unreachable", url: shown, cause: `status ${status}` } as const;
    return { kind: "again", reason, ...(afterMs === undefined ? {} : { afterMs }) };
  };
  return Object.assign(post, { close: poster.close });
}
