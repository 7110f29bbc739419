// mpm config: what is set, where from, and how to change it.
// - A value is checked before it is written; config.json is replaced in one step, and what else it holds is kept.
// - The token is never shown.

import { chmodSync, statSync } from "node:fs";
import { platform } from "node:os";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { applyEdits, modify } from "jsonc-parser";
import { type Config, explainProblem, loadConfig, SCHEMA_KEY } from "../config/config.ts";
import { configSchema } from "../config/schema.ts";
import { readAs, SETTINGS, type Setting, type SettingName } from "../config/settings.ts";
import { writeDuration, writeSize } from "../config/units.ts";
import { readSnapshot, replace } from "../install/file.ts";
import { parseStrict } from "../install/json.ts";
import { makeHome } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { printable } from "../platform/text.ts";
import { runInForeground } from "../run/host.ts";
import { get } from "../services/client.ts";
import { ensureRelay } from "../services/relay.ts";
import { end, runningOf } from "../services/running.ts";
import { type Call, flag, type Operand, proposal } from "./arguments.ts";
import { command } from "./command.ts";
import { wrap } from "./layout.ts";
import { EXIT, type Io, jsonFor, UsageError } from "./terminal.ts";

const TRIES = 20;
const PAUSE_MS = 50;
const GAP = 2;
/** Where there is no terminal. */
const WIDTH = 120;
const MIN_CELLS = 18;
/** Longer lists are counted. */
const SHORT_CHARS = 16;
/** Read by a process when it starts; the monitor is left to the user, who may be looking at it. */
const OF_RELAY = /^(?:server|relay|spool|rejected|redaction|log|team)\./;
/** Looked at again by a monitor that runs. */
const OF_TEAM = /^team\./;
const OF_MONITOR = /^(?:monitor|server\.token|log|alerts|export)\b/;

const KEYS = Object.values(SETTINGS).map(({ key }) => key);
const KEY: Operand = { name: "KEY", about: "a key", offered: KEYS };
const OPTIONS = { json: flag("as JSON, durations in milliseconds and sizes in bytes", { only: ["list", "get"] }) };

export const verb = command({
  text: ["Shows and changes settings."],
  options: OPTIONS,
  verbs: {
    list: { about: "every setting, its value, and where it comes from" },
    get: { about: "one value, as `set` takes it", operands: [KEY] },
    set: { about: "write a value, JSON or text, to config.json", operands: [KEY, { name: "VALUE", about: "a value" }] },
    unset: { about: "take a setting out of config.json, so that its default holds", operands: [KEY] },
    edit: { about: "open config.json in your editor, with a schema beside it, and check what you wrote" },
    schema: { about: "print the JSON schema of config.json" },
  },
  notes: ["The environment (MPM_...) wins over config.json, which wins over the default."],
  run,
});

async function run({ verb, options, operands }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  if (verb === "list") return list(io, options.json);
  if (verb === "edit") return edit(io);
  if (verb === "schema") {
    await io.out(`${jsonFor(io, configSchema(), 2)}\n`);
    return EXIT.done;
  }
  const [key = "", value] = operands;
  const name = named(key);
  if (verb !== "get") return change(io, name, value);
  await io.out(`${options.json ? jsonFor(io, told(io.config, name)) : whole(io.config, name)}\n`);
  return EXIT.done;
}

const settingNames = () => Object.keys(SETTINGS) as SettingName[];

function named(key: string): SettingName {
  const found = settingNames().find((name) => SETTINGS[name].key === key);
  if (found) return found;
  throw new UsageError(
    `there is no setting "${key}".${proposal(key, KEYS, (near) => near)} \`mpm config list\` lists them.`,
  );
}

/** One row of the table of settings, with what only some of them have. */
const setting = (name: SettingName): Setting<unknown> => SETTINGS[name];

/** What a program is told: null where nothing is set, and never what a secret is. */
function told(config: Config, name: SettingName): unknown {
  return setting(name).secret ? null : (config[name] ?? null);
}

/** A value as people type it: with its unit. */
function whole(config: Config, name: SettingName): string {
  const { unit } = setting(name);
  const value = config[name];
  if (typeof value === "number" && unit) return unit === "duration" ? writeDuration(value) : writeSize(value);
  return written(config, name);
}

/** A value in a list: short. */
function shown(config: Config, name: SettingName): string {
  const value = config[name];
  const json = whole(config, name);
  // `mpm config get` prints it whole.
  return Array.isArray(value) && json.length > SHORT_CHARS ? `${value.length} of them` : json;
}

/** A value as JSON. */
function written(config: Config, name: SettingName): string {
  const value = config[name];
  if (value === undefined) return "unset";
  const isDefault = isDeepStrictEqual(value, setting(name).fallback);
  return setting(name).secret && !isDefault ? "(not shown)" : JSON.stringify(value);
}

async function list(io: Io, json: boolean): Promise<number> {
  const { config, style } = io;
  const rows = settingNames().map((name) => {
    const { key, about, env: variable } = setting(name);
    const env = variable === undefined ? undefined : `MPM_${variable}`;
    return { name, key, origin: config.origins[name], about, env };
  });
  if (json) {
    const plain = rows.map(({ name, key, ...rest }) => ({ key, value: told(config, name), ...rest }));
    await io.out(`${jsonFor(io, plain)}\n`);
    return EXIT.done;
  }
  const width = Math.max(...rows.map(({ key }) => key.length)) + GAP;
  for (const { name, key, origin, about, env } of rows) {
    const from = { default: "", file: " (config.json)", env: ` (${env})` }[origin];
    const said = wrap(about, Math.max(MIN_CELLS, (io.columns ?? WIDTH) - width)).split("\n");
    await io.out(`${style.bold(key.padEnd(width))}${printable(shown(config, name))}${style.yellow(from)}\n`);
    for (const line of said) await io.out(`${" ".repeat(width)}${style.dim(line)}\n`);
  }
  return EXIT.done;
}

/** Takes from others what they may do with a file that its user can write; one that is not there, or not ours, stays. */
function makePrivate(file: string): void {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === "win32" || (mode & 0o200) === 0 || (mode & 0o077) === 0) return;
  try {
    chmodSync(file, mode & 0o700);
  } catch {
    // another user's
  }
}

/** @param text undefined takes the key out */
async function change(io: Io, name: SettingName, text: string | undefined): Promise<number> {
  const { key, schema, about, environmentOnly } = setting(name);
  if (environmentOnly)
    throw new UsageError(`${key} cannot be set in config.json, as the hook does not read it (${about}).`);
  const value = text === undefined ? undefined : readValue(text);
  const read = readAs(schema(), value);
  if (text !== undefined && !read.ok) throw new UsageError(`${key}: expected ${read.expected}.`);
  const { paths } = io.config;
  makeHome(paths.home);
  makePrivate(paths.config); // before it holds the secret that may be written now
  for (let tries = 0; tries < TRIES; tries++) {
    const snapshot = readSnapshot(paths.config);
    const before = snapshot.text ?? "{}\n";
    const strict = parseStrict(before);
    if ("refusal" in strict) {
      const { line, column, reason } = strict.refusal;
      io.err(
        `mpm: ${paths.config}:${line}:${column}: ${reason}. Correct it, then run this again; nothing was changed.\n`,
      );
      return EXIT.failed;
    }
    const options = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: "\n" } };
    const after = applyEdits(before, modify(before, key.split("."), value, options));
    if (after === snapshot.text || replace(snapshot, after)) {
      await io.out(
        `mpm: ${key} is ${value === undefined ? "back to its default" : setting(name).secret ? "set" : JSON.stringify(value)}.\n`,
      );
      if (io.config.origins[name] === "env") io.err(`mpm: the environment sets ${key}, too, and wins over it.\n`);
      await takeUp(io, [key]);
      return EXIT.done;
    }
    await sleep(PAUSE_MS);
  }
  io.err(`mpm: ${paths.config} is being written all the time. Try again.\n`);
  return EXIT.failed;
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Opens config.json in the user's editor and says what of it cannot be used. It is never thrown away: a mistake leaves the
 * file as it was written, and the default stands in.
 */
async function edit(io: Io): Promise<number> {
  const { paths, userHome } = io.config;
  makeHome(paths.home);
  replaceFile(paths.configSchema, `${JSON.stringify(configSchema(), null, 2)}\n`);
  const before = readSnapshot(paths.config);
  if (before.text === undefined && !replace(before, `{\n  "${SCHEMA_KEY}": "./${basename(paths.configSchema)}"\n}\n`)) {
    io.err(`mpm: ${paths.config} is being written by another program. Try again.\n`);
    return EXIT.failed;
  }
  const [file, args] = editorFor(io.env, paths.config);
  const ending = await runInForeground(file, args, io.env);
  if (!("status" in ending) || ending.status !== 0) {
    const how = "signal" in ending ? ending.signal : "trouble" in ending ? ending.trouble : `status ${ending.status}`;
    io.err(`mpm: the editor ended with ${how}. Set EDITOR to one that runs here.\n`);
    return EXIT.failed;
  }
  const config = loadConfig(io.env, userHome);
  const problems = config.problems.filter(({ origin }) => origin === "file");
  for (const problem of problems) io.err(`mpm: ${printable(explainProblem(problem, paths.config))}.\n`);
  const changed = settingNames().filter((name) => !isDeepStrictEqual(config[name], io.config[name]));
  const keys = changed.map((name) => SETTINGS[name].key);
  await takeUp(io, keys);
  if (problems.length > 0) return EXIT.failed;
  await io.out(`mpm: ${changed.length === 0 ? "no setting has changed" : `changed: ${keys.join(", ")}`}.\n`);
  return EXIT.done;
}

/** The editor as git finds it: VISUAL and EDITOR may have arguments, which the shell splits. */
function editorFor(env: NodeJS.ProcessEnv, file: string): [file: string, args: readonly string[]] {
  const editor = env["VISUAL"] || env["EDITOR"];
  if (platform() === "win32") return [editor || "notepad", [file]];
  return ["/bin/sh", ["-c", `${editor || "vi"} "$@"`, "sh", file]];
}

/** Lets a running process know: the relay by starting it again, which loses nothing; the monitor by a word to the user. */
async function takeUp(io: Io, keys: readonly string[]): Promise<void> {
  const concerns = (keysOf: RegExp) => keys.some((key) => keysOf.test(key));
  for (const running of keys.length > 0 ? await runningOf(io.config) : []) {
    if (running.name === "relay" && concerns(OF_RELAY) && (await end(running))) ensureRelay(io.config.paths, io.env);
    if (running.name === "monitor" && concerns(OF_TEAM)) await get(io.config, "/health", io.signal); // whoever asks has it look
    if (running.name === "monitor" && concerns(OF_MONITOR))
      await io.out(
        "     The running monitor goes by it when it is started again: `mpm monitor stop`, then the next event.\n",
      );
  }
}
