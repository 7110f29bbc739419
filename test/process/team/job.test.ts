// A job of CI and a container as docs/team.md has them: a system with a shell, Node, the package and two variables, of which
// nothing is left when its last line has ended.

import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { missing, notRoot, testUnless } from "../../tools.ts";
import { freePort, NODE, ROOT, run, tempDir } from "../../world.ts";
import { mpm, startTeam } from "./team.ts";

const testInJob = testUnless(notRoot || missing("postgresql"));

/** A root of its own: the system's programs, Node, hooks and the built package, and an empty home. Processes end with it. */
const CONTAINER = `
set -eu
mount -t tmpfs none "$JOB"
cd "$JOB"
mkdir -p app/hooks app/dist node tmp home/ci proc dev
for each in usr bin lib lib64 etc; do
  [ -e "/$each" ] || continue
  mkdir "$each"
  mount --bind "/$each" "$each"
done
mount -t proc none proc
mount --bind /dev dev
mount --bind "$PACKAGE/hooks" app/hooks
mount --bind "$PACKAGE/dist" app/dist
cp "$PACKAGE/package.json" app/
mount --bind "$NODE_BIN" node
exec env -i HOME=/home/ci PATH=/node:/usr/bin:/bin MPM_SERVER_URL="$URL" MPM_TOKEN="$TOKEN" /usr/sbin/chroot . /bin/sh -c '
  printf "%s\\n" "{\\"hook_event_name\\":\\"UserPromptSubmit\\",\\"session_id\\":\\"job-1\\",\\"cwd\\":\\"/home/ci/tidepool\\",\\"prompt\\":\\"a secret word\\"}" | /app/hooks/mpm-hook UserPromptSubmit
  exec node /app/dist/cli.js relay --once'
`;

testInJob("a job with a shell, Node and two variables sends what its hooks wrote, by its last line", async (t) => {
  const team = await startTeam(t);
  const joined = await mpm(team.operator.env, "team", "join", team.monitor.url, await team.invite(), "--print");
  assert.equal(joined.status, 0, joined.err);
  const given = Object.fromEntries(
    joined.out
      .trim()
      .split(/\s+/)
      .map((word) => word.split("=")),
  );
  const inJob = (url: string) =>
    run("/usr/bin/unshare", ["--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", CONTAINER], {
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        JOB: tempDir(t),
        PACKAGE: ROOT,
        NODE_BIN: dirname(realpathSync(NODE)),
        URL: url,
        TOKEN: String(given["MPM_TOKEN"]),
      },
      timeoutMs: 60_000,
    });
  const { status, stderr } = await inJob(String(given["MPM_SERVER_URL"]));
  assert.equal(status, 0, stderr);
  const { out } = await mpm(team.operator.env, "events", "--json", "--limit", "5");
  assert.match(out, /"session_id":"job-1"/);
  assert.ok(!out.includes("secret"), "no text leaves where nothing else was said");

  const away = await inJob(`http://127.0.0.1:${await freePort()}`);
  assert.equal(away.status, 1, "something had to stay");
  assert.match(away.stderr, /mpm: /);
});
