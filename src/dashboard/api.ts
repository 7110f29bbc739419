// The monitor's HTTP API as the page reads it: every answer through the contract. A failure is a value that says what to do.

import * as z from "zod/mini";
import { done, failed, type Result } from "../contract/result.ts";
import { type AnswerOf, HttpError, pathOf, ROUTES, type RouteName } from "../contract/routes.ts";
import { slices } from "./frames.ts";

export interface Failure {
  /** HTTP status; 0 where nothing answered. */
  readonly status: number;
  readonly message: string;
}

const NOT_ALLOWED = 401;
/** The status of a failure where nobody answered. */
export const NO_ANSWER = 0;
const GONE: Failure = { status: NO_ANSWER, message: "The monitor does not answer. `mpm monitor start` starts it." };
const UNREADABLE = "What the monitor answered cannot be read. `mpm doctor` looks for the reason.";

export interface Ask {
  /** The parts of the path, by name. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: URLSearchParams;
  /** Of a POST, as JSON; absent: an empty object. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Asks a route and reads its answer; aborted by the signal, the failure has status 0. */
export async function ask<N extends RouteName>(name: N, asked: Ask = {}): Promise<Result<AnswerOf<N>, Failure>> {
  let answer: Response;
  let given: unknown;
  try {
    answer = await fetch(urlOf(name, asked), { ...methodOf(name, asked), ...signalOf(asked) });
    if (!answer.ok) return failed(await failureOf(answer));
    given = await answer.json().catch(() => undefined);
  } catch {
    return failed(GONE);
  }
  const read = z.safeParse(ROUTES[name].answer, given);
  // Each route has a schema of its own, which TypeScript cannot follow through the table.
  return read.success ? done(read.data as AnswerOf<N>) : failed({ status: answer.status, message: UNREADABLE });
}

/** Asks a route that answers in lines; each is handed over as it comes, and the page is not held up. Why it ended early; undefined when all came. */
export async function lines(
  name: RouteName,
  asked: Ask & { readonly signal: AbortSignal },
  take: (line: unknown) => boolean | Promise<boolean>,
): Promise<Failure | undefined> {
  try {
    const answer = await fetch(urlOf(name, asked), { signal: asked.signal });
    if (!answer.ok || !answer.body) return await failureOf(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const unreadable = { status: answer.status, message: UNREADABLE };
    const breathe = slices();
    let rest = "";
    for (;;) {
      const { done: ended, value } = await reader.read();
      if (ended) return rest === "" ? undefined : unreadable;
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        if (!(await take(JSON.parse(part)))) return unreadable;
        await breathe();
        if (asked.signal.aborted) return GONE;
      }
    }
  } catch (error) {
    return error instanceof SyntaxError ? { status: 0, message: UNREADABLE } : GONE;
  }
}

function methodOf(name: RouteName, { body = {} }: Ask): RequestInit {
  const { method } = ROUTES[name];
  const accept = "application/json";
  if (method === "GET") return { headers: { accept } };
  return { method, headers: { accept, "content-type": "application/json" }, body: JSON.stringify(body) };
}

const signalOf = ({ signal }: Ask) => (signal ? { signal } : {});

function urlOf(name: RouteName, { parts, query }: Ask): string {
  const search = query?.toString();
  return pathOf(name, parts) + (search ? `?${search}` : "");
}

async function failureOf(answer: Response): Promise<Failure> {
  if (answer.status === NOT_ALLOWED)
    return {
      status: NOT_ALLOWED,
      message: "This browser has not been let in. Run `mpm monitor open` for a link that does.",
    };
  const body = HttpError.safeParse(await answer.json().catch(() => undefined));
  const message = body.success ? body.data.error.message : `The monitor answered ${answer.status}.`;
  return { status: answer.status, message };
}
