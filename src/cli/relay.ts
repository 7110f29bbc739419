// mpm relay: the forwarder in the foreground, or once.

import { parseArgs } from "node:util";
import { textOf } from "../contract/texts.ts";
import { makeHome } from "../platform/directory.ts";
import { openLog } from "../platform/log.ts";
import { runRelay } from "../relay/relay.ts";
import { relayPid } from "../services/relay.ts";
import { EXIT, type Io } from "./terminal.ts";

const HELP = `mpm relay [--once]

Forwards what is in the spool to the monitor. Hooks start it by themselves; by hand it runs in the
foreground until it is idle or interrupted.

  --once   forward what is there, then end; exit status 1 if something had to stay
`;

/** How long \`--once\` waits for a relay that is at it already. */
const OTHER_RELAY_MS = 30_000;

export async function run(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options: { once: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) {
    await io.out(HELP);
    return EXIT.done;
  }
  const { config } = io;
  makeHome(config.paths.home);
  process.chdir(config.paths.home);
  process.title = "mpm-relay";
  process.umask(0o077);
  const started = performance.now();
  const log = openLog(config, "relay");
  const relay = () => runRelay({ config, log, env: io.env, signal: io.signal, once: values.once ?? false });

  if (!values.once && io.isTerminal)
    await io.out(`mpm: the relay runs; its log is ${config.paths.log}/relay.log. Ctrl-C ends it, nothing is lost.\n`);
  let end = await relay();
  while (end.kind === "held" && values.once && !io.signal.aborted && performance.now() - started < OTHER_RELAY_MS) {
    const { pending } = await otherRelay(config.paths.spool);
    if (pending === 0) return EXIT.done;
    end = await relay();
  }
  if (end.kind === "held") {
    io.err(
      `mpm: another relay of this home runs${pidText(relayPid(config.paths))}. It forwards by itself; \`mpm status\` shows how far it is.\n`,
    );
    return EXIT.failed;
  }
  if (end.pending > 0) {
    io.err(
      `mpm: ${end.pending} events stay in the spool${end.reason ? `: ${textOf(end.reason)}` : ""}. They are sent with the next event, or by \`mpm relay --once\`.\n`,
    );
    return values.once ? EXIT.failed : EXIT.done;
  }
  if (values.once && io.isTerminal) await io.out("mpm: everything is delivered.\n");
  return EXIT.done;
}

const pidText = (pid: number | undefined) => (pid === undefined ? "" : ` (pid ${pid})`);

async function otherRelay(spool: string): Promise<{ pending: number }> {
  const { readdirSync } = await import("node:fs");
  await new Promise((wake) => setTimeout(wake, 50));
  try {
    return { pending: readdirSync(spool).length };
  } catch {
    return { pending: 0 };
  }
}
