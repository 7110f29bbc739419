// The monitor's HTTP API, read only. A failure is a value that says what to do.

export interface Failure {
  readonly status: number;
  readonly message: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Failure };

const NOT_ALLOWED = 401;

/** GET of JSON; aborted by the signal it returns the failure of status 0. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<Result<T>> {
  try {
    const answer = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
    const body = (await answer.json().catch(() => undefined)) as unknown;
    if (answer.ok) return { ok: true, value: body as T };
    const message =
      answer.status === NOT_ALLOWED
        ? "This browser has not been let in. Run `mpm monitor open` for a link that does."
        : ((body as { error?: { message?: string } } | undefined)?.error?.message ??
          `The monitor answered ${answer.status}.`);
    return { ok: false, error: { status: answer.status, message } };
  } catch {
    return { ok: false, error: { status: 0, message: "The monitor does not answer. `mpm monitor start` starts it." } };
  }
}
