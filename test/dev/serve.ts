// `npm run dev`: the dashboard with the invented sessions of the browser tests, in each of its states, to be looked at.
// - A real monitor a state, in a home that goes with this process; a proxy before it lets the browser in and serves the
//   page from dist/dashboard as it is now, so that a change shows after reloading.
// - busy: a morning in a workshop, and a session that goes on. empty: nothing was ever stored. loading: the API does not
//   answer. failed: it answers with errors. lost: the live stream does not connect.

import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { context } from "esbuild";
import { web } from "../../bundle.ts";
import { storeAll } from "../browser/page.ts";
import { busyMorning } from "../browser/stories.ts";
import { Story } from "../browser/story.ts";
import { importTokens } from "../browser/tokens.ts";
import { type RunningMonitor, runMonitor } from "../process/trust/monitor.ts";
import { dist } from "../world.ts";

const STATES = ["busy", "empty", "loading", "failed", "lost"] as const;
type State = (typeof STATES)[number];

/** Between two events of the session that goes on. */
const STEP_MS = 1500;
const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

const releases: (() => unknown)[] = [];
/** What `runMonitor` needs of a test: when it is over. */
const scope = { after: (release: () => unknown) => void releases.push(release) } as TestContext;

function proxy(state: State, { port, token }: RunningMonitor) {
  const headersOf = (given: IncomingMessage) => ({ ...given.headers, authorization: `Bearer ${token()}` });
  const server = createServer((given, answer) => {
    const path = given.url ?? "/";
    if (servePage(path, answer)) return;
    if (path.startsWith("/api/") && state === "loading") return;
    if (path.startsWith("/api/") && state === "failed") {
      answer.writeHead(500, { "content-type": "application/json" });
      answer.end(
        JSON.stringify({ error: { code: "internal", message: "the monitor failed: invented for this state" } }),
      );
      return;
    }
    const asked = request({ port, path, method: given.method, headers: headersOf(given) }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    });
    asked.on("error", () => answer.destroy());
    given.pipe(asked);
  });
  server.on("upgrade", (given: IncomingMessage, socket: Socket, head: Buffer) => {
    if (state === "lost") return socket.destroy();
    const upstream = connect(port, "127.0.0.1", () => {
      const lines = Object.entries(headersOf(given)).map(([name, value]) => `${name}: ${value}`);
      upstream.write(`GET ${given.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    return undefined;
  });
  return server;
}

/** Serves a file of dist/dashboard as it is now; false where there is none of that name. */
function servePage(path: string, answer: ServerResponse): boolean {
  const name = path === "/" ? "index.html" : path.slice(1).split("?")[0];
  const type = TYPES[name?.split(".").at(-1) ?? ""];
  const file = join(dist("dashboard"), name ?? "");
  if (!type || !/^[\w.-]+$/.test(name ?? "") || !existsSync(file)) return false;
  answer.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(readFileSync(file));
  return true;
}

/** A session that goes on for as long as this process runs. */
async function goOn(monitor: RunningMonitor, signal: AbortSignal): Promise<void> {
  const story = new Story({
    session: "live",
    project: "/home/dana/code/tidepool",
    start: Date.now(),
    seed: 1,
    pid: 4242,
  });
  story.begin().prompt("Keep working, so that there is something to look at.");
  for (let sent = 0, step = 0; !signal.aborted; step += 1) {
    story.t = Date.now();
    story.bash(`make check-${step}`, step % 5 === 4 ? "1 test failed" : "ok", {
      ms: 300,
      ...(step % 5 === 4 ? { failed: true } : {}),
    });
    await monitor.store(...story.events.slice(sent));
    sent = story.events.length;
    await sleep(STEP_MS, undefined, { signal }).catch(() => {});
  }
}

const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
const watched = await context(web);
await watched.rebuild();
await watched.watch();
for (const state of STATES) {
  const monitor = await runMonitor(scope);
  if (state !== "empty") {
    const [now, stories] = [Date.now(), busyMorning(Date.now())];
    for (const { events } of stories) await storeAll(monitor, events);
    await importTokens(monitor, stories, now);
  }
  const server = proxy(state, monitor).listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
  releases.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  console.log(`${state.padEnd(8)} http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  if (state === "busy") void goOn(monitor, ended.signal);
}
console.log("The page is built anew when its sources change; reload it. Ctrl-C ends this.");
if (!ended.signal.aborted) await new Promise((over) => ended.signal.addEventListener("abort", over));
await watched.dispose();
for (const release of releases.reverse()) await release();
