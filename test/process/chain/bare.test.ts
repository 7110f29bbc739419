// The whole path where the system offers less than Linux does: no /proc, no setsid, BSD-like or busybox tools, a home with
// the names that macOS gives, a directory that tells little of what changes in it.

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { missing, notRoot, testUnless } from "../../tools.ts";
import { BUILT, dist, NODE, run, tempDir } from "../../world.ts";

/** What the hook and mpm-node call: all that a system has to have. */
const TOOLS = [
  "sh",
  "sed",
  "cat",
  "mkdir",
  "mv",
  "rm",
  "date",
  "head",
  "find",
  "ls",
  "chmod",
  "ps",
  "kill",
  "uname",
  "stat",
];

/** Installs, sends an event through the registered hook, waits for it, asks the doctor, uninstalls. */
const TOUR = `
set -eu
mpm() { "$NODE" "$CLI" "$@"; }
mpm install --host-version 2.1.330 >/dev/null
echo '{"hook_event_name":"Stop","session_id":"bare"}' | "$MPM_HOME/app/hooks/mpm-hook" Stop
tries=0
until mpm events --json 2>/dev/null | grep -q '"session_id":"bare"'; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ]
  sleep 0.1
done
mpm doctor --json >"$HOME/doctor.json" || true
mpm status --json >"$HOME/status.json"
mpm uninstall --purge >/dev/null
`;

interface Told {
  readonly failed: readonly string[];
  readonly status: { readonly spool: { readonly pending: number }; readonly relay: { readonly connected: boolean } };
  /** What is left in the user's home. */
  readonly left: readonly string[];
}

/** What the tour tells of a user whose home this is. @param before what is run in the namespaces first */
async function tour(home: string, path: string, before = "", namespaces = "-m"): Promise<Told> {
  const env = {
    HOME: home,
    PATH: path,
    MPM_HOME: join(home, ".claude-mpm"),
    MPM_MONITOR_PORT: "0",
    MPM_NO_BROWSER: "1",
    NODE,
    CLI: dist("cli.js"),
  };
  const { status, stderr } = await run(
    "/usr/bin/unshare",
    [namespaces, ...(namespaces.includes("U") ? ["--map-root-user"] : []), "/bin/sh", "-c", `${before}\n${TOUR}`],
    {
      env,
      timeoutMs: 60_000,
    },
  );
  assert.equal(status, 0, stderr);
  const json = (name: string) => JSON.parse(readFileSync(join(home, name), "utf8"));
  const failed = (json("doctor.json").checks as { name: string; state: string }[]).filter(
    ({ state }) => state === "fail",
  );
  const left = readdirSync(home).filter((name) => !name.endsWith(".json"));
  return { failed: failed.map(({ name }) => name), status: json("status.json"), left };
}

const ALL_IS_WELL = { failed: [], left: [] };
const testBare = testUnless(notRoot || missing("ip", "busybox"));

testBare("without /proc events arrive, the doctor finds nothing wrong, and all of it goes again", async (t) => {
  const home = tempDir(t);
  const { status, ...rest } = await tour(home, "/usr/bin:/bin", "mount -t tmpfs none /proc");
  assert.deepEqual(rest, ALL_IS_WELL);
  assert.deepEqual([status.spool.pending, status.relay.connected], [0, true]);
});

testBare("with the tools of busybox alone, and no setsid among them, events arrive", async (t) => {
  const home = tempDir(t);
  const bin = join(tempDir(t), "bin");
  mkdirSync(bin);
  for (const tool of [...TOOLS, "sleep", "grep"]) symlinkSync("/bin/busybox", join(bin, tool));
  const { status, ...rest } = await tour(home, bin, `mount --bind ${bin} /bin && mount --bind ${bin} /usr/bin`);
  assert.deepEqual(rest, ALL_IS_WELL);
  assert.equal(status.spool.pending, 0);
});

testUnless(notRoot || missing("toybox", "dash"))(
  "with the tools of toybox, as Android has them, events arrive",
  async (t) => {
    const home = tempDir(t);
    const bin = join(tempDir(t), "bin");
    mkdirSync(bin);
    const { stdout } = await run("/usr/bin/toybox", []);
    const own = new Set(stdout.split(/\s+/));
    // A mount over /usr/bin would hide those that the links lead to.
    for (const program of ["toybox", "dash", "busybox"]) copyFileSync(`/usr/bin/${program}`, join(bin, program));
    symlinkSync("dash", join(bin, "sh"));
    for (const tool of [...TOOLS, "sleep", "grep"].filter((name) => name !== "sh"))
      symlinkSync(own.has(tool) ? "toybox" : "busybox", join(bin, tool));
    const { status, ...rest } = await tour(home, bin, `mount --bind ${bin} /bin && mount --bind ${bin} /usr/bin`);
    assert.deepEqual(rest, ALL_IS_WELL);
    assert.equal(status.spool.pending, 0);
  },
);

testBare("where nothing but the home can be written, events arrive", async (t) => {
  const home = tempDir(t);
  const { status, ...rest } = await tour(
    home,
    "/usr/bin:/bin",
    'mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro / && ! touch /tmp/written 2>/dev/null',
  );
  assert.deepEqual(rest, ALL_IS_WELL);
  assert.equal(status.spool.pending, 0);
});

testBare("a home with spaces, decomposed letters and a link above it, as on a Mac, is a home", async (t) => {
  const root = tempDir(t);
  const real = join(root, "private/var/Use\u0308rs/Dana M");
  mkdirSync(real, { recursive: true });
  symlinkSync(join(root, "private/var"), join(root, "var"));
  const { status, ...rest } = await tour(join(root, "var/Use\u0308rs/Dana M"), "/usr/bin:/bin");
  assert.deepEqual(rest, ALL_IS_WELL);
  assert.equal(status.spool.pending, 0);
});

testBare("where the file system says nothing of what changes in it, events arrive by looking again", async (t) => {
  const home = tempDir(t);
  // No watch can be had: a user namespace has a limit of its own.
  const { status, ...rest } = await tour(home, "/usr/bin:/bin", "echo 0 >/proc/sys/user/max_inotify_watches", "-mU");
  assert.deepEqual(rest, ALL_IS_WELL);
  assert.equal(status.spool.pending, 0);
});

testUnless(notRoot || missing("setpriv"))(
  "a user that the system does not know is named what to set, as long as there is no HOME; with one, all goes well",
  async (t) => {
    const home = tempDir(t);
    chmodSync(home, 0o777);
    const program = join(home, "mpm");
    cpSync(dist("."), join(program, "dist"), { recursive: true });
    cpSync(join(BUILT, "hooks"), join(program, "hooks"), { recursive: true });
    copyFileSync(join(BUILT, "package.json"), join(program, "package.json"));
    copyFileSync(NODE, join(home, "node"));
    const stranger = ["--reuid", "54321", "--regid", "54321", "--clear-groups"];
    const mpm = (env: Record<string, string>, ...args: string[]) =>
      run("setpriv", [...stranger, join(home, "node"), join(program, "dist/cli.js"), ...args], {
        env: { PATH: "/usr/bin:/bin", MPM_MONITOR_PORT: "0", MPM_NO_BROWSER: "1", ...env },
        timeoutMs: 60_000,
      });
    const said = /HOME is not set, or is that of nobody/;
    for (const words of [["install"], ["monitor", "start"], ["relay", "--once"], ["doctor"]]) {
      const { status, stdout, stderr } = await mpm({}, ...words);
      assert.equal(status, 1, words.join(" "));
      assert.match(stdout + stderr, said, words.join(" "));
      assert.doesNotMatch(stdout + stderr, /EACCES|ENOENT/);
    }
    const own = join(home, "own");
    mkdirSync(own);
    chownSync(own, 54321, 54321);
    const installed = await mpm({ HOME: own }, "install", "--host-version", "2.1.330", "--try");
    assert.deepEqual([installed.status, installed.stderr], [0, ""]);
    assert.equal((await mpm({ HOME: own }, "uninstall", "--purge")).status, 0);
  },
);

test("the private copy of Node is the program, also where Node was started through a link", async (t) => {
  const home = tempDir(t);
  const place = join(home, "node_modules/.bin");
  mkdirSync(place, { recursive: true });
  symlinkSync(NODE, join(place, "node"));
  writeFileSync(
    join(home, "record.mjs"),
    `import { recordNode } from ${JSON.stringify(new URL("../../../src/install/node.ts", import.meta.url).href)};
     import { mkdirSync } from "node:fs";
     mkdirSync(process.argv[2] + "/app");
     console.log(recordNode(process.argv[2], process.argv[2] + "/app", process.argv[3]));`,
  );
  const { stdout } = await run(NODE, [join(home, "record.mjs"), home, join(place, "node")], {
    env: { HOME: home, PATH: "" },
  });
  const copy = stdout.trim();
  assert.ok(existsSync(copy) && copy.startsWith(home), copy);
  assert.match((await run(copy, ["--version"], { env: {} })).stdout, /^v24/);
});
