// POST to an address of the user's, and what became of it. Connections are kept; no proxy, no redirect is followed.

import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import type { ReasonOf } from "../contract/reasons.ts";
import { readUpTo } from "./body.ts";

export type Posted =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Its beginning, where it is longer than anybody's. */
      readonly answer: Uint8Array;
      /** Retry-After, where there is one. */
      readonly afterMs?: number;
    }
  | { readonly kind: "unanswered"; readonly reason: ReasonOf<"unreachable" | "no_answer"> };

export interface Poster {
  post(body: Uint8Array, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Posted>;
  close(): void;
}

export interface PostTarget {
  readonly url: string;
  /** The address as it may be shown. */
  readonly shown: string;
  /** Of one request, ms. */
  readonly timeoutMs: number;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Nobody answers with as much: what is more is not read. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_AFTER_MS = 10 * 60_000;

export function openPoster({ url, shown, timeoutMs, now }: PostTarget): Poster {
  const isSecure = url.startsWith("https:");
  const agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const send = isSecure ? httpsRequest : httpRequest;
  return {
    async post(body, headers, signal) {
      const within = AbortSignal.timeout(timeoutMs);
      try {
        const response = await new Promise<IncomingMessage>((resolve, reject) => {
          const request = send(url, {
            method: "POST",
            agent,
            signal: AbortSignal.any([within, signal]),
            headers: { ...headers, "content-length": body.length },
          });
          request.on("response", resolve).on("error", reject).end(body);
        });
        const { bytes: answer } = await readUpTo(response, MAX_ANSWER_BYTES);
        const afterMs = waitOf(response.headers["retry-after"], now());
        const status = response.statusCode ?? 0;
        return { kind: "answered", status, answer, ...(afterMs === undefined ? {} : { afterMs }) };
      } catch (error) {
        if (within.aborted)
          return { kind: "unanswered", reason: { code: "no_answer", url: shown, afterMs: timeoutMs } };
        const cause = error instanceof Error && "code" in error ? String(error.code) : String(error);
        return { kind: "unanswered", reason: { code: "unreachable", url: shown, cause } };
      }
    },
    close: () => agent.destroy(),
  };
}

/** Retry-After: seconds, or a date. */
function waitOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), MAX_AFTER_MS);
}

/** An address as it may be shown: without what it may hold of secrets. */
export function originOf(url: string): string {
  return URL.parse(url)?.origin ?? "(no address)";
}
