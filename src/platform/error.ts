// What a caught value says of what went wrong.

/** The code that Node gives an error of the system, or one of its own, such as ENOENT; undefined where it has none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** An error's message, or whatever was thrown as text. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));
