// Calls a verb of mpm with the world as it is: the only place that prints the errors of a verb and gives its exit status, 0
// done, 1 failed, 2 usage.

import { isatty } from "node:tty";
import type { Verb } from "../cli/command.ts";
import { EXIT, type Io, READER_GONE, ReaderGone, UsageError } from "../cli/terminal.ts";
import { explainProblem, loadConfig } from "../config/config.ts";
import { styleFor } from "../platform/text.ts";
import { openScreen } from "./screen.ts";
import { userHomeOf } from "./user-home.ts";

const { env, stdout } = process;
const ENDS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** stderr, opened when it is asked for: most calls have nothing to say there. */
let errors: NodeJS.WriteStream | undefined;
function stderr(): NodeJS.WriteStream {
  errors ??= process.stderr.on("error", () => {}); // nobody reads it any more
  return errors;
}

/** Prints what is for people beside the answer. */
export const err = (text: string) => void stderr().write(text);

/** Does what the words behind a verb ask; returns the exit status. */
export async function callVerb(name: string, verb: Verb, args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const signal of ENDS) process.once(signal, () => controller.abort(signal));
  const io = ioOf(
    controller.signal,
    writerTo(stdout, () => controller.abort(READER_GONE)),
  );
  for (const problem of io.config.problems) err(`mpm: ${explainProblem(problem, io.config.paths.config)}.\n`);
  try {
    return await verb.call(name, args, io);
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
    get inputIsTerminal() {
      return isatty(0);
    },
    isTerminal: stdout.isTTY === true,
    get errIsTerminal() {
      return isatty(2);
    },
    columns: stdout.isTTY ? stdout.columns : undefined,
    screen: () => openScreen(process),
    style: styleFor(takesColour(stdout)),
    get errStyle() {
      return styleFor(takesColour(stderr()));
    },
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
