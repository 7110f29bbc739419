// Asks the monitor's API, and reads its answers by the contract.

import * as z from "zod/mini";
import { FullHealth, Health } from "../contract/health.ts";
import type { Reason } from "../contract/reasons.ts";
import { failed, type Result } from "../contract/result.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { type ClientReason, get, monitorUrl, post, remove } from "../services/client.ts";
import { type Io, READER_GONE, ReaderGone } from "./terminal.ts";

export type Asked<T> = Result<T, ClientReason>;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** What anyone is told, and what who has the token is told besides; undefined where that was not said. */
export interface HealthAnswer {
  readonly public: Health;
  readonly full: FullHealth | undefined;
}

export async function askHealth(io: Io): Promise<Asked<HealthAnswer>> {
  const asked = await ask(io, "/health", {}, Health);
  if (!asked.ok) {
    const stranger = asked.reason.code === "unreadable_answer";
    return stranger ? failed({ code: "not_a_monitor", url: monitorUrl(io.config) ?? "" }) : asked;
  }
  const full = z.safeParse(FullHealth, asked.value);
  return { ok: true, value: { public: asked.value, full: full.success ? full.data : undefined } };
}

/** GET of a path of the API; `withinMs`: how long it may take, where that is longer than a moment. */
export async function ask<S extends z.core.$ZodType>(
  io: Io,
  path: string,
  query: Query,
  schema: S,
  withinMs?: number,
): Promise<Asked<z.infer<S>>> {
  const answer = await get(io.config, withQuery(path, query), io.signal, withinMs);
  if (!answer.ok && io.signal.reason === READER_GONE) throw new ReaderGone();
  return answer.ok ? read(io, answer.value, schema) : answer;
}

/** POST of JSON to a path of the API. */
export async function send<S extends z.core.$ZodType>(
  io: Io,
  path: string,
  body: unknown,
  schema: S,
): Promise<Asked<z.infer<S>>> {
  const answer = await post(io.config, path, body, io.signal);
  return answer.ok ? read(io, answer.value, schema) : answer;
}

/** POST to a path of the API, of what may take long: its query says all. */
export async function sendRemoval<S extends z.core.$ZodType>(
  io: Io,
  path: string,
  query: Query,
  schema: S,
): Promise<Asked<z.infer<S>>> {
  const answer = await remove(io.config, withQuery(path, query), io.signal);
  return answer.ok ? read(io, answer.value, schema) : answer;
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
}

function read<S extends z.core.$ZodType>(io: Io, given: unknown, schema: S): Asked<z.infer<S>> {
  const parsed = z.safeParse(schema, given);
  if (parsed.success) return { ok: true, value: parsed.data };
  return failed({ code: "unreadable_answer", url: monitorUrl(io.config) ?? "" });
}

/** What happened and what to do, in sentences. */
export const explained = (reason: Reason): string => `${textOf(reason)}. ${adviceFor(reason)}`;
