// The bodies of POST requests: bounded, JSON by their word, read an event at a time.

import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as z from "zod/mini";
import type { Ack } from "../contract/ack.ts";
import { IN_PLAIN_WORDS } from "../contract/expectation.ts";
import type { RefusedReason } from "../contract/reasons.ts";
import type { Result } from "../contract/result.ts";
import { type ReadJson, type ReadProblem, readJson, splitList } from "../event/json.ts";
import { SECURITY_HEADERS } from "./page.ts";
import { TOO_MANY_EVENTS } from "./relays.ts";
import { json, Refusal } from "./respond.ts";

export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Events of one POST; each costs more memory than it has bytes. */
export const MAX_ITEMS = 10_000;
/** How long the events of one POST may keep the process from others. */
const TURN_MS = 20;

/** Takes one item of a POST; the answer comes after the commit, and says whether it was taken: it never rejects. */
export type Accept = (item: ReadJson) => Promise<{ readonly ack: Ack; readonly raw: boolean }>;

interface Taking {
  readonly accept: Accept;
  /** Whether as many may be sent now: all of them are taken, or none. */
  readonly mayTake: (count: number) => boolean;
}

/** Takes one event or a list of them: envelopes, or what becomes one here. */
export async function takePosted(
  { accept, mayTake }: Taking,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readJsonBody(request);
  const list = splitList(text, MAX_ITEMS);
  const items = list === undefined ? [text] : readable(list);
  if (items.length > MAX_ITEMS)
    throw new Refusal(
      413,
      { code: "too_large", limit: MAX_ITEMS },
      `more than ${MAX_ITEMS} events; send fewer at a time`,
    );
  // All of it is JSON, or none of it is taken. Each is read when its turn comes: values take more memory than text.
  for (const item of items) readable(readJson(item));
  if (!mayTake(items.length)) throw new Refusal(429, TOO_MANY_EVENTS);
  const accepted: ReturnType<Accept>[] = [];
  let turnEnd = performance.now() + TURN_MS;
  for (const item of items) {
    accepted.push(accept(readable(readJson(item))));
    if (performance.now() < turnEnd) continue;
    await nextTurn();
    turnEnd = performance.now() + TURN_MS;
  }
  answerPosted(await Promise.all(accepted), list !== undefined, response);
}

type Accepted = Awaited<ReturnType<Accept>>;

function answerPosted(outcomes: readonly Accepted[], isList: boolean, response: ServerResponse): void {
  for (const { ack } of outcomes)
    if (!ack.ok && !ack.permanent)
      throw new Refusal(503, reasonOf(ack), `the store cannot take events now: ${ack.reason}`);
  if (isList) {
    json(response, 200, { results: outcomes.map(({ ack }) => ack) });
    return;
  }
  const [only] = outcomes;
  if (only && !only.ack.ok) throw new Refusal(400, reasonOf(only.ack), only.ack.reason);
  // Claude Code reads the body of an http hook's answer as the hook's decision: it has to be empty.
  if (only?.raw) response.writeHead(204, SECURITY_HEADERS).end();
  else json(response, 200, only?.ack);
}

const REFUSED: ReadonlySet<string> = new Set([
  "not_an_event",
  "unreadable",
  "over_budget",
  "unstorable",
  "session_taken",
  "store_full",
  "store_busy",
  "store_damaged",
  "refused",
]);

function reasonOf({ why, reason }: Extract<Ack, { ok: false }>): RefusedReason {
  return why && isRefused(why) ? why : { code: "refused", cause: reason };
}

function isRefused(reason: { readonly code: string }): reason is RefusedReason {
  return REFUSED.has(reason.code);
}

/** What the body of a request asks for, by its schema. */
export async function readBodyAs<S extends z.core.$ZodType>(schema: S, request: IncomingMessage): Promise<z.infer<S>> {
  const asked = z.safeParse(schema, readable(readJson(await readJsonBody(request))).value, IN_PLAIN_WORDS);
  if (asked.success) return asked.data;
  const [issue] = asked.error.issues;
  const parameter = issue?.path.join(".") || "(body)";
  const expected = issue?.message ?? "something else";
  throw new Refusal(400, { code: "bad_query", parameter, expected }, `${parameter}: expected ${expected}`);
}

/** The body of a request that is JSON by its word. */
async function readJsonBody(request: IncomingMessage): Promise<string> {
  // A form or a "simple" request of a foreign page cannot have this type without asking first.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? ""))
    throw new Refusal(415, { code: "bad_type", expected: "application/json" });
  return (await readBody(request)).toString("utf8");
}

function readable<T>(read: Result<T, ReadProblem>): T {
  if (read.ok) return read.value;
  throw new Refusal(400, { code: "bad_json", cause: read.reason.message.replace(/".*"/s, "...") });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () =>
    new Refusal(
      413,
      { code: "too_large", limit: MAX_BODY_BYTES },
      `the body is larger than ${MAX_BODY_BYTES} bytes; send fewer events at a time`,
    );
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
