// A PostgreSQL server of a test's own: on a socket in a temporary directory, with fsync, gone with the test.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TOOLS } from "../../tools.ts";
import { freePort } from "../../world.ts";

/** Debian's postgresql; the programs of other versions have the same names. */
export const POSTGRES_15 = "/usr/lib/postgresql/15/bin";

/** Programs of npm's package. */
export const POSTGRES_18 = dirname(TOOLS.postgresql18.files[0] ?? "");

/** postgres refuses to run as root: the user `nobody`. */
const NOBODY = 65_534;
const AS_NOBODY =
  process.getuid?.() === 0
    ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--inh-caps=-all"]
    : ["env"];

export interface Server {
  /** Where its sockets are, and where else may be written by its user. */
  readonly directory: string;
  /** Of the database `postgres`, as a role that is no superuser. */
  readonly url: string;
  readonly superuserUrl: string;
  readonly pid: number;
  /** Ends it, with a signal of postgres: SIGINT is fast, SIGQUIT immediate. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const PORT = 5432;

/** A new directory that the server's user may write to. */
export function serverDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "mpm-pg-"));
  if (process.getuid?.() === 0) chownSync(directory, NOBODY, NOBODY);
  return directory;
}

/** Starts a program as the servers' user. */
export function asServer(program: string, args: readonly string[], directory: string): ChildProcess {
  const [command = "env", ...before] = AS_NOBODY;
  return spawn(command, [...before, program, ...args], { cwd: directory, stdio: "ignore" });
}

/** Makes a cluster and starts it. `settings`: lines of postgresql.conf. */
export async function startServer(bin = POSTGRES_15, settings: readonly string[] = []): Promise<Server> {
  const directory = serverDirectory();
  const data = join(directory, "data");
  const [command = "env", ...before] = AS_NOBODY;
  execFileSync(
    command,
    [...before, join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
    {
      stdio: "ignore",
      cwd: directory,
    },
  );
  writeFileSync(
    join(data, "postgresql.auto.conf"),
    ["listen_addresses = ''", `unix_socket_directories = '${directory}'`, `port = ${PORT}`, ...settings, ""].join("\n"),
  );
  const server = programOf(directory, data, bin);
  await server.start();
  // As in a team: a role that is no superuser, so that row-level security holds for it.
  asSuperuser(directory, "CREATE ROLE mpm LOGIN", "GRANT CREATE ON DATABASE postgres TO mpm");
  return server;
}

/** A copy of the server that follows it, as one that can take over; what is committed there is here, too. */
export async function startStandby(primary: Server): Promise<Server & { promote(): void }> {
  const directory = serverDirectory();
  const data = join(directory, "data");
  const [command = "env", ...before] = AS_NOBODY;
  execFileSync(
    command,
    [
      ...[...before, join(POSTGRES_15, "pg_basebackup"), "-h", primary.directory, "-p", String(PORT), "-U", "postgres"],
      ...["-D", data, "-R", "-c", "fast"],
    ],
    { stdio: "ignore", cwd: directory },
  );
  appendFileSync(join(data, "postgresql.auto.conf"), `unix_socket_directories = '${directory}'\n`);
  const standby = programOf(directory, data, POSTGRES_15);
  await standby.start();
  asSuperuser(primary.directory, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()");
  return Object.assign(standby, { promote: () => asSuperuser(directory, "SELECT pg_promote()") });
}

function asSuperuser(directory: string, ...statements: readonly string[]): void {
  execFileSync(
    join(POSTGRES_15, "psql"),
    [
      ...["-q", "-h", directory, "-p", String(PORT), "-U", "postgres", "-d", "postgres"],
      ...statements.flatMap((statement) => ["-c", statement]),
    ],
    { stdio: "ignore" },
  );
}

function programOf(directory: string, data: string, bin: string): Server {
  let running: ChildProcess | undefined;
  const server = {
    directory,
    url: urlOf(directory, PORT),
    superuserUrl: urlOf(directory, PORT, "postgres"),
    get pid() {
      return running?.pid ?? 0;
    },
    async start() {
      running = asServer(join(bin, "postgres"), ["-D", data], directory);
      for (let tries = 0; tries < 200; tries++) {
        try {
          execFileSync(join(POSTGRES_15, "pg_isready"), ["-q", "-h", directory, "-p", String(PORT)], {
            stdio: "ignore",
          });
          return;
        } catch {
          if (running.exitCode !== null) throw new Error("PostgreSQL did not start");
          await sleep(50);
        }
      }
      throw new Error("PostgreSQL did not get ready");
    },
    async stop(signal: NodeJS.Signals = "SIGINT") {
      const ending = running;
      running = undefined;
      if (!ending || ending.exitCode !== null) return;
      const gone = new Promise((resolve) => ending.once("exit", resolve));
      ending.kill(signal);
      await gone;
    },
    async close() {
      await server.stop("SIGQUIT");
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return server;
}

export const urlOf = (directory: string, port: number, role = "mpm"): string =>
  `postgres://${role}@localhost:${port}/postgres?host=${encodeURIComponent(directory)}`;

export interface Pooler {
  readonly url: string;
  close(): Promise<void>;
}

const POOLER_PORT = 6432;

/** pgbouncer in transaction mode before the server. */
export async function startPooler({ directory: before }: Server): Promise<Pooler> {
  const directory = join(before, "pooler");
  mkdirSync(directory, { recursive: true });
  if (process.getuid?.() === 0) chownSync(directory, NOBODY, NOBODY);
  writeFileSync(join(directory, "users"), '"mpm" ""\n', { mode: 0o644 });
  writeFileSync(
    join(directory, "ini"),
    `[databases]\n* = host=${before} port=${PORT}\n[pgbouncer]\nlisten_addr =\nlisten_port = ${POOLER_PORT}\nunix_socket_dir = ${directory}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 4\n[users]\n`.replace(
      "* = ",
      "postgres = user=mpm dbname=postgres ",
    ),
    { mode: 0o644 },
  );
  const socket = join(directory, `.s.PGSQL.${POOLER_PORT}`);
  rmSync(socket, { force: true }); // of one that was killed
  const running = asServer("/usr/sbin/pgbouncer", [join(directory, "ini")], directory);
  for (let tries = 0; tries < 200 && !existsSync(socket); tries++) await sleep(50);
  return {
    url: urlOf(directory, POOLER_PORT),
    async close() {
      if (running.exitCode !== null) return;
      const gone = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGKILL");
      await gone;
    },
  };
}

export interface Balancer {
  readonly port: number;
  /** Cuts all connections, and starts again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** haproxy on a free port of loopback before servers, each as haproxy writes it; `options` are lines of its section. */
export async function startBalancer(options: readonly string[], servers: readonly string[]): Promise<Balancer> {
  const directory = mkdtempSync(join(tmpdir(), "mpm-haproxy-"));
  const port = await freePort();
  const file = join(directory, "haproxy.cfg");
  writeFileSync(
    file,
    [
      ...["defaults", "  timeout connect 2s", "  timeout client 1h", "  timeout server 1h", "  timeout tunnel 1h"],
      ...["listen it", `  bind 127.0.0.1:${port}`, ...options.map((line) => `  ${line}`)],
      ...servers.map((server, index) => `  server s${index} ${server}`),
      "",
    ].join("\n"),
  );
  let running: ChildProcess | undefined;
  const start = async () => {
    running = spawn("/usr/sbin/haproxy", ["-db", "-f", file], { stdio: "ignore" });
    for (let tries = 0; tries < 200 && !(await answers(port)); tries++) await sleep(25);
  };
  const stop = async () => {
    if (!running || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running?.once("exit", resolve));
    running.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    async restart() {
      await stop();
      await start();
    },
    async close() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
