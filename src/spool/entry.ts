// A spool entry: one event as the hook stored it.
// - Layout: `mpm1`, six fields that only the hook knows, each ended by NUL; then stdin as it came; then the last line.
// - Without the last line the writer is still at it, or was killed: `whole` is false.
// - The name holds no text from outside: <uptime seconds>-<pid>[.<n>]. hooks/mpm-hook and the hook in Node both write it.

const MAGIC = Buffer.from("mpm1\0");
const LAST_LINE = Buffer.from("\0mpm1 whole\n");
const FIELDS = 6;
const NAME = /^(\d{1,12}(?:\.\d{1,3})?)?-(\d{1,10})(?:\.(\d{1,4}))?$/;

/** What the hook knows of the event besides stdin. Absent: the variable was not set. */
export interface Origin {
  /** The event that the hook was registered for. */
  readonly event?: string;
  readonly projectDir?: string;
  /** Pid of Claude Code. */
  readonly pid?: number;
  readonly entrypoint?: string;
  readonly remote?: boolean;
  readonly parentPid?: number;
}

export interface Entry {
  readonly origin: Origin;
  /** Stdin, without the line's end. */
  readonly payload: Buffer;
  readonly whole: boolean;
}

export interface EntryName {
  readonly name: string;
  /** Seconds since boot, where the hook could know it. */
  readonly uptime: number | undefined;
  readonly pid: number;
  readonly n: number;
}

/** The parts of an entry's name; undefined for a name that no hook gives. */
export function parseName(name: string): EntryName | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  return {
    name,
    uptime: match[1] === undefined ? undefined : Number(match[1]),
    pid: Number(match[2]),
    n: match[3] === undefined ? -1 : Number(match[3]),
  };
}

/** An entry's name without the number that tells it from those of the same one. */
export const bareName = (name: string): string => (NAME.test(name) ? name.replace(/(-\d+)\.\d+$/, "$1") : name);

/** The name under which a process stores now. @param n how many names were taken already */
export function entryName(uptime: string, pid: number, n: number): string {
  return `${uptime}-${pid}${n > 0 ? `.${n}` : ""}`;
}

/** Reads an entry; undefined where the beginning is not that of one (then it is no entry, or was cut within it). */
export function parseEntry(bytes: Buffer): Entry | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  let at = MAGIC.length;
  for (let field = 0; field < FIELDS; field++) {
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  const whole = bytes.length - at >= LAST_LINE.length && bytes.subarray(-LAST_LINE.length).equals(LAST_LINE);
  let end = bytes.length - lastLineIn(bytes);
  while (end > at && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--;
  return { origin: originOf(bytes.toString("utf8", MAGIC.length, at - 1)), payload: bytes.subarray(at, end), whole };
}

/** @param fields as they stand in an entry, with NULs between */
function originOf(fields: string): Origin {
  const [event, projectDir, pid, entrypoint, remote, parentPid] = fields.split("\0");
  return {
    ...(event ? { event } : {}),
    ...(projectDir ? { projectDir } : {}),
    ...number("pid", pid),
    ...(entrypoint ? { entrypoint: entrypoint.slice(0, 64) } : {}),
    ...(remote === "true" ? { remote: true } : {}),
    ...number("parentPid", parentPid),
  };
}

/** How many bytes at the end belong to the last line, which may itself be cut. */
function lastLineIn(bytes: Buffer): number {
  for (let length = LAST_LINE.length; length > 0; length--)
    if (bytes.length >= length && bytes.subarray(-length).equals(LAST_LINE.subarray(0, length))) return length;
  return 0;
}

/** An entry as bytes, for writers other than the shell. */
export function encodeEntry(origin: Origin, payload: Buffer | string): Buffer {
  const fields = [
    origin.event,
    origin.projectDir,
    origin.pid?.toString(),
    origin.entrypoint,
    origin.remote ? "true" : undefined,
    origin.parentPid?.toString(),
  ].map((field) => `${(field ?? "").replaceAll("\0", "")}\0`);
  return Buffer.concat([MAGIC, Buffer.from(fields.join("")), Buffer.from(payload), Buffer.from("\n"), LAST_LINE]);
}

function number(key: "pid" | "parentPid", text: string | undefined): { pid?: number; parentPid?: number } {
  return text && /^\d{1,10}$/.test(text) ? { [key]: Number(text) } : {};
}
