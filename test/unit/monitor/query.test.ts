// Times in the parameters of a request.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readQuery } from "../../../src/monitor/query.ts";

const NOW = Date.UTC(2026, 10, 27, 12);
const read = (query: string) => readQuery("events", new URLSearchParams(query), NOW);

test("relative times count from the clock of who reads them, others stand for themselves", () => {
  const query = read("since=10m&until=now&before=7");
  assert.deepEqual(query.ok && query.value, { since: NOW - 600_000, until: NOW, before: 7 });
  const day = read(`since=today&until=${new Date(NOW).toISOString()}`);
  assert.deepEqual(day.ok && day.value, { since: new Date(NOW).setHours(0, 0, 0, 0), until: NOW });
});

test("what is no time is refused as it was given", () => {
  const query = read("since=soon");
  assert.deepEqual(query.ok || [query.reason.parameter, query.reason.received], ["since", '"soon"']);
});
