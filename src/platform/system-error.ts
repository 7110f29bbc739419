// What a person is told where the file system says no: what happened, and what to do. Source: errno(3).

const WORDS: Readonly<Record<string, readonly [happened: string, cure: string]>> = {
  ENOSPC: ["the disk is full", "Make room, then run this again."],
  EDQUOT: ["your share of the disk is used up", "Make room, then run this again."],
  EFBIG: ["files may not grow so large here", "Raise the limit (`ulimit -f`), then run this again."],
  EROFS: ["the disk is read-only", "Make it writable, or name a directory elsewhere in MPM_HOME."],
  EACCES: ["this user may not do that", "Make it writable for you, then run this again."],
  EPERM: ["this user may not do that", "Make it writable for you, then run this again."],
  EMFILE: ["too many files are open", "Raise the limit (`ulimit -n`), then run this again."],
  ENFILE: ["too many files are open on this machine", "Close programs, then run this again."],
  EIO: ["the disk fails", "Look after the disk, then run this again."],
};

/** Two sentences, the first without a capital; undefined where it is another error. The code stands in them, for a search. */
export function explainSystemError(error: unknown): string | undefined {
  const happened = nameSystemError(error);
  return happened && `${happened}. ${wordsOf(error)?.[1] ?? ""}`;
}

/** The first of them, without a full stop. */
export function nameSystemError(error: unknown): string | undefined {
  const [happened] = wordsOf(error) ?? [];
  if (happened === undefined || !(error instanceof Error) || !("code" in error)) return undefined;
  const file = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return `${file}${happened} (${String(error.code)})`;
}

const wordsOf = (error: unknown) =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? WORDS[error.code] : undefined;
