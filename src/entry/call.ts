// Calls a verb of mpm with the world as it is: the only place that prints the errors of a verb and gives its exit status, 0
// done, 1 failed, 2 usage.

import type { Verb } from "../cli/command.ts";
import { EXIT, type Io, READER_GONE, ReaderGone, UsageError } from "../cli/terminal.ts";
import { explainProblem, loadConfig } from "../config/config.ts";
import { DAMAGE_CURE, damageIn } from "../platform/damage.ts";
import { errorMessage } from "../platform/error.ts";
import { explainSystemError } from "../platform/system-error.ts";
import { styleFor } from "../platform/text.ts";
import { openScreen } from "./screen.ts";
import { isTerminal, openOutput, readInput } from "./standard.ts";
import { userHomeOf } from "./user-home.ts";

const { env } = process;
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
    openOutput(() => controller.abort(READER_GONE)),
  );
  for (const problem of io.config.problems) err(`mpm: ${explainProblem(problem, io.config.paths.config)}.\n`);
  try {
    return await verb.call(name, args, io);
  } catch (error) {
    if (error instanceof ReaderGone) return EXIT.done;
    if (error instanceof UsageError) {
      const subverb = args.find((word) => Object.hasOwn(verb.table.verbs ?? {}, word));
      const called = subverb === undefined ? name : `${name} ${subverb}`;
      err(`mpm: ${error.message} \`mpm ${called} --help\` shows how it is used.\n`);
      return EXIT.usage;
    }
    if (io.config.logLevel === "debug" && error instanceof Error) err(`${error.stack}\n`);
    return failedBy(error);
  }
}

/** Says what kept a verb from its work; the answer is the exit status. */
export function failedBy(error: unknown): number {
  const damage = damageIn(error);
  const said = damage === undefined ? explainSystemError(error) : `${damage}. ${DAMAGE_CURE}`;
  err(`mpm: ${said ?? errorMessage(error)}\n`);
  return EXIT.failed;
}

/** The world, read once. */
function ioOf(signal: AbortSignal, out: Io["out"]): Io {
  const isShown = isTerminal(1);
  return {
    config: loadConfig(env, userHomeOf(env)),
    env,
    cwd: process.cwd(),
    now: Date.now,
    signal,
    out,
    err,
    input: () => process.stdin,
    readInput,
    get inputIsTerminal() {
      return isTerminal(0);
    },
    isTerminal: isShown,
    get errIsTerminal() {
      return isTerminal(2);
    },
    columns: isShown ? process.stdout.columns : undefined,
    screen: () => openScreen(process),
    style: styleFor(isShown && takesColour(process.stdout)),
    get errStyle() {
      return styleFor(isTerminal(2) && takesColour(stderr()));
    },
    serve(name, directory) {
      process.title = name;
      process.umask(0o077);
      if (directory !== undefined) process.chdir(directory);
    },
  };
}

/** Whether a stream is a terminal with colours, unless NO_COLOR or TERM=dumb say that none are wanted. */
function takesColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.hasColors();
}
