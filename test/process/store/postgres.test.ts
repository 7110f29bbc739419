// The store on PostgreSQL: what every store promises, directly, through a pooler in transaction mode, and on another version.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, type TestContext } from "node:test";
import pg from "pg";
import type { Store } from "../../../src/store/port.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { missing } from "../../tools.ts";
import { ROOT } from "../../world.ts";
import { conformance, type Faults, PRICING } from "./conformance.ts";
import { POSTGRES_15, POSTGRES_18, type Pooler, type Server, startPooler, startServer } from "./server.ts";

/** A store of a tenant of its own: one server serves all tests. `url` is where it is reached. */
const adapterOf = (name: string, server: () => Server, url = () => server().url) => ({
  name,
  async open(t: TestContext, now: () => number = Date.now) {
    const scope = { tenant: randomUUID(), user: "dana" };
    const again = async (): Promise<Store> => {
      const opened = await openPostgres({ url: url(), now, scope, pricing: PRICING });
      assert.ok(opened.ok, opened.ok ? "" : JSON.stringify(opened.reason));
      t.after(() => opened.value.close());
      return opened.value;
    };
    const faults: Faults = {
      hold: () => hold(server()),
      fill: () => fill(server()),
      program: `
        import { openPostgres } from ${JSON.stringify(join(ROOT, "src/store/postgres/store.ts"))};
        const { value: store } = await openPostgres({ ...${JSON.stringify({ url: url(), scope })}, now: Date.now });`,
    };
    return { store: await again(), again, faults };
  },
});

/** A transaction of somebody else that has locked the positions. */
async function hold(server: Server): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: server.superuserUrl });
  await holder.connect();
  await holder.query("BEGIN; LOCK TABLE mpm.counter IN ACCESS EXCLUSIVE MODE");
  return () => holder.end();
}

/** Every event is answered as by a server whose disk is full. With a disk that is full: test/process/team/full.test.ts. */
async function fill(server: Server): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  await client.query(`
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON mpm.event EXECUTE FUNCTION full_disk()`);
  return async () => {
    await client.query("DROP FUNCTION full_disk CASCADE");
    await client.end();
  };
}

const serve = (name: string, bin: string | undefined, skip: string | false) =>
  describe(name, { skip }, () => {
    let server: Server;
    before(async () => {
      server = await startServer(bin);
    });
    after(() => server.close());
    conformance(adapterOf(name, () => server));
  });

serve("PostgreSQL 15", POSTGRES_15, missing("postgresql"));
serve("PostgreSQL 18", POSTGRES_18, missing("postgresql", "postgresql18"));

describe("a pooler in transaction mode", { skip: missing("postgresql", "pgbouncer") }, () => {
  let server: Server;
  let pooler: Pooler;
  before(async () => {
    server = await startServer();
    pooler = await startPooler(server);
  });
  after(async () => {
    await pooler.close();
    await server.close();
  });
  conformance(
    adapterOf(
      "PostgreSQL through pgbouncer",
      () => server,
      () => pooler.url,
    ),
  );
});
