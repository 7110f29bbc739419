// Talks to the monitor's HTTP API, for the CLI.
// - This home's monitor is asked over a connection that has been proven; a named server is sent its own token.
// - No proxy, whatever the environment says: what is asked for are prompts, commands and files.

import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { Health } from "../contract/health.ts";
import {
  type ConnectionReason,
  isTeamReason,
  ReasonField,
  type RequestReason,
  type TeamReason,
} from "../contract/reasons.ts";
import { done, failed, type Result } from "../contract/result.ts";
import { readUpTo } from "../platform/body.ts";
import { errorCode, errorMessage } from "../platform/error.ts";
import { ConnectionFailure, ProvenAgent } from "./proof.ts";
import { resolveTarget, type Target } from "./target.ts";

const TIMEOUT_MS = 3000;
/** To remove a project of a hundred thousand events takes a while. */
const REMOVAL_TIMEOUT_MS = 600_000;
/** The largest page that there can be: a thousand events of half a MiB (contract/routes.ts, contract/envelope.ts). */
const MAX_ANSWER_BYTES = 1000 * 512 * 1024;
/** A refusal, and what somebody answers who is shown nothing and has proven nothing. */
const MAX_SHORT_ANSWER_BYTES = 1024 * 1024;
const OK = 200;
const ACCEPTED = 202;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const NOT_FOUND = 404;

export type ClientReason = ConnectionReason | RequestReason | TeamReason;

/** Where the monitor is; undefined where that is not known. */
export function monitorUrl(config: Config): string | undefined {
  const target = resolveTarget(config);
  return target.ok ? target.value.url : undefined;
}

/** GET of a path of the API where events go. The caller parses what comes. */
export async function get(
  config: Config,
  path: string,
  signal?: AbortSignal,
  withinMs?: number,
): Promise<Result<unknown, ClientReason>> {
  const target = resolveTarget(config);
  return target.ok ? ask(target.value, "GET", path, signal, undefined, withinMs) : target;
}

/** POST of JSON to a path of the API where events go. The caller parses what comes. */
export async function post(
  config: Config,
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<Result<unknown, ClientReason>> {
  const target = resolveTarget(config);
  return target.ok ? ask(target.value, "POST", path, signal, JSON.stringify(body)) : target;
}

/** POST to a path of the API where events go, of what may take long: its query says all. The caller parses what comes. */
export async function remove(
  config: Config,
  path: string,
  signal?: AbortSignal,
): Promise<Result<unknown, ClientReason>> {
  const target = resolveTarget(config);
  return target.ok ? ask(target.value, "POST", path, signal, "{}", REMOVAL_TIMEOUT_MS) : target;
}

/** A request, `body` being JSON; its answer is JSON. */
export async function ask(
  target: Target,
  method: "GET" | "POST",
  path: string,
  signal?: AbortSignal,
  body?: string,
  withinMs = TIMEOUT_MS,
): Promise<Result<unknown, ClientReason>> {
  const { url } = target;
  const within = AbortSignal.timeout(withinMs);
  const agent = agentFor(target);
  try {
    const response = await answerOf(
      send(target, method, path, agent, signal ? AbortSignal.any([within, signal]) : within),
      body,
    );
    const isTaken = response.statusCode === OK || response.statusCode === ACCEPTED;
    const isTrusted = target.local || target.token !== undefined;
    const { bytes } = await readUpTo(response, isTaken && isTrusted ? MAX_ANSWER_BYTES : MAX_SHORT_ANSWER_BYTES);
    const answer = bytes.toString("utf8");
    if (isTaken) return done(JSON.parse(answer));
    return failed(reasonOf(response.statusCode ?? 0, url, path, answer));
  } catch (error) {
    if (error instanceof ConnectionFailure) return failed(error.reason);
    if (within.aborted) return failed({ code: "no_answer", url, afterMs: withinMs });
    if (error instanceof SyntaxError) return failed({ code: "not_a_monitor", url });
    const code = errorCode(error);
    if (code === "ECONNREFUSED") return failed({ code: "nothing_listens", url });
    return failed({ code: "unreachable", url, cause: code ?? errorMessage(error) });
  } finally {
    agent.destroy();
  }
}

const agentFor = ({ url, token, local }: Target): Agent => {
  if (local) return new ProvenAgent(url, token);
  return url.startsWith("https:") ? new SecureAgent() : new Agent();
};

function send(target: Target, method: string, path: string, agent: Agent, signal: AbortSignal): ClientRequest {
  const { url, token, local } = target;
  const headers = {
    ...(token === undefined || local ? {} : { authorization: `Bearer ${token}` }),
    ...(method === "POST" ? { "content-type": "application/json" } : {}),
  };
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  return request(url + path, { method, agent, headers, signal });
}

function answerOf(request: ClientRequest, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on("response", resolve).on("error", reject).end(body);
  });
}

/** The body of an answer that says no. */
const Refused = z.looseObject({ error: z.looseObject({ reason: ReasonField }) });

function reasonOf(status: number, url: string, path: string, answer: string): ClientReason {
  const said = readTeamReason(answer);
  if (said) return said;
  if (status === UNAUTHORIZED || status === FORBIDDEN) return { code: "token_refused", url };
  if (status === NOT_FOUND) return { code: "not_found", what: path };
  return { code: "unreachable", url, cause: `status ${status}` };
}

/** What a team's monitor says beyond the status. */
function readTeamReason(answer: string): TeamReason | undefined {
  try {
    const { reason } = Refused.parse(JSON.parse(answer)).error;
    return isTeamReason(reason) ? reason : undefined;
  } catch {
    return undefined;
  }
}

/** What a monitor tells anyone who asks at an address: nothing is shown to it, and nothing it says is proven. */
export async function openHealth(url: string): Promise<Result<Health, ClientReason>> {
  return healthOf(await ask({ url, token: undefined, local: false }, "GET", "/health"), url);
}

/** The health of what events go to, when a monitor of ours answers. */
export async function health(config: Config): Promise<Result<Health, ClientReason>> {
  return healthOf(await get(config, "/health"), monitorUrl(config) ?? "");
}

function healthOf(answer: Result<unknown, ClientReason>, url: string): Result<Health, ClientReason> {
  if (!answer.ok) return answer;
  const parsed = Health.safeParse(answer.value);
  return parsed.success ? done(parsed.data) : failed({ code: "not_a_monitor", url });
}
