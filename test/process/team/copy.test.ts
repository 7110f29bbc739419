// mpm monitor copy: a store of a machine into a shared database, also when it is killed on the way.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { dist, NODE, start, tempWorld, until } from "../../world.ts";
import { startServer } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";

const test = testWith("postgresql");
const SESSIONS = 40;
const PER_SESSION = 200;
const EVENTS = SESSIONS * PER_SESSION + 1;

test("a copy that is killed goes on where it was, adds nothing twice, and both stores are then the same", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { recursive: true, mode: 0o700 });
  const local = openTestStore(t, mpmHome);
  for (let session = 0; session < SESSIONS; session++)
    await local.append(
      Array.from({ length: PER_SESSION }, (_, at) => ({
        ...envelope(at + 1, { session: `s${session}` }),
        id: `${session}-${at}`,
      })),
    );
  const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 };
  await local.record([
    { session: "s1", facts: [{ kind: "answers", answers: [{ id: "a", t: Date.now(), model: "m", tokens }] }] },
  ]);
  const prompt = {
    ...envelope(PER_SESSION + 1, { session: "s2" }),
    hook_event_name: "UserPromptSubmit",
    data: { session_id: "s2", hook_event_name: "UserPromptSubmit", prompt: "Mend it" },
  };
  await local.append([prompt]);
  await local.record([{ session: "s2", facts: [{ kind: "interrupted", t: Date.parse(prompt.timestamp) + 1 }] }]);
  assert.equal((await local.session("s2"))?.state, "interrupted");
  const target = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(target.ok);
  t.after(() => target.value.close());
  const run = () => {
    const child = start(t, NODE, [dist("cli.js"), "monitor", "copy", "--to", server.url, "--json"], env);
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += chunk;
    });
    return { child, said: () => said };
  };
  const first = run();
  await until(async () => (await target.value.figures()).events > PER_SESSION, 20_000, "some events");
  first.child.kill("SIGKILL");
  await until(() => first.child.exitCode !== null || first.child.signalCode !== null, 5000, "its end");
  assert.ok((await target.value.figures()).events < EVENTS, "killed on the way");
  for (const expectNew of [true, false]) {
    const { child, said } = run();
    await until(() => child.exitCode !== null, 60_000, "the copy");
    assert.equal(child.exitCode, 0);
    const result = JSON.parse(said());
    assert.equal(result.events.copied > 0, expectNew);
    assert.deepEqual([result.sessions, result.compared, result.different], [SESSIONS, EVENTS, 0]);
  }
  assert.equal((await target.value.figures()).events, EVENTS);
  for (const id of ["s1", "s2"])
    assert.deepEqual({ ...(await target.value.session(id)), pulse: [] }, { ...(await local.session(id)), pulse: [] });
});
