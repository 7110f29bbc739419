// mpm monitor: in the foreground, or start, stop, status and open.

import { setTimeout as sleep } from "node:timers/promises";
import { readAs, SETTINGS } from "../config/settings.ts";
import type { Reason } from "../contract/reasons.ts";
import { done } from "../contract/result.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { isAlive, terminate } from "../platform/process.ts";
import { printable } from "../platform/text.ts";
import { startInBackground } from "../services/background.ts";
import { health, openHealth } from "../services/client.ts";
import { canOpenBrowser, loginLink, openBrowser } from "../services/login.ts";
import { ensureRelay } from "../services/relay.ts";
import { isLoopback, isLoopbackAddress, liveMonitor } from "../services/target.ts";
import { readOrMakeToken, rotateToken } from "../services/token.ts";
import { measureSpool } from "../spool/sizes.ts";
import { BARE, type Call, flag, port, text } from "./arguments.ts";
import { command } from "./command.ts";
import { EXIT, type Io, jsonFor, UsageError } from "./terminal.ts";

const OPTIONS = {
  port: port("listen there (default: monitor.port, 8765); 0 takes any free port", { only: [BARE, "start"] }),
  host: text("ADDRESS", "listen on another address than 127.0.0.1; needs --allow-remote", { only: [BARE] }),
  "allow-remote": flag("let other machines connect; without TLS the token travels in clear", { only: [BARE] }),
  store: text("URL", "keep events in a PostgreSQL database, shared with other monitors (default: monitor.store)", {
    only: [BARE, "start"],
  }),
  to: text("URL", "the database that the store of this home is copied to", { only: ["copy"] }),
  json: flag("one JSON object", {
    only: ["start", "stop", "status", "open", "copy"],
    aboutFor: { open: "one JSON object with the link, and no browser" },
  }),
  rotate: flag("make a new token, and end what came in by the old one", { only: ["token"] }),
};

export const verb = command({
  text: ["Keeps what the hooks record and shows it in a browser."],
  options: OPTIONS,
  bare: "run in the foreground",
  verbs: {
    start: { about: "run in the background" },
    stop: { about: "end it" },
    status: { about: "whether it runs, and in which version" },
    open: { about: "open the dashboard in the browser, with a link that works once" },
    copy: { about: "copy the store of this home into a PostgreSQL database, and compare both" },
    token: { about: "print where the token is" },
  },
  run,
});

const STOP_WITHIN_MS = 5000;
const END_POLL_MS = 20;

async function run({ verb, options }: Call<typeof OPTIONS>, given: Io): Promise<number> {
  const io = withStore(given, options.store);
  const { host = io.config.monitorHost } = options;
  const allowRemote = options["allow-remote"] || io.config.monitorAllowRemote;
  if (verb === undefined && !allowRemote && !isLoopbackAddress(host))
    throw new UsageError(
      `${host} lets other machines connect, and the token travels in clear. Add --allow-remote (or set monitor.allowRemote) if that is meant.`,
    );
  switch (verb) {
    case "start":
      return start(io, options.port, options.json);
    case "stop":
      return stop(io, options.json);
    case "status":
      return status(io, options.json);
    case "open":
      return open(io, options.json);
    case "copy":
      return (await import("./copy.ts")).copy(io, options.to, options.json);
    case "token":
      return token(io, options.rotate);
    default:
      return foreground(io, host, options.port, allowRemote);
  }
}

/** The URL may hold a password: it is handed on in the environment, not in arguments. */
function withStore(io: Io, url: string | undefined): Io {
  if (url === undefined) return io;
  if (!readAs(SETTINGS.monitorStore.schema(), url).ok) throw new UsageError("--store expects a postgres:// URL.");
  return { ...io, config: { ...io.config, monitorStore: url }, env: { ...io.env, MPM_STORE: url } };
}

async function foreground(io: Io, host: string, asked: number | undefined, allowRemote: boolean): Promise<number> {
  io.serve("mpm-monitor");
  // Only here: who starts or opens one needs none of it.
  const [{ startMonitor }, { openLog }] = await Promise.all([
    import("../monitor/server.ts"),
    import("../platform/log.ts"),
  ]);
  const started = await startMonitor({
    config: io.config,
    log: openLog(io.config, "monitor"),
    env: io.env,
    host,
    port: asked ?? io.config.monitorPort,
    allowRemote,
    autostarted: false,
    now: io.now,
  });
  if (!started.ok) {
    io.err(`mpm: the monitor does not start: ${textOf(started.reason)}. ${adviceOn(started.reason, asked)}\n`);
    return EXIT.failed;
  }
  const monitor = started.value;
  await io.out(
    `mpm: the monitor listens at ${monitor.url}. \`mpm monitor open\` shows it in the browser; Ctrl-C ends it.\n`,
  );
  const stopped = new Promise<"stopped">((resolve) => {
    if (io.signal.aborted) resolve("stopped");
    io.signal.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  const why = await Promise.race([stopped, monitor.over]);
  await monitor.close();
  if (why === "moved") {
    io.err(`mpm: ${textOf({ code: "moved", home: io.config.paths.home })}. Start the monitor again where it is now.\n`);
    return EXIT.failed;
  }
  if (why !== "damaged") return EXIT.done;
  io.err("mpm: the store is damaged and was set aside, see monitor.log. Start the monitor again: it begins another.\n");
  return EXIT.failed;
}

async function start(io: Io, at: number | undefined, json: boolean): Promise<number> {
  const before = liveMonitor(io.config);
  if (before) {
    await sayEither(io, json, { running: true, started: false, url: before.url }, `runs already, at ${before.url}.`);
    return EXIT.done;
  }
  const started = await startInBackground(io.config, io.env, { port: at });
  if (!started.ok) return notStarted(io, started.reason, json, at);
  const url = started.value;
  const text = `listens at ${url}. \`mpm monitor open\` shows it in the browser.`;
  await sayEither(io, json, { running: true, started: true, url }, text);
  return EXIT.done;
}

/** Says how the monitor is: the object to a program, the rest of a sentence to a person. */
const sayEither = (io: Io, json: boolean, value: object, text: string): Promise<void> =>
  io.out(json ? `${jsonFor(io, value)}\n` : `mpm: the monitor ${text}\n`);

async function notStarted(io: Io, reason: Reason, json: boolean, asked?: number): Promise<number> {
  if (json) await io.out(`${jsonFor(io, { running: false, reason: reason.code })}\n`);
  io.err(`mpm: the monitor did not start: ${printable(textOf(reason))}. ${adviceOn(reason, asked)}\n`);
  return EXIT.failed;
}

/** What to do; `asked`: the port that was named with the verb, whatever the settings say. */
function adviceOn(reason: Reason, asked: number | undefined): string {
  const isPort = reason.code === "port_taken" || reason.code === "port_forbidden";
  return isPort && asked !== undefined ? "Name another with --port; 0 takes any." : adviceFor(reason);
}

async function stop(io: Io, json: boolean): Promise<number> {
  const address = liveMonitor(io.config);
  const proven = await health(io.config);
  // One of an older version cannot prove who it is, and has to be ended all the same.
  const answered = !proven.ok && proven.reason.code === "older_monitor" ? await openHealth(proven.reason.url) : proven;
  // A pid alone may have passed on to a stranger: what answers has to be the one that wrote the address.
  if (!address || !answered.ok || answered.value.instance !== address.instance) {
    await io.out(
      json ? `${jsonFor(io, { running: false, stopped: false })}\n` : "mpm: no monitor of this home runs.\n",
    );
    return EXIT.done;
  }
  terminate(address.pid);
  const deadline = performance.now() + STOP_WITHIN_MS;
  while (isAlive(address.pid) && performance.now() < deadline) await sleep(END_POLL_MS);
  if (isAlive(address.pid)) {
    if (json) await io.out(`${jsonFor(io, { running: true, stopped: false })}\n`);
    io.err(
      `mpm: the monitor (pid ${address.pid}) does not end. kill -9 ${address.pid} ends it; nothing that it has acknowledged is lost.\n`,
    );
    return EXIT.failed;
  }
  const text = "has ended. Events wait in the spool until it is back; the next one starts it again.";
  await sayEither(io, json, { running: false, stopped: true }, text);
  return EXIT.done;
}

async function status(io: Io, json: boolean): Promise<number> {
  const answer = await health(io.config);
  if (json) {
    await io.out(
      `${jsonFor(io, answer.ok ? { running: true, ...answer.value } : { running: false, reason: answer.reason.code })}\n`,
    );
    return answer.ok ? EXIT.done : EXIT.failed;
  }
  if (!answer.ok) {
    await io.out(`mpm: ${textOf(answer.reason)}. ${adviceFor(answer.reason)}\n`);
    return EXIT.failed;
  }
  const { version, pid } = answer.value;
  await io.out(
    `mpm: the monitor runs (pid ${pid}, version ${version})${typeof answer.value["events"] === "number" ? `, ${answer.value["events"]} events stored` : ""}.\n`,
  );
  return EXIT.done;
}

async function token(io: Io, rotate: boolean): Promise<number> {
  const { config } = io;
  if (config.serverToken !== undefined) {
    const origin = config.origins.serverToken === "env" ? "MPM_TOKEN" : `server.token in ${config.paths.config}`;
    await io.out(`mpm: the token is that of ${origin}; it is changed there.\n`);
    return rotate ? EXIT.failed : EXIT.done;
  }
  if (!rotate) {
    readOrMakeToken(config.paths);
    await io.out(`${config.paths.token}\n`);
    return EXIT.done;
  }
  rotateToken(config.paths);
  await health(config); // the monitor notices at the next token it sees
  await io.out(
    `mpm: ${config.paths.token} is a new one. The relay takes it up by itself; open pages need \`mpm monitor open\`.\n`,
  );
  return EXIT.done;
}

async function open(io: Io, json: boolean): Promise<number> {
  const live = liveMonitor(io.config)?.url;
  const started = live === undefined ? await startInBackground(io.config, io.env) : done(live);
  if (!started.ok) return notStarted(io, started.reason, json);
  if (measureSpool(io.config.paths.spool).pending > 0) ensureRelay(io.config.paths, io.env);
  const link = await loginLink(io.config);
  if (!link.ok) {
    if (json) await io.out(`${jsonFor(io, { running: true, reason: link.reason.code })}\n`);
    io.err(`mpm: ${textOf(link.reason)}. ${adviceFor(link.reason)}\n`);
    return EXIT.failed;
  }
  if (json) await io.out(`${jsonFor(io, { running: true, url: started.value, link: link.value })}\n`);
  else if (canOpenBrowser(io.config, io.env) && (await openBrowser(link.value, io.env)))
    await io.out(`mpm: the dashboard opens in the browser, at ${started.value}.\n`);
  else await io.out(`mpm: open this link within a minute; it works once:\n${link.value}\n${fromAfar(io, link.value)}`);
  return EXIT.done;
}

/** How a browser elsewhere reaches a monitor that listens on this machine alone. */
function fromAfar({ env }: Io, link: string): string {
  const { hostname, port } = new URL(link);
  if (!env["SSH_CONNECTION"] || !isLoopback(hostname)) return "";
  return `     From the machine that you came from: ssh -L ${port}:${hostname}:${port} to here first.\n`;
}
