// Runs a test file, and all that it starts, where only loopback exists: what is under test reaches nothing but the test.
// - Linux: a network namespace of its own, as root or by an unprivileged user namespace.
// - Elsewhere, or where namespaces are forbidden, it says so on stderr and the host's own switches must do.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type Test, testUnless } from "../tools.ts";
import { hostMissing } from "./install-host.ts";

const INSIDE = "MPM_TEST_OFFLINE";
const WITH_LOOPBACK = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"];

/**
 * To be awaited before the tests of a file are declared. It starts this same program again without a network and ends
 * with its status; within that one it returns `test`, which skips where the host is missing.
 */
export async function goOffline(): Promise<Test> {
  const skip = await hostMissing(); // the last thing that needs the network
  if (skip || process.env[INSIDE]) return testUnless(skip);
  const wrapper = [["-n"], ["-rn"]].find(
    (options) => spawnSync("unshare", [...options, ...WITH_LOOPBACK, "true"]).status === 0,
  );
  if (!wrapper) {
    console.error("host tests: no network namespace here (unshare); the host is only told to stay on loopback");
    process.env[INSIDE] = "asked";
    return testUnless(false);
  }
  const child = spawn(
    "unshare",
    [...wrapper, ...WITH_LOOPBACK, process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: "inherit", env: { ...process.env, [INSIDE]: "namespace" } },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const [status] = (await once(child, "close")) as [number | null];
  process.exit(status ?? 1);
}
