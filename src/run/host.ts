// A program as our child, in everything that can be seen as without us: terminal, signals, exit status. It is Claude Code,
// or ourselves under a newer Node.
// - It stays in our process group: what the terminal sends (INT, QUIT, TSTP, WINCH) it gets by itself, and it decides.
// - What is sent to us alone is passed on.
// - It stops, we stop, so that the shell takes the terminal back; we are continued, we continue it.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";

const SIGNAL_STATUS = 128;
/** As a shell has it: no such program, and one that cannot be run. */
export const NOT_FOUND = 127;
const NOT_STARTED = 126;

/** Ctrl-Z reaches us and the child at once: its stop may be seen before its reason. */
const BOTH_MS = 20;
const PASSED_ON = ["SIGTERM", "SIGHUP", "SIGUSR2"] as const;
const FROM_TERMINAL = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;

/** How it ended: a status, or the signal that ended it. */
export type Ending =
  | { readonly status: number }
  | { readonly signal: NodeJS.Signals }
  | { readonly status: number; readonly trouble: string };

/** Runs a program with our stdio until it ends. @param onStart called once it runs */
export function runInForeground(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onStart: () => void = () => {},
): Promise<Ending> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.removeAllListeners(signal); // the verbs' own
    let suspending = false;
    const handlers = new Map<NodeJS.Signals, () => void>();
    for (const signal of PASSED_ON) handlers.set(signal, () => void child.kill(signal));
    for (const signal of FROM_TERMINAL) {
      if (signal === "SIGTSTP" && !seesStates) continue; // then it has to stop us by itself
      handlers.set(signal, () => {
        suspending = signal === "SIGTSTP";
        if (!inForeground()) child.kill(signal);
      });
    }
    const follow = () => {
      if (child.pid === undefined || statOf(child.pid)?.state !== "T") return;
      stop(suspending ? "SIGTSTP" : "SIGSTOP");
      suspending = false;
      child.kill("SIGCONT"); // somebody has continued us
    };
    handlers.set("SIGCHLD", () => void setTimeout(follow, BOTH_MS).unref());
    // Before it runs: it may stop at once.
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const child = spawn(file, [...args], { stdio: "inherit", env, shell: file.endsWith(".cmd") });

    /** The shell says which signal it was: that is the one that the user sent. */
    const stop = (signal: "SIGTSTP" | "SIGSTOP") => {
      const handler = handlers.get(signal);
      if (handler) process.removeListener(signal, handler);
      process.kill(process.pid, signal);
      if (handler) process.on(signal, handler);
    };
    const end = (ending: Ending) => {
      for (const [signal, handler] of handlers) process.removeListener(signal, handler);
      resolve(ending);
    };
    child.once("spawn", onStart);
    child.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      end({ trouble: message, status: code === "ENOENT" ? NOT_FOUND : NOT_STARTED }),
    );
    child.once("exit", (status, signal) => end(signal ? { signal } : { status: status ?? NOT_STARTED }));
  });
}

/** Ends us as the program ended: by the same signal, where it was one. @returns the status where it was none */
export function endAs(ending: Ending): number {
  if ("status" in ending) return ending.status;
  process.removeAllListeners(ending.signal);
  process.kill(process.pid, ending.signal);
  return SIGNAL_STATUS + constants.signals[ending.signal]; // where the signal is ignored
}

/** Whether what the terminal sends goes to our process group, and so to the child, too. */
function inForeground(): boolean {
  const own = statOf("self");
  return own ? own.group === own.foreground : isatty(0);
}

/** What /proc says of a process; undefined where it says nothing. */
function statOf(pid: number | "self"): { state?: string; group?: string; foreground?: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name in parentheses: state, parent, group, session, terminal, the terminal's foreground group.
    const [state = "", , group = "", , , foreground = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, group, foreground };
  } catch {
    return undefined;
  }
}

const seesStates = statOf("self") !== undefined;
