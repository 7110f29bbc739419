// Where events go: the address of who listens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoopback, urlOf } from "../../../src/services/target.ts";

const HOSTS = {
  "127.0.0.1": "http://127.0.0.1:8765",
  "::1": "http://[::1]:8765",
  localhost: "http://localhost:8765",
  "192.0.2.7": "http://192.0.2.7:8765",
  "2001:db8::7": "http://[2001:db8::7]:8765",
};

for (const [host, url] of Object.entries(HOSTS))
  test(`who listens on ${host} is reached at ${url}`, () => assert.equal(urlOf(host, 8765), url));

for (const host of ["0.0.0.0", "::"])
  test(`who listens on ${host}, which is all addresses, is reached by loopback: plain http may be spoken there`, () => {
    assert.ok(isLoopback(new URL(urlOf(host, 8765)).hostname));
  });
