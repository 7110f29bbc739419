// The monitor's HTTP API, read only. A failure is a value that says what to do.

export interface Failure {
  readonly status: number;
  readonly message: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Failure };

const NOT_ALLOWED = 401;
const GONE: Failure = { status: 0, message: "The monitor does not answer. `mpm monitor start` starts it." };
const UNREADABLE = "What the monitor answered cannot be read. `mpm doctor` looks for the reason.";

/**
 * GET of JSON; aborted by the signal it returns the failure of status 0.
 * @param field what the answer must have, at least
 */
export async function get<T>(path: string, signal?: AbortSignal, field?: keyof T & string): Promise<Result<T>> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
    if (!answer.ok) return { ok: false, error: await failureOf(answer) };
    text = await answer.text();
  } catch {
    return { ok: false, error: GONE };
  }
  try {
    const value = JSON.parse(text) as T;
    if (field === undefined || Object.hasOwn(value as object, field)) return { ok: true, value };
  } catch {
    // said below
  }
  return { ok: false, error: { status: answer.status, message: UNREADABLE } };
}

/**
 * GET of lines of JSON, each handed over as it comes.
 * @returns why it ended early; undefined when all came
 */
export async function lines(
  path: string,
  take: (value: unknown) => void,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  try {
    const answer = await fetch(path, { signal });
    if (!answer.ok || !answer.body) return await failureOf(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return rest === "" ? undefined : { status: answer.status, message: UNREADABLE };
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) take(JSON.parse(part));
    }
  } catch (error) {
    return error instanceof SyntaxError ? { status: 0, message: UNREADABLE } : GONE;
  }
}

async function failureOf(answer: Response): Promise<Failure> {
  const body = (await answer.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
  const message =
    answer.status === NOT_ALLOWED
      ? "This browser has not been let in. Run `mpm monitor open` for a link that does."
      : (body?.error?.message ?? `The monitor answered ${answer.status}.`);
  return { status: answer.status, message };
}
