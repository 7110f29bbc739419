// Talks to the monitor's HTTP API, for the CLI.

import type { Config } from "../config/config.ts";
import { Health } from "../contract/health.ts";
import { resolveTarget } from "./target.ts";

const TIMEOUT_MS = 3000;

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Where the monitor is, or in words why that is not known. */
export function monitorUrl(config: Config): string | undefined {
  const target = resolveTarget(config);
  return typeof target === "string" ? undefined : target.url;
}

/** GET a path of the API. The caller parses what comes. */
export async function get(config: Config, path: string, signal?: AbortSignal): Promise<Answer<unknown>> {
  const target = resolveTarget(config);
  if (typeof target === "string") return { ok: false, reason: target };
  const within = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(target.url + path, {
      headers: target.token ? { authorization: `Bearer ${target.token}` } : {},
      signal: signal ? AbortSignal.any([within, signal]) : within,
      redirect: "error",
    });
    const text = await response.text();
    if (response.ok) return { ok: true, value: JSON.parse(text) };
    if (response.status === 401 || response.status === 403)
      return { ok: false, reason: `the monitor at ${target.url} refused the token of ${config.paths.token}` };
    return { ok: false, reason: `${target.url}${path} answered ${response.status}` };
  } catch (error) {
    return { ok: false, reason: explain(error as Error, target.url) };
  }
}

/** The monitor's health, when one of ours answers. */
export async function health(config: Config): Promise<Answer<Health>> {
  const answer = await get(config, "/health");
  if (!answer.ok) return answer;
  const parsed = Health.safeParse(answer.value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, reason: `${monitorUrl(config)} is answered by something else than mpm's monitor` };
}

function explain(error: Error, url: string): string {
  const cause = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  if (cause === "ECONNREFUSED") return `no monitor listens at ${url}`;
  if (error.name === "TimeoutError") return `the monitor at ${url} did not answer within ${TIMEOUT_MS / 1000} s`;
  if (error instanceof SyntaxError) return `${url} is answered by something else than mpm's monitor`;
  return `${url} cannot be reached (${cause ?? error.message})`;
}
