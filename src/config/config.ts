// The only reader of the environment and of config.json.
// - Everything else is handed a Config; nobody else touches process.env.
// - A value that does not fit is a Problem that names key, origin, what was expected and what was found; the default
//   stands in for it, so that one bad key never stops an event from being forwarded.
// - Precedence: environment (MPM_*, then the older CLAUDE_MPM_*), then config.json, then the default.

import { hostname } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { errorOffset, placeOf } from "../platform/json.ts";
import { nearest } from "../platform/nearest.ts";
import { explainRead, isDeadLink, readRegular } from "../platform/read.ts";
import { type Otel, readOtel } from "./otel.ts";
import { isOff, isOn, mpmHome, type Paths, pathsOf, variable } from "./paths.ts";
import { readAs, SETTINGS, type Setting, type SettingName, type Settings } from "./settings.ts";

/** Key of a problem with config.json itself. */
const WHOLE_FILE = "(file)";
/** Where editors find the schema of the file. */
export const SCHEMA_KEY = "$schema";
/** A mistyped key may have this many letters wrong. */
const MAX_EDITS = 2;
const NOT_SHOWN = "(not shown)";

export { mpmHome, type Paths, pathsOf };

export type Origin = "default" | "file" | "env";

export interface Problem {
  readonly key: string;
  readonly origin: Origin;
  readonly expected: string;
  readonly received: string;
  /** It is one element of a list, and the others are used. */
  readonly leftOut?: boolean;
}

export interface Config extends Settings {
  readonly paths: Paths;
  /** The user's home directory; "" where there is none. */
  readonly userHome: string;
  /** Claude Code's directory: CLAUDE_CONFIG_DIR, else ~/.claude. */
  readonly claudeHome: string;
  /** What CLAUDE_CONFIG_DIR is. Claude Code takes an empty or a relative one from the directory that it is started in. */
  readonly claudeHomeGiven: "default" | "absolute" | "relative" | "empty";
  readonly hostName: string;
  /** What the variables of OpenTelemetry say. */
  readonly otel: Otel;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  readonly problems: readonly Problem[];
}

/** The value of that type that the text of a variable stands for; the text itself where it stands for none. */
function fromText(text: string, type: string): unknown {
  if (type === "number" && /^\d+$/.test(text)) return Number(text);
  if (type !== "boolean") return text;
  if (isOn(text)) return true;
  if (isOff(text)) return false;
  return text;
}

function at(tree: unknown, key: string): unknown {
  let node = tree;
  for (const part of key.split(".")) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, part)) return undefined;
    node = (node as Record<string, unknown>)[part];
  }
  return node;
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The tree in config.json; {} where there is no file. */
function readTree(file: string): { tree: unknown; problem?: Problem } {
  const read = readRegular(file);
  if (read.kind === "missing" && !isDeadLink(file)) return { tree: {} };
  if (read.kind !== "text") {
    const received = `one that ${explainRead(read)}`;
    return { tree: {}, problem: { key: WHOLE_FILE, origin: "file", expected: "a readable file", received } };
  }
  const { text } = read;
  try {
    const tree: unknown = JSON.parse(text);
    if (typeof tree === "object" && tree !== null && !Array.isArray(tree)) return { tree };
    return {
      tree: {},
      problem: { key: WHOLE_FILE, origin: "file", expected: "a JSON object", received: describe(tree) },
    };
  } catch (error) {
    const offset = errorOffset(text, (error as Error).message) ?? 0;
    const { line, column } = placeOf(text, offset);
    const received = `text that is none from line ${line}, column ${column} on`;
    return { tree: {}, problem: { key: WHOLE_FILE, origin: "file", expected: "JSON", received } };
  }
}

const KEYS = Object.values(SETTINGS).map(({ key }) => key);

/** Keys in the tree that no setting has, as dotted paths. */
function strangers(tree: unknown, known: ReadonlySet<string>, prefix = ""): string[] {
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) return [];
  return Object.entries(tree).flatMap(([name, value]) => {
    const key = prefix + name;
    if (known.has(key)) return [];
    const inner = [...known].some((other) => other.startsWith(`${key}.`));
    return inner ? strangers(value, known, `${key}.`) : [key];
  });
}

/** Whether a config.json can be read and has nothing but settings of ours. */
export function holdsOnlySettings(file: string): boolean {
  const { tree, problem } = readTree(file);
  return problem === undefined && strangers(tree, new Set([...KEYS, SCHEMA_KEY])).length === 0;
}

/** The value of a setting: the environment's where it fits, else the file's where that fits, else the default. */
function choose(
  definition: Setting<unknown>,
  inFile: unknown,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): { value: unknown; origin: Origin } {
  const text = definition.env ? variable(env, definition.env) : undefined;
  const candidates: [Origin, unknown][] = [
    ["env", text === undefined ? undefined : fromText(text, typeof definition.fallback)],
    ["file", inFile],
  ];
  for (const [origin, value] of candidates) {
    const usable = usableIn(value, definition, origin, problems);
    if (usable === undefined) continue;
    const read = readAs(definition.schema(), usable);
    if (read.ok) return { value: read.value, origin };
    problems.push({
      key: origin === "env" ? `MPM_${definition.env}` : definition.key,
      origin,
      expected: read.expected,
      received: definition.secret ? NOT_SHOWN : describe(value),
    });
  }
  return { value: definition.fallback, origin: "default" };
}

/** Of a list the elements that fit, each of the others a problem, undefined where none fits; another value as it is. */
function usableIn(
  value: unknown,
  { key, each, secret }: Setting<unknown>,
  origin: Origin,
  problems: Problem[],
): unknown {
  if (!each || !Array.isArray(value)) return value;
  const schema = each.schema();
  const usable = value.filter((element, index) => {
    const read = readAs(schema, element);
    const expected = read.ok ? `at most ${each.max} of them` : read.expected;
    if (read.ok && index < each.max) return true;
    const received = secret ? NOT_SHOWN : describe(element);
    problems.push({ key: `${key}[${index}]`, origin, expected, received, leftOut: true });
    return false;
  });
  return usable.length === 0 && value.length > 0 ? undefined : usable;
}

/**
 * Reads environment and config.json once.
 * @param env usually process.env
 * @param userHome the user's home directory, "" where unknown
 */
export function loadConfig(env: NodeJS.ProcessEnv, userHome: string): Config {
  const paths = pathsOf(mpmHome(env, userHome));
  const { tree, problem } = readTree(paths.config);
  const problems: Problem[] = problem ? [problem] : [];
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};

  for (const [name, definition] of Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]) {
    const chosen = choose(definition, at(tree, definition.key), env, problems);
    values[name] = chosen.value;
    origins[name] = chosen.origin;
  }
  for (const key of strangers(tree, new Set([...KEYS, SCHEMA_KEY]))) {
    const near = nearest(key, KEYS, MAX_EDITS);
    const expected = near === undefined ? "a known setting (`mpm config list`)" : `a known setting, perhaps ${near}`;
    problems.push({ key, origin: "file", expected, received: "an unknown key" });
  }

  return {
    ...(values as Settings),
    paths,
    userHome,
    ...claudeHomeOf(env["CLAUDE_CONFIG_DIR"], userHome),
    hostName: hostname(),
    otel: readOtel(env),
    origins: origins as Config["origins"],
    problems,
  };
}

function claudeHomeOf(given: string | undefined, userHome: string): Pick<Config, "claudeHome" | "claudeHomeGiven"> {
  const usual = join(userHome || "/nonexistent", ".claude");
  if (given === undefined) return { claudeHome: usual, claudeHomeGiven: "default" };
  if (given === "") return { claudeHome: usual, claudeHomeGiven: "empty" };
  return { claudeHome: resolve(given), claudeHomeGiven: isAbsolute(given) ? "absolute" : "relative" };
}

/** One line a problem, for stderr and logs. */
export function explainProblem(problem: Problem, file: string): string {
  const where = problem.origin === "env" ? `${problem.key} in the environment` : `${problem.key} in ${file}`;
  return `${problem.key === WHOLE_FILE ? file : where}: expected ${problem.expected}, received ${problem.received}; ${problem.leftOut ? "it is left out, the others are used" : "the default is used"}`;
}
