// A call of mpm: a verb, and the module that carries it out, loaded only when it is called.
// - The only place that prints errors and sets the exit status: 0 done, 1 failed, 2 usage.

import { isatty } from "node:tty";
import { proposal } from "../cli/arguments.ts";
import type { Listed } from "../cli/command.ts";
import { columns } from "../cli/layout.ts";
import { EXIT, type Io, READER_GONE, ReaderGone, UsageError } from "../cli/terminal.ts";
import { explainProblem, loadConfig, mpmHome, pathsOf } from "../config/config.ts";
import { bundle } from "../platform/process.ts";
import { findNode, isNewEnough, OLDEST_NODE } from "../platform/runtime.ts";
import { styleFor } from "../platform/text.ts";
import { VERSION } from "../platform/version.ts";
import { openScreen } from "./screen.ts";
import { userHomeOf } from "./user-home.ts";

const { env, stdout, stderr } = process;
const DEFAULT_COLUMNS = 100;
const ENDS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const err = (text: string) => void stderr.write(text);

/**
 * Does what the words behind `mpm` ask; returns the exit status.
 * @param verbs those that may be called
 */
export async function main(argv: readonly string[], verbs: Readonly<Record<string, Listed>>): Promise<number> {
  const [name, ...args] = argv;
  const controller = new AbortController();
  for (const signal of ENDS) process.once(signal, () => controller.abort(signal));
  const out = writerTo(stdout, () => controller.abort(READER_GONE));
  stderr.on("error", () => {}); // nobody reads it any more

  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    stdout.write(usage(verbs));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    stdout.write(`${VERSION}\n`);
    return EXIT.done;
  }
  const listed = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!listed) {
    const near = proposal(name, Object.keys(verbs), (verb) => `\`mpm ${verb}\``);
    err(`mpm: there is no verb "${name}".${near} \`mpm --help\` lists them.\n`);
    return EXIT.usage;
  }
  if (!isNewEnough(process.versions.node)) return runWithNewerNode();

  const io = ioOf(controller.signal, out);
  for (const problem of io.config.problems) err(`mpm: ${explainProblem(problem, io.config.paths.config)}.\n`);
  try {
    return await (await listed.load()).verb.call(name, args, io);
  } catch (error) {
    if (error instanceof ReaderGone) return EXIT.done;
    if (error instanceof UsageError) {
      err(`mpm: ${error.message} \`mpm ${name} --help\` shows how it is used.\n`);
      return EXIT.usage;
    }
    err(`mpm: ${error instanceof Error ? error.message : String(error)}\n`);
    if (io.config.logLevel === "debug" && error instanceof Error) err(`${error.stack}\n`);
    return EXIT.failed;
  }
}

function usage(verbs: Readonly<Record<string, Listed>>): string {
  const rows = Object.entries(verbs).map(([name, { about }]) => [`mpm ${name}`, about] as const);
  const table = columns(rows, stdout.columns ?? DEFAULT_COLUMNS, "  ");
  return `mpm ${VERSION}: watches Claude Code.\n\n${table}\n\`mpm VERB --help\` tells more.\n`;
}

/** The same again, with the Node that the installer wrote down; it ends as that ends. */
async function runWithNewerNode(): Promise<number> {
  const node = findNode(pathsOf(mpmHome(env, userHomeOf(env))).app, bundle("cli.js"));
  if (node) {
    const { runInForeground, endAs } = await import("../run/host.ts");
    return endAs(await runInForeground(node, process.argv.slice(1), env));
  }
  err(
    `mpm: this is Node ${process.versions.node}, and mpm needs ${OLDEST_NODE} or newer. Install one; \`./install.sh\` in a checkout brings its own.\n`,
  );
  return EXIT.failed;
}

/** The world, read once. */
function ioOf(signal: AbortSignal, out: Io["out"]): Io {
  return {
    config: loadConfig(env, userHomeOf(env)),
    env,
    cwd: process.cwd(),
    now: Date.now,
    signal,
    out,
    err,
    input: () => process.stdin,
    inputIsTerminal: isatty(0),
    isTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    columns: stdout.isTTY ? stdout.columns : undefined,
    screen: () => openScreen(process),
    style: styleFor(takesColour(stdout)),
    errStyle: styleFor(takesColour(stderr)),
    serve(name, directory) {
      process.title = name;
      process.umask(0o077);
      if (directory !== undefined) process.chdir(directory);
    },
  };
}

/** Writes to a stream, and waits while it is full. Once its reader has gone, nothing is written and nothing waits. */
function writerTo(stream: NodeJS.WriteStream, onGone: () => void): Io["out"] {
  let gone = false;
  let room: Promise<void> | undefined;
  let ready = () => {};
  stream.on("drain", () => ready());
  stream.on("error", () => {
    gone = true;
    ready();
    onGone();
  });
  return async (text) => {
    if (gone || stream.write(text)) return;
    room ??= new Promise((resolve) => {
      ready = () => {
        room = undefined;
        resolve();
      };
    });
    await room;
  };
}

/** Whether a stream is a terminal with colours, unless NO_COLOR or TERM=dumb say that none are wanted. */
function takesColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.hasColors();
}
