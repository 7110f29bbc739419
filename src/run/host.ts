// Claude Code as our child, in everything that can be seen as without us: terminal, signals, exit status.
// - It stays in our process group: what the terminal sends (INT, QUIT, WINCH, TSTP, CONT) reaches it as it reaches us.
//   We ignore what would end us before it; stopping and going on happens to both.
// - What is sent to us alone (TERM, HUP; INT where there is no terminal) is passed on.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";

const SIGNAL_STATUS = 128;
/** As a shell has it: no such program, and one that cannot be run. */
export const NOT_FOUND = 127;
const NOT_STARTED = 126;

/** How it ended: a status, or the signal that ended it. */
export type Ending = { readonly status: number } | { readonly signal: NodeJS.Signals } | { readonly trouble: string };

/** Runs a program with our stdio until it ends. */
export function become(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ending> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeAllListeners(signal); // the verbs' own
    const child = spawn(file, [...args], { stdio: "inherit", env, shell: file.endsWith(".cmd") });
    const toTerminal = isatty(0);
    const ignore = ["SIGQUIT", ...(toTerminal ? ["SIGINT"] : [])] as NodeJS.Signals[];
    const pass = ["SIGTERM", "SIGHUP", ...(toTerminal ? [] : ["SIGINT"])] as NodeJS.Signals[];
    const handlers = new Map<NodeJS.Signals, () => void>([
      ...ignore.map((signal) => [signal, () => {}] as const),
      ...pass.map((signal) => [signal, () => void child.kill(signal)] as const),
    ]);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const end = (ending: Ending) => {
      for (const [signal, handler] of handlers) process.removeListener(signal, handler);
      resolve(ending);
    };
    child.once("error", (error) => end({ trouble: error.message }));
    child.once("exit", (status, signal) => end(signal ? { signal } : { status: status ?? NOT_STARTED }));
  });
}

/** Ends us as the program ended: by the same signal, where it was one. @returns the status where it was none */
export function endAs(ending: Ending): number {
  if ("trouble" in ending) return NOT_STARTED;
  if ("status" in ending) return ending.status;
  process.kill(process.pid, ending.signal);
  return SIGNAL_STATUS + constants.signals[ending.signal]; // where the signal is ignored
}
