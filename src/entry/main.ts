// A call of mpm: a verb, and the module that carries it out, loaded only when it is called.

import { proposal } from "../cli/arguments.ts";
import type { Listed } from "../cli/command.ts";
import { columns } from "../cli/layout.ts";
import { EXIT } from "../cli/terminal.ts";
import { mpmHome, pathsOf } from "../config/config.ts";
import { bundle } from "../platform/process.ts";
import { findNode, isNewEnough, OLDEST_NODE } from "../platform/runtime.ts";
import { VERSION } from "../platform/version.ts";
import { callVerb, err, failedBy } from "./call.ts";
import { isTerminal, openOutput } from "./standard.ts";
import { userHomeOf } from "./user-home.ts";

const { env } = process;
const DEFAULT_COLUMNS = 100;

/**
 * Does what the words behind `mpm` ask; returns the exit status.
 * @param verbs those that may be called
 */
export async function main(argv: readonly string[], verbs: Readonly<Record<string, Listed>>): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const said = await say(usage(verbs));
    return name === undefined ? EXIT.usage : said;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    return say(`${VERSION}\n`);
  }
  const listed = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!listed) {
    const near = proposal(name, Object.keys(verbs), (verb) => `\`mpm ${verb}\``);
    err(`mpm: there is no verb "${name}".${near} \`mpm --help\` lists them.\n`);
    return EXIT.usage;
  }
  if (!isNewEnough(process.versions.node)) return runWithNewerNode();

  return callVerb(name, (await listed.load()).verb, args);
}

/** Writes to stdout, whether somebody reads it or not; the answer is the exit status. */
async function say(text: string): Promise<number> {
  try {
    await openOutput(() => {})(text);
    return EXIT.done;
  } catch (error) {
    return failedBy(error);
  }
}

function usage(verbs: Readonly<Record<string, Listed>>): string {
  const rows = Object.entries(verbs).map(([name, { about }]) => [`mpm ${name}`, about] as const);
  const table = columns(rows, isTerminal(1) ? process.stdout.columns : DEFAULT_COLUMNS, "  ");
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
