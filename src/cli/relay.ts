// mpm relay: the forwarder in the foreground, or once.

import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../config/config.ts";
import { textOf } from "../contract/texts.ts";
import { makeHome } from "../platform/directory.ts";
import { openLog } from "../platform/log.ts";
import { printable } from "../platform/text.ts";
import { runRelay } from "../relay/relay.ts";
import { relayElsewhere } from "../services/elsewhere.ts";
import { relayPid } from "../services/relay.ts";
import { leavingOf } from "../team/direct.ts";
import { flag } from "./arguments.ts";
import { command } from "./command.ts";
import { EXIT, type Io } from "./terminal.ts";

export const verb = command({
  text: [
    "Forwards what is in the spool to the monitor. Hooks start it by themselves; started by hand, it runs in the foreground until it is idle or interrupted.",
  ],
  options: { once: flag("forward what is there, then end; exit status 1 if something had to stay") },
  run: ({ options }, io) => forward(io, options.once),
});

/** How long `--once` waits for a relay that is at it already. */
const OTHER_RELAY_MS = 30_000;
const LOOK_MS = 50;

async function forward(io: Io, once: boolean): Promise<number> {
  const { config } = io;
  makeHome(config.paths.home);
  io.serve("mpm-relay", config.paths.home);
  const started = performance.now();
  const settings = () => {
    const current = loadConfig({ ...io.env, MPM_HOME: config.paths.home }, config.userHome);
    const log = openLog(current, "relay");
    return { config: current, log, leaving: leavingOf(current, log) };
  };
  const relay = () => runRelay({ paths: config.paths, settings, env: io.env, signal: io.signal, once });

  if (!once && io.isTerminal)
    await io.out(`mpm: the relay runs; its log is ${config.paths.log}/relay.log. Ctrl-C ends it, nothing is lost.\n`);
  let end = await relay();
  while (end.kind === "held" && once && !io.signal.aborted && performance.now() - started < OTHER_RELAY_MS) {
    const { pending } = await otherRelay(config.paths.spool);
    if (pending === 0) return EXIT.done;
    end = await relay();
  }
  if (end.kind === "held") {
    const there = relayElsewhere(config.paths);
    io.err(
      `mpm: another relay of this home runs${there ? ` on ${printable(there.host)} (pid ${there.pid} there)` : pidText(relayPid(config.paths))}. It forwards by itself; \`mpm status\` shows how far it is.\n`,
    );
    return EXIT.failed;
  }
  if (end.pending > 0) {
    io.err(
      `mpm: ${end.pending} events stay in the spool${end.reason ? `: ${textOf(end.reason)}` : ""}. They are sent with the next event, or by \`mpm relay --once\`.\n`,
    );
    return once ? EXIT.failed : EXIT.done;
  }
  if (once && io.isTerminal) await io.out("mpm: everything is delivered.\n");
  return EXIT.done;
}

const pidText = (pid: number | undefined) => (pid === undefined ? "" : ` (pid ${pid})`);

async function otherRelay(spool: string): Promise<{ pending: number }> {
  await sleep(LOOK_MS);
  try {
    return { pending: readdirSync(spool).length };
  } catch {
    return { pending: 0 };
  }
}
