// A store for a test, closed after it.

import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Pricing, Store } from "../../../src/store/port.ts";
import { openSqlite } from "../../../src/store/sqlite/store.ts";

/** The SQLite store of a home. `now`: ms since 1970. */
export function openTestStore(t: TestContext, home: string, now: () => number = Date.now, pricing?: Pricing): Store {
  const opened = openSqlite({ file: join(home, "monitor.db"), now, ...(pricing ? { pricing } : {}) });
  assert.ok(opened.ok, opened.ok ? "" : opened.reason.code);
  const { value: store } = opened;
  const { close } = store;
  let closed: ReturnType<Store["close"]> | undefined;
  store.close = () => (closed ??= close());
  t.after(() => store.close());
  return store;
}
