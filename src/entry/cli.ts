#!/usr/bin/env node
// mpm: a verb, and the module that carries it out, loaded only when it is called.
// - The only place that prints errors and sets the exit status: 0 done, 1 failed, 2 usage.

import { homedir } from "node:os";
import { findNode, isNewEnough, OLDEST_NODE, runAgain } from "../cli/runtime.ts";
import { EXIT, type Io, styleFor, UsageError } from "../cli/terminal.ts";
import { explainProblem, loadConfig, mpmHome, pathsOf } from "../config/config.ts";
import { VERSION } from "../platform/version.ts";

interface Verb {
  readonly about: string;
  readonly load: () => Promise<{ run(args: string[], io: Io): Promise<number> }>;
}

const VERBS: Readonly<Record<string, Verb>> = {
  install: {
    about: "register the hooks with Claude Code",
    load: async () => ({ run: (await import("../install/install.ts")).install }),
  },
  uninstall: {
    about: "take the hooks out again, and everything of ours",
    load: async () => ({ run: (await import("../install/uninstall.ts")).uninstall }),
  },
  doctor: {
    about: "check everything that can be wrong, and how to mend it",
    load: async () => ({ run: (await import("../install/doctor.ts")).doctor }),
  },
  status: { about: "is it running, what is waiting, what was lost", load: () => import("../cli/status.ts") },
  tail: { about: "watch events as they come", load: async () => ({ run: (await import("../cli/events.ts")).tail }) },
  events: { about: "print stored events", load: async () => ({ run: (await import("../cli/events.ts")).events }) },
  monitor: { about: "the monitoring server: start, stop, status, open", load: () => import("../cli/monitor.ts") },
  relay: { about: "the forwarder: run it in the foreground, or drain once", load: () => import("../cli/relay.ts") },
  replay: { about: "forward rejected events again", load: () => import("../cli/replay.ts") },
  agents: { about: "list, validate and deploy agent files", load: () => import("../cli/agents.ts") },
  run: { about: "start Claude Code with agents and monitor ready", load: () => import("../cli/run.ts") },
  config: {
    about: "show and change settings",
    load: async () => ({ run: (await import("../cli/config.ts")).config }),
  },
  pause: {
    about: "hooks do nothing until `mpm resume`",
    load: async () => ({ run: (await import("../cli/pause.ts")).pause }),
  },
  resume: { about: "hooks record again", load: async () => ({ run: (await import("../cli/pause.ts")).resume }) },
  completion: {
    about: "what bash, zsh and fish offer behind `mpm`",
    load: async () => ({ run: (await import("../cli/completion.ts")).completion }),
  },
};

function usage(): string {
  const width = Math.max(...Object.keys(VERBS).map((name) => name.length));
  const rows = Object.entries(VERBS).map(([name, verb]) => `  mpm ${name.padEnd(width)}  ${verb.about}`);
  return `mpm ${VERSION}: watches Claude Code.\n\n${rows.join("\n")}\n\n\`mpm <verb> --help\` tells more.\n`;
}

/** The nearest verb to a mistyped one: a shared beginning, or one letter too many, too few or swapped. */
function nearest(name: string): string | undefined {
  const letters = (word: string) => [...word].sort().join("");
  return Object.keys(VERBS).find((verb) => verb.startsWith(name.slice(0, 3)) || letters(verb) === letters(name));
}

const err = (text: string) => void process.stderr.write(text);

async function main(argv: string[]): Promise<number> {
  const [name, ...args] = argv;
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort(signal));
  process.stdout.on("error", () => controller.abort("SIGPIPE"));

  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(usage());
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    process.stdout.write(`${VERSION}\n`);
    return EXIT.done;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb) {
    const near = nearest(name);
    err(`mpm: there is no verb "${name}".${near ? ` Did you mean \`mpm ${near}\`?` : ""} \`mpm --help\` lists them.\n`);
    return EXIT.usage;
  }
  if (!isNewEnough(process.versions.node)) return runWithNewerNode();

  const io = ioOf(controller.signal);
  for (const problem of io.config.problems) err(`mpm: ${explainProblem(problem, io.config.paths.config)}.\n`);
  try {
    return await (await verb.load()).run(args, io);
  } catch (error) {
    const misuse =
      error instanceof UsageError || String((error as NodeJS.ErrnoException)?.code).startsWith("ERR_PARSE_ARGS");
    err(`mpm: ${(error as Error).message}${misuse ? ` \`mpm ${name} --help\` shows how.` : ""}\n`);
    if (!misuse && io.config.logLevel === "debug") err(`${(error as Error).stack}\n`);
    return misuse ? EXIT.usage : EXIT.failed;
  }
}

/** The same again, with the Node that the installer wrote down. */
async function runWithNewerNode(): Promise<number> {
  const { env } = process;
  const node = findNode(pathsOf(mpmHome(env, env["HOME"] || homedir())).app, import.meta.filename);
  if (node) return runAgain(node, process.argv.slice(1), env);
  err(
    `mpm: this is Node ${process.versions.node}, and it takes ${OLDEST_NODE} or newer. Install one; \`./install.sh\` in a checkout brings its own.\n`,
  );
  return EXIT.failed;
}

/** The world, read once. */
function ioOf(signal: AbortSignal): Io {
  const { env, stdout } = process;
  const isTerminal = stdout.isTTY === true;
  return {
    config: loadConfig(env, env["HOME"] || homedir()),
    env,
    cwd: process.cwd(),
    out: (text) =>
      new Promise((resolve) => {
        if (stdout.destroyed || stdout.write(text)) resolve();
        else stdout.once("drain", resolve).once("close", resolve);
      }),
    err,
    isTerminal,
    style: styleFor(isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb"),
    now: Date.now,
    signal,
  };
}

process.exitCode = await main(process.argv.slice(2));
