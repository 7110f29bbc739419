// The one form of an outcome: a value, or a reason with a code. Code branches on `ok` and on `reason.code` only.

export type Result<T, R> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: R };

/** An outcome that succeeded. */
export const done = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

/** An outcome that failed, for a reason. */
export const failed = <R>(reason: R): { readonly ok: false; readonly reason: R } => ({ ok: false, reason });
