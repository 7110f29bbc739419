// What an identity provider says of somebody, in two answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf } from "../../../src/team/provider.ts";

test("an address is verified by the answer that names it, never by the other", () => {
  const said = { sub: "1", email: "b@x.example", email_verified: true, groups: ["crew"] };
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example" }, said), said);
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example", email_verified: false }, said), {
    ...said,
    email: "a@x.example",
    email_verified: false,
  });
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example" }, { sub: "1", email_verified: true }), { sub: "1" });
});
