// What was expected of a value that does not fit its schema, in words that follow "expected".
// A schema may say it itself, by its `error`; of the others it follows from the code of what is wrong, and its fields.

import type * as z from "zod/mini";

type Issue = z.core.$ZodRawIssue;

/** Given to a parse: the message of every issue is then what was expected. */
export const IN_PLAIN_WORDS: z.core.ParseContext<z.core.$ZodIssue> = { error: expectationOf };

/** Types by their names in schemas. */
const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  null: "null",
  nonoptional: "a value",
};

const FORMATS: Readonly<Record<string, string>> = {
  url: "a URL",
  email: "an email address",
  datetime: "an ISO time",
  uuid: "a UUID",
  ulid: "a ULID",
};

/** What was expected where an issue was found. */
function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.length === 1 ? literal(issue.values[0]) : `one of ${issue.values.map(literal).join(", ")}`;
    case "too_small":
      return bounded(issue.origin, issue.exact ? "exactly" : "at least", issue.minimum, issue.inclusive !== false);
    case "too_big":
      return bounded(issue.origin, issue.exact ? "exactly" : "at most", issue.maximum, issue.inclusive !== false);
    case "invalid_format":
      return FORMATS[issue.format] ?? "text of another form";
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `nothing called ${issue.keys.join(", ")}`;
    case "invalid_union":
      return alternatives(issue.errors);
    case "invalid_key":
    case "invalid_element":
      return issue.issues[0]?.message ?? "something else";
    default:
      return "something else";
  }
}

/** What a value is, in words that follow "received". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : (TYPES[typeof value] ?? typeof value);
}

type Bound = "at least" | "at most" | "exactly";
const NUMBERS: ReadonlySet<string> = new Set(["number", "int", "bigint"]);

function bounded(origin: string, bound: Bound, limit: number | bigint, isInclusive: boolean): string {
  if (NUMBERS.has(origin)) {
    const type = TYPES[origin] ?? "a number";
    if (bound === "exactly") return `the number ${limit}`;
    if (bound === "at least") return isInclusive ? `${type} from ${limit} on` : `${type} above ${limit}`;
    return isInclusive ? `${type} up to ${limit}` : `${type} below ${limit}`;
  }
  const unit = origin === "string" ? "character" : "element";
  const type = origin === "string" ? "text" : (TYPES[origin] ?? "a list");
  return `${type} of ${bound} ${limit} ${unit}${Number(limit) === 1 ? "" : "s"}`;
}

/** A text as it is, without quotes: they are shown as people type them. */
const literal = (value: unknown): string => String(value);

/** What any of the forms expects, each once. */
function alternatives(errors: readonly (readonly { readonly message: string }[])[]): string {
  const expected = new Set(errors.flatMap(([issue]) => (issue ? [issue.message] : [])));
  return expected.size > 0 ? [...expected].join(", or ") : "something else";
}
