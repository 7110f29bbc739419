// The link that signs a browser in to a team: looked at by any program, used by whoever presses its button.

import assert from "node:assert/strict";
import { testWith } from "../../tools.ts";
import { mpm, pressSignIn, signInBy, startTeam } from "./team.ts";

const test = testWith("postgresql");

test("a link that a mail scanner opens, follows and opens again signs in whoever presses its button, once", async (t) => {
  const team = await startTeam(t);
  const { url } = team.monitor;
  const bo = await team.join("bo");
  const { link } = JSON.parse((await mpm(bo.env, "team", "open", "--json")).out);
  const open = () => fetch(link, { redirect: "manual" });
  for (let scan = 0; scan < 3; scan++) {
    const page = await open();
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("set-cookie"), null);
    assert.match(page.headers.get("content-security-policy") ?? "", /form-action 'self'/);
    const text = await page.text();
    assert.match(text, /Sign in to Crew/);
    assert.equal(text.match(/<form/g)?.length, 1);
  }
  const refused = async (headers: Record<string, string>) => (await pressSignIn(link, url, headers)).status;
  assert.equal(await refused({}), 403, "without an origin");
  assert.equal(await refused({ origin: "null" }), 403);
  assert.equal(await refused({ origin: "https://evil.example" }), 403);
  assert.equal(await refused({ origin: url, "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await refused({ origin: url, "content-type": "application/json" }), 415);
  const cookie = await signInBy(link, url);
  const me = await (await fetch(`${url}/api/team`, { headers: { cookie } })).json();
  assert.equal(me.me.person.name, "bo");
  const again = await pressSignIn(link, url);
  assert.deepEqual([again.status, again.headers.get("set-cookie")], [403, null]);
  assert.equal((await open()).status, 200, "looking does not tell whether a code is good");
});

test("what is written into a link is shown as text, and what cannot be a code is no page", async (t) => {
  const team = await startTeam(t, ["--name", "<b>Crew</b>"]);
  const { url } = team.monitor;
  const ask = (code: string) => fetch(`${url}/login?${new URLSearchParams({ code })}`, { redirect: "manual" });
  const text = await (await ask("AAAA-BBBB")).text();
  assert.ok(text.includes("&lt;b&gt;Crew&lt;/b&gt;") && !text.includes("<b>Crew"));
  for (const code of ['"><script>alert(1)</script>', "", "x".repeat(200)]) {
    const answer = await ask(code);
    assert.equal(answer.status, 403);
    assert.ok(!(await answer.text()).includes("alert(1)"));
  }
});

test("the monitor's own link lets the operator in by being opened, also where there is a team", async (t) => {
  const team = await startTeam(t);
  const said = await mpm(team.operator.env, "monitor", "open");
  const link = /http\S+\/login\?code=\S+/.exec(said.out)?.[0];
  assert.ok(link, said.out + said.err);
  const answer = await fetch(link, { redirect: "manual" });
  assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/"]);
});
