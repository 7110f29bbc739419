// The package: what is in it, that it is the same every time, and that it works where nothing of the checkout is.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { NODE, type Outcome, pidsOf, ROOT, run, tempDir, until } from "../../world.ts";
import { fire, newMachine, registered } from "./machine.ts";

const NPM_MS = 120_000;
const MAX_UNPACKED_BYTES = 3_000_000;
/** Everything that may be in it; the chunks of dist/ have a hash in their names. */
const EXPECTED =
  /^(?:\.claude-plugin\/(?:plugin|marketplace)\.json|agents\/[a-z]+\.md|dist\/(?:\.claude-plugin\/plugin\.json|chunks\/[\w-]+\.js|(?:cli|hook|hook-debug|importer|monitor|monitor-program|mpm|by-port|quick|relay|relay-program|store-reader)\.js|package\.json|sums\.json|dashboard\/(?:app\.(?:css|js)|[\w.-]+-[A-Z0-9]{8}\.js|index\.html)|hooks\/(?:hooks\.json|mpm-(?:hook|node|once|slow-path|statusline)))|hooks\/(?:hooks\.json|mpm-(?:hook|node|once|slow-path|statusline))|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
const REQUIRED = [
  "LICENSE",
  "README.md",
  "package.json",
  "dist/cli.js",
  "dist/quick.js",
  "dist/relay.js",
  "dist/relay-program.js",
  "dist/monitor.js",
  "dist/monitor-program.js",
  "dist/dashboard/index.html",
  "hooks/mpm-hook",
];

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** npm with a home and a cache of its own, which asks no registry. */
function npm(dir: string, args: readonly string[], cwd: string, more: Record<string, string> = {}): Promise<Outcome> {
  const env = {
    HOME: dir,
    PATH: [dirname(NODE), process.env["PATH"] ?? "/usr/bin:/bin"].join(delimiter),
    npm_config_cache: join(dir, "cache"),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
    ...more,
  };
  return run("npm", [...args], { env, cwd, timeoutMs: NPM_MS });
}

async function pack(t: TestContext): Promise<Packed & { readonly tarball: string }> {
  const dir = tempDir(t);
  const { status, stdout, stderr } = await npm(
    dir,
    ["pack", "--json", "--ignore-scripts", "--pack-destination", dir],
    ROOT,
  );
  assert.equal(status, 0, stderr);
  const [packed] = JSON.parse(stdout) as [Packed];
  return { ...packed, tarball: join(dir, packed.filename) };
}

test("it holds what is needed to run, nothing else, no packages, and less than 3 MB", async (t) => {
  const { files, unpackedSize } = await pack(t);
  const paths = files.map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => !EXPECTED.test(path)),
    [],
  );
  for (const path of REQUIRED) assert.ok(paths.includes(path), path);
  for (const { path, mode } of files)
    if (/hooks\/mpm-|dist\/cli\.js$/.test(path) && !/mpm-(?:once|slow-path)$/.test(path))
      assert.equal(mode & 0o111, 0o111, path);
  assert.ok(unpackedSize < MAX_UNPACKED_BYTES, `${unpackedSize} bytes`);
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
});

test("nothing in it names this machine's directories", async (t) => {
  const { files } = await pack(t);
  for (const { path } of files)
    assert.equal(readFileSync(join(ROOT, path), "utf8").includes(`${dirname(ROOT)}/`), false, path);
});

test("two builds of the same sources are the same bytes, wherever they are made", async (t) => {
  const builds: Record<string, string>[] = [];
  for (const name of ["one", "another place/with a longer name"]) {
    const dir = join(tempDir(t), name);
    mkdirSync(dir, { recursive: true });
    for (const part of [
      "package.json",
      "build.ts",
      "bundle.ts",
      "merge.ts",
      "tsconfig.json",
      "src",
      "hooks",
      "agents",
      ".claude-plugin",
    ])
      cpSync(join(ROOT, part), join(dir, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
    const { status, stderr } = await run(NODE, ["build.ts"], {
      env: { PATH: "/usr/bin:/bin" },
      cwd: dir,
      timeoutMs: NPM_MS,
    });
    assert.equal(status, 0, stderr);
    builds.push(digests(join(dir, "dist")));
  }
  assert.deepEqual(builds[1], builds[0]);
  assert.ok(Object.keys(builds[0] ?? {}).length > 10);
});

function digests(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    names.map((file) => [file.slice(dir.length), createHash("sha256").update(readFileSync(file)).digest("hex")]),
  );
}

for (const [name, installs, command] of [
  ["npm install in an empty directory", ["install", "--no-audit", "--no-fund"], ["node_modules/.bin/mpm"]],
  ["npm install -g", ["install", "--no-audit", "--no-fund", "-g", "--prefix", "."], ["bin/mpm"]],
] as const)
  test(`${name}: what it brings installs, records, and goes again`, async (t) => {
    const { tarball } = await pack(t);
    const machine = newMachine(t);
    const { status, stderr } = await npm(machine.home, [...installs, tarball], machine.project);
    assert.equal(status, 0, stderr);
    const mpm = (...args: string[]) =>
      run(NODE, [join(machine.project, command[0]), ...args], {
        env: machine.env,
        cwd: machine.project,
        timeoutMs: NPM_MS,
      });
    const installed = await mpm("install", "--try");
    assert.equal(installed.status, 0, installed.stdout + installed.stderr);
    const [handler] = registered(machine.settings).get("Notification") ?? [];
    assert(handler);
    await fire(machine, handler, { session_id: "packed", hook_event_name: "Notification", message: "hello" });
    await until(async () => (await mpm("events", "--json", "--session", "packed")).stdout.includes("hello"), 30_000);
    assert.match((await mpm("agents", "list")).stdout, /engineer/, "the agents came along");
    assert.equal((await mpm("uninstall", "--purge")).status, 0);
    assert.equal(existsSync(machine.mpmHome), false);
    assert.deepEqual(pidsOf(machine.mpmHome), []);
  });

test("npx runs it without installing it, and what it installs outlives npx's cache", async (t) => {
  const { tarball } = await pack(t);
  const machine = newMachine(t);
  const npx = await npm(
    machine.home,
    ["exec", "--yes", `--package=${tarball}`, "--", "mpm", "install", "--try"],
    machine.project,
    { MPM_HOME: machine.mpmHome },
  );
  assert.equal(npx.status, 0, npx.stdout + npx.stderr);
  const cache = join(machine.home, "cache/_npx");
  assert.equal(existsSync(cache), true);
  rmSync(cache, { recursive: true });
  const { status, stdout } = await machine.installed("doctor");
  assert.equal(status, 0, stdout);
});
