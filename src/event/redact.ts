export type Counts = Readonly<Record<string, number>>;

export interface Redaction<T> {
  readonly value: T;
  /** How often each kind was found; empty if nothing was. */
  readonly counts: Counts;
}

export interface Redactor {
  redact<T>(value: T): Redaction<T>;
}

export interface UserPattern {
  readonly name: string;
  readonly regex: string;
}

const PLAIN =
  /\b(?:ghp_[A-Za-z0-9]{36}|github_pat_\w{22,}|AKIA[0-9A-Z]{16}|sk-ant-[\w-]{20,}|sk-[\w-]{20,}|xox[abposr]-[\w-]{10,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})/g;

/** Replaces credentials by `[redacted:<kind>]`. */
export function createRedactor({ enabled }: { enabled: boolean; patterns: readonly UserPattern[] }): {
  redactor: Redactor;
  problems: string[];
} {
  return { redactor: { redact: (value) => (enabled ? redactPlain(value) : { value, counts: {} }) }, problems: [] };
}

function redactPlain<T>(value: T): Redaction<T> {
  let count = 0;
  const walk = (node: unknown): unknown => {
    if (typeof node === "string")
      return node.replace(PLAIN, () => {
        count++;
        return "[redacted:token]";
      });
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item)]));
  };
  return { value: walk(value) as T, counts: count > 0 ? { token: count } : {} };
}
