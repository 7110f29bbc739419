// A team's monitor behind what ends TLS: nginx and Caddy with the lines that docs/team.md shows. A machine sends through it,
// a page signs in and watches, and what comes from another site or by another name is refused as without it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { io } from "socket.io-client";
import { LiveRows } from "../../../src/contract/live.ts";
import { type ToolName, testWith } from "../../tools.ts";
import { freePort, HOOK, ROOT, run, tempDir, tempWorld, until } from "../../world.ts";
import { mpm, startTeam } from "./team.ts";

const DOCS = readFileSync(join(ROOT, "docs/team.md"), "utf8");
const MONITOR = "http://127.0.0.1:8765";

/** What the page says behind a word, with the monitor's own port in it. */
function shown(after: RegExp, monitor: string): string {
  const said = after.exec(DOCS)?.[1]?.replaceAll(/\s+/g, " ");
  if (!said?.includes(new URL(MONITOR).host)) throw new Error(`${after} is not in docs/team.md`);
  return said.replaceAll(new URL(MONITOR).host, new URL(monitor).host);
}

interface Proxy {
  readonly tool: ToolName;
  /** nginx takes its workers along, Caddy would wait for the page to go. */
  readonly ends: NodeJS.Signals;
  /** Writes its settings into a directory with cert.pem and key.pem; the words that start it. */
  readonly prepare: (directory: string, port: number, monitor: string) => readonly string[];
}

const PROXIES: Readonly<Record<string, Proxy>> = {
  nginx: {
    tool: "nginx",
    ends: "SIGTERM",
    prepare(directory, port, monitor) {
      const file = join(directory, "nginx.conf");
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${directory}/${name};`,
      );
      writeFileSync(
        file,
        `daemon off; pid ${directory}/pid; error_log ${directory}/error.log;
events {}
http {
  access_log off; ${temporary.join(" ")}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${directory}/cert.pem; ssl_certificate_key ${directory}/key.pem;
    location / { ${shown(/In nginx:\s+`([^`]*)`/, monitor)} }
  }
}
`,
      );
      return ["/usr/sbin/nginx", "-p", directory, "-c", file, "-e", join(directory, "error.log")];
    },
  },
  Caddy: {
    tool: "caddy",
    ends: "SIGKILL",
    prepare(directory, port, monitor) {
      const file = join(directory, "Caddyfile");
      const site = shown(/In Caddy:\s+`([^`]*)`/, monitor)
        .replace(
          "mpm.example {",
          `https://localhost:${port} {\n  bind 127.0.0.1\n  tls ${directory}/cert.pem ${directory}/key.pem\n `,
        )
        .replace(/ \}$/, "\n}");
      writeFileSync(file, `{\n  admin off\n  auto_https off\n}\n${site}\n`);
      return ["/usr/bin/caddy", "run", "--config", file, "--adapter", "caddyfile"];
    },
  },
};

/** A certificate for localhost that nobody has signed. */
async function certificate(directory: string): Promise<string> {
  const file = join(directory, "cert.pem");
  const made = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
    ...["-keyout", join(directory, "key.pem"), "-out", file],
  ]);
  assert.equal(made.status, 0, made.stderr);
  return file;
}

interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** @param form sent as the form of a page; absent: GET */
async function ask(url: string, ca: string, headers: OutgoingHttpHeaders = {}, form?: string): Promise<Asked> {
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  const how =
    form === undefined
      ? { headers }
      : { method: "POST", headers: { ...headers, "content-type": "application/x-www-form-urlencoded" } };
  const sent = request(url, { ca, ...how, servername: "localhost" }, (answer) => {
    text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
  });
  sent.on("error", reject);
  sent.end(form);
  return promise;
}

async function startProxy(t: TestContext, { prepare, ends }: Proxy, port: number, monitor: string) {
  const directory = tempDir(t);
  const file = await certificate(directory);
  const [program = "", ...words] = prepare(directory, port, monitor);
  const env = { HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory, PATH: "/usr/bin:/bin" };
  const child: ChildProcess = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"], env });
  let said = "";
  child.stderr?.on("data", (part) => {
    said += String(part);
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(ends);
    await gone;
  });
  const ca = readFileSync(file, "utf8");
  const isUp = () =>
    ask(`https://localhost:${port}/health`, ca).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(isUp, 20_000, "the proxy").catch((error: Error) => {
    throw new Error(`${error.message}: ${said}`);
  });
  return { ca, file };
}

for (const [name, proxy] of Object.entries(PROXIES))
  testWith(
    "postgresql",
    "openssl",
    proxy.tool,
  )(
    `behind ${name}, as docs/team.md sets it up, machines send, pages watch, and other sites get nothing`,
    async (t) => {
      const port = await freePort();
      const url = `https://localhost:${port}`;
      const team = await startTeam(t, ["--url", url, "--content", "content"]);
      const { ca, file } = await startProxy(t, proxy, port, team.monitor.url);

      const link = new URL(team.made.link);
      assert.equal(link.origin, url, "people are led through it");
      assert.equal((await ask(link.href, ca)).status, 200);
      const button = new URLSearchParams({ code: link.searchParams.get("code") ?? "" }).toString();
      const entered = await ask(`${url}/login`, ca, { origin: url }, button);
      assert.equal(entered.status, 303);
      const [given = ""] = [entered.headers["set-cookie"] ?? []].flat();
      assert.match(given, /; Secure/);
      const [cookie = ""] = given.split(";");
      const sessions = (headers: OutgoingHttpHeaders) => ask(`${url}/api/sessions`, ca, { cookie, ...headers });
      assert.equal((await sessions({})).status, 200);
      assert.equal((await sessions({ origin: url, "sec-fetch-site": "same-origin" })).status, 200);
      for (const stranger of [
        { origin: "https://evil.example" },
        { "sec-fetch-site": "cross-site" },
        { host: "evil.example" },
        { host: `evil.example:${port}` },
      ]) {
        const { status, body } = await sessions(stranger);
        assert.ok(status >= 400 || body === "", `${JSON.stringify(stranger)}: ${status} ${body}`);
      }

      const live = (origin: string) =>
        io(`${url}/live`, {
          transports: ["websocket"],
          reconnection: false,
          forceNew: true,
          ca,
          extraHeaders: { cookie, origin },
        });
      const page = live(url);
      const evil = live("https://evil.example");
      t.after(() => void page.close());
      t.after(() => void evil.close());
      const seen: string[] = [];
      page.on("rows", (rows: unknown) => {
        for (const { session } of LiveRows.parse(rows).rows) seen.push(session);
      });
      let refused = false;
      evil.on("connect_error", () => {
        refused = true;
      });
      await until(() => page.connected && refused, 10_000, "the page's connection, and the other's refusal");
      await page.emitWithAck("subscribe", {});

      const { env: trusting, mpmHome } = tempWorld(t, { USER: "bo", NODE_EXTRA_CA_CERTS: file });
      const code = await team.invite();
      const joined = await mpm(trusting, "team", "join", url, code, "--print");
      assert.equal(joined.status, 0, joined.err);
      const variables = joined.out
        .trim()
        .split(/\s+/)
        .map((word) => word.split("="));
      const job = { ...trusting, ...Object.fromEntries(variables.map(([key, ...rest]) => [key, rest.join("=")])) };
      assert.equal(job["MPM_SERVER_URL"], url);
      mkdirSync(mpmHome, { recursive: true, mode: 0o700 });
      writeFileSync(join(mpmHome, "config.json"), JSON.stringify({ team: { content: "content" } }));
      const payload = {
        hook_event_name: "UserPromptSubmit",
        session_id: "through",
        cwd: "/w",
        prompt: "over the wall",
      };
      const hook = await run(HOOK, ["UserPromptSubmit"], {
        env: { ...job, MPM_RELAY_AUTOSTART: "false" },
        input: `${JSON.stringify(payload)}\n`,
      });
      assert.equal(hook.status, 0, hook.stderr);
      const sent = await mpm(job, "relay", "--once");
      assert.equal(sent.status, 0, sent.out + sent.err);
      await until(() => seen.includes("through"), 10_000, "the row on the page");
    },
  );
