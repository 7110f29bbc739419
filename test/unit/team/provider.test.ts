// What an identity provider says of somebody, in two answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf } from "../../../src/team/provider.ts";

test("an address is verified by the answer that names it, never by the other", () => {
  const said = { sub: "1", email: "b@x.example", email_verified: true, groups: ["crew"] };
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example" }, said, "email_verified"), said);
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example", email_verified: false }, said, "email_verified"), {
    ...said,
    email: "a@x.example",
    email_verified: false,
  });
  const own = { sub: "1", email: "a@x.example", xms_edov: true };
  assert.deepEqual(claimsOf(own, said, "xms_edov"), { ...said, ...own });
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example", email_verified: true }, own, "xms_edov"), {
    ...own,
    email_verified: true,
  });
  assert.deepEqual(claimsOf({ sub: "1", email: "a@x.example" }, { sub: "1", email_verified: true }, "email_verified"), {
    sub: "1",
  });
});
