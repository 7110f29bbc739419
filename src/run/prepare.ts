// What is done before Claude Code starts, and right after it. Each says on stderr what it could not do, and none stops the session.

import type { Io } from "../cli/terminal.ts";
import type { Config } from "../config/config.ts";
import { textOf } from "../contract/texts.ts";
import { plural, printable } from "../platform/text.ts";
import { resolveTarget } from "../services/target.ts";

/** Writes the project's agents. */
export async function deploy(io: Io): Promise<void> {
  const [{ deployAgents }, { reportProblems }, { projectOf }] = await Promise.all([
    import("../agents/deploy.ts"),
    import("../cli/report.ts"),
    import("../agents/tiers.ts"),
  ]);
  const { config, cwd, err } = io;
  const result = await deployAgents({ config, project: projectOf(cwd, config.userHome) });
  reportProblems(io, result.problems);
  const count = (...kinds: string[]) => result.actions.filter(({ kind }) => kinds.includes(kind)).length;
  const failed = count("failed");
  if (failed > 0) err(`mpm: ${plural(failed, "agent")} could not be deployed. \`mpm agents deploy\` says why.\n`);
  const written = count("create", "update");
  if (written > 0) err(`mpm: deployed ${plural(written, "agent")} to ${printable(result.directory)}.\n`);
}

export interface Watched {
  /** Of this home's monitor; absent where it is not ready, or events go elsewhere. */
  readonly url?: string;
  /** A browser is to be opened there. */
  readonly opens?: boolean;
  /** How the relay that the hooks start finds it. The token it reads from this home: an environment is shown around. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * @param port where the user wants this home's monitor, whatever the settings say
 * @param browser the user wants to see it in one
 */
export async function prepareMonitor(io: Io, port: number | undefined, browser: boolean): Promise<Watched> {
  const { config } = io;
  if (port === undefined && goesElsewhere(config)) return lookElsewhere(io);
  const { readyMonitor } = await import("./monitor.ts");
  const ready = await readyMonitor(config, io.env, port ?? config.monitorPort, io.signal);
  if ("trouble" in ready) {
    if (!io.signal.aborted)
      io.err(
        `mpm: the monitor is not there: ${printable(ready.trouble)}. Events wait until it is; the session goes on.\n`,
      );
    return { env: {} };
  }
  if (ready.note) io.err(`mpm: ${ready.note}.\n`);
  const { canOpenBrowser } = await import("../services/login.ts");
  const opens = browser && canOpenBrowser(config, io.env);
  if (!opens) io.err(`mpm: the dashboard is at ${ready.url}; \`mpm monitor open\` lets a browser in.\n`);
  // Its port, too: should it end, the relay knows that it is of this home, and starts the next one there.
  const env = { MPM_SERVER_URL: ready.url, MPM_MONITOR_PORT: new URL(ready.url).port };
  return { url: ready.url, opens, env };
}

/** Opens the browser, once Claude Code runs: it has the terminal by then, so that nothing is said. */
export async function showDashboard({ config, env }: Io): Promise<void> {
  const { loginLink, openBrowser } = await import("../services/login.ts");
  const link = await loginLink(config);
  if (link.ok) await openBrowser(link.value, env);
}

function goesElsewhere(config: Config): boolean {
  const target = resolveTarget(config);
  return target.ok ? !target.value.local : config.serverUrl !== undefined;
}

/** A server that the user has named is not ours to start. */
async function lookElsewhere(io: Io): Promise<Watched> {
  const { get } = await import("../services/client.ts");
  const answer = await get(io.config, "/health", io.signal);
  if (!answer.ok)
    io.err(`mpm: ${printable(textOf(answer.reason))}. Events wait until it answers; the session goes on.\n`);
  else io.err(`mpm: events go to ${io.config.serverUrl}, as server.url says.\n`);
  return { env: {} };
}
