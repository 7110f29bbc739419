// Signing in to a team through a real identity provider: who comes in, who does not, and what is said of it.

import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { AuditAnswer } from "../../../src/contract/team.ts";
import { testWith } from "../../tools.ts";
import { tempDir, until } from "../../world.ts";
import { Browser, CLIENT, startProvider, type TestProvider } from "./provider.ts";
import { mpm, startTeam, type TestTeam } from "./team.ts";

const test = testWith("postgresql");
const CALLBACK = "/login/oidc/callback";
const COOKIE = "mpm_sign_in";

async function start(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const provider = await startProvider(t);
  const team = await startTeam(t, [], { env: { ...provider.env, ...env } });
  provider.allow(`${team.monitor.url}${CALLBACK}`);
  return { provider, team, url: team.monitor.url };
}

/** Goes the whole way; what the last page was. */
async function signIn(base: string, browser = new Browser()) {
  const { answer, url } = await browser.walk(`${base}/login/oidc`);
  const text = (await answer?.text()) ?? "";
  return { browser, status: answer?.status, path: new URL(url).pathname, text };
}

async function whoIs(base: string, browser: Browser): Promise<string | undefined> {
  const answer = await fetch(`${base}/api/team`, {
    headers: { cookie: `mpm_team=${browser.cookie(base, "mpm_team")}` },
  });
  return answer.ok ? (await answer.json()).me.person.name : undefined;
}

async function logOf(team: TestTeam) {
  const answer = await team.monitor.ask("/api/team/audit");
  return AuditAnswer.parse(await answer.json()).entries;
}

const latest = async (team: TestTeam) => (await logOf(team))[0];

test("somebody who was invited by their address signs in through the provider, and is in as by a link", async (t) => {
  const { provider, team, url } = await start(t);
  provider.account = { sub: "7", email: "Ada@X.example" };
  const invited = await mpm(
    team.operator.env,
    "team",
    "invite",
    "--email",
    "ada@x.example",
    "--role",
    "viewer",
    "--json",
  );
  assert.deepEqual(
    [invited.status, JSON.parse(invited.out).email, JSON.parse(invited.out).code],
    [0, "ada@x.example", undefined],
    invited.err,
  );
  assert.match(await (await fetch(url)).text(), /<a href="\/login\/oidc">Sign in through 127\.0\.0\.1:/);

  const browser = new Browser();
  const { url: back } = await browser.walk(`${url}/login/oidc`, CALLBACK);
  const kept = browser.cookie(url, COOKIE) ?? "";
  const { verifier, nonce } = JSON.parse(Buffer.from(kept, "base64url").toString());
  assert.ok(verifier.length >= 43 && nonce.length >= 20 && !back.includes(verifier) && !back.includes(nonce));
  const entered = await browser.ask(back);
  assert.deepEqual([entered.status, entered.headers.get("location")], [303, "/"]);
  const [visit = "", gone = ""] = browser.setCookies;
  assert.match(visit, /^mpm_team=[\w-]{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=25\d{5}$/);
  assert.equal(gone, `${COOKIE}=; HttpOnly; SameSite=Lax; Path=/login; Max-Age=0`);
  assert.equal((await browser.ask(`${url}/`)).status, 200);
  assert.equal(await whoIs(url, browser), "ada@x.example");
  const entry = await latest(team);
  assert.deepEqual([entry?.action, entry?.about, entry?.person !== undefined], ["signed_in", "as ada@x.example", true]);

  assert.equal(await whoIs(url, (await signIn(url)).browser), "ada@x.example", "again, without an invitation");
  provider.account = { sub: "8", email: "ada@x.example" };
  const other = await signIn(url);
  assert.deepEqual(
    [other.status, await whoIs(url, other.browser)],
    [403, undefined],
    "an address that was given to somebody else",
  );
  const about = await (await team.monitor.ask("/api/team")).json();
  assert.deepEqual(about.provider, { issuer: provider.issuer });
  assert.equal(about.people.length, 2);
  for (const name of readdirSync(join(team.operator.mpmHome, "log")))
    assert.ok(!readFileSync(join(team.operator.mpmHome, "log", name), "utf8").includes(CLIENT.secret), name);
  assert.ok(!readFileSync(`/proc/${team.monitor.pid}/cmdline`, "utf8").includes(CLIENT.secret));
  assert.ok(!(await mpm(team.operator.env, "config", "list", "--json")).out.includes(CLIENT.secret));
});

test("where a domain is named, whoever has a verified address there comes as a member; where groups are, all are in one", async (t) => {
  const { provider, url } = await start(t, {
    MPM_OIDC_DOMAINS: "x.example, y.example",
    MPM_OIDC_GROUPS: "crew,staff",
    MPM_OIDC_SCOPE: "openid email groups",
  });
  const came = async (account: TestProvider["account"]) => {
    provider.account = account;
    const { browser, text } = await signIn(url);
    return (await whoIs(url, browser)) ?? /<p>([^<]*?)\. (?:Ask|Verify)/.exec(text)?.[1];
  };
  assert.equal(await came({ sub: "1", email: "bo@y.example", groups: ["other", "crew"] }), "bo@y.example");
  assert.equal(
    await came({ sub: "2", email: "cy@y.example", groups: ["other"] }),
    "The provider has cy@y.example in no group that may come",
  );
  assert.equal(
    await came({ sub: "3", email: "di@y.example" }),
    "The provider has di@y.example in no group that may come",
  );
  assert.equal(
    await came({ sub: "1", email: "bo@y.example", groups: [] }),
    "The provider has bo@y.example in no group that may come",
    "no more",
  );
  assert.equal(
    await came({ sub: "4", email: "ed@sub.y.example", groups: ["crew"] }),
    "Nobody in the team has been invited as ed@sub.y.example",
  );
  assert.equal(
    await came({ sub: "5", email: "x.example@evil.example", groups: ["crew"] }),
    "Nobody in the team has been invited as x.example@evil.example",
  );
  assert.equal(
    await came({ sub: "6", email: "fy@x.example", groups: ["crew"], verified: false }),
    "The provider has not verified the address",
  );
});

test("a provider that verifies addresses by a claim of its own is believed by that claim alone, where it is named", async (t) => {
  const { provider, url } = await start(t, { MPM_OIDC_DOMAINS: "y.example", MPM_OIDC_VERIFIED_BY: "xms_edov" });
  const came = async (account: TestProvider["account"]) => {
    provider.account = account;
    const { browser, text } = await signIn(url);
    return (await whoIs(url, browser)) ?? /<p>([^<]*?)\. (?:Ask|Verify)/.exec(text)?.[1];
  };
  assert.equal(await came({ sub: "1", email: "bo@y.example", xms_edov: true }), "bo@y.example");
  assert.equal(await came({ sub: "2", email: "cy@y.example", xms_edov: "1" }), "cy@y.example");
  for (const account of [{ xms_edov: false }, { xms_edov: "0" }, { verified: true }])
    assert.equal(
      await came({ sub: "3", email: "di@y.example", ...account }),
      "The provider has not verified the address",
      JSON.stringify(account),
    );
});

/** What a browser keeps of a sign-in, changed. */
function tamper(browser: Browser, url: string, change: (attempt: Record<string, unknown>) => object): void {
  const kept = JSON.parse(Buffer.from(browser.cookie(url, COOKIE) ?? "", "base64url").toString());
  browser.setCookie(url, COOKIE, Buffer.from(JSON.stringify({ ...kept, ...change(kept) })).toString("base64url"));
}

interface Refusal {
  readonly what: string;
  readonly says: RegExp;
  readonly status?: number;
  /** Changes what the browser comes back with. */
  readonly come?: (back: URL, browser: Browser, url: string) => void;
  readonly fault?: TestProvider["fault"];
  readonly account?: TestProvider["account"];
}

const REFUSALS: readonly Refusal[] = [
  {
    what: "another state",
    says: /has not begun to sign in/,
    come: (back) => back.searchParams.set("state", "x".repeat(43)),
  },
  { what: "no state", says: /has not begun to sign in/, come: (back) => back.searchParams.delete("state") },
  {
    what: "another browser",
    says: /has not begun to sign in/,
    come: (_, browser, url) => browser.setCookie(url, COOKIE, undefined),
  },
  {
    what: "a cookie of no sense",
    says: /has not begun to sign in/,
    come: (_, browser, url) => browser.setCookie(url, COOKIE, "e30"),
  },
  {
    what: "too late",
    says: /took too long/,
    come: (_, browser, url) => tamper(browser, url, ({ at }) => ({ at: Number(at) - 601_000 })),
  },
  {
    what: "a time that has not come",
    says: /took too long/,
    come: (_, browser, url) => tamper(browser, url, ({ at }) => ({ at: Number(at) + 3_600_000 })),
  },
  {
    what: "another nonce",
    says: /does not prove who it is/,
    come: (_, browser, url) => tamper(browser, url, () => ({ nonce: "x".repeat(43) })),
  },
  {
    what: "another verifier",
    says: /refused \(invalid_grant\)/,
    come: (_, browser, url) => tamper(browser, url, () => ({ verifier: "x".repeat(43) })),
  },
  {
    what: "another issuer",
    says: /does not prove who it is/,
    come: (back) => back.searchParams.set("iss", "https://evil.example"),
  },
  { what: "no issuer", says: /does not prove who it is/, come: (back) => back.searchParams.delete("iss") },
  {
    what: "another code",
    says: /refused \(invalid_grant\)/,
    come: (back) => back.searchParams.set("code", "x".repeat(43)),
  },
  {
    what: "an error of markup",
    says: /refused \(an unknown error\)/,
    come: (back) => {
      back.searchParams.delete("code");
      back.searchParams.set("error", "<b>x</b>");
    },
  },
  { what: "a no of the person's", says: /refused \(access_denied\)/, fault: "denied" },
  {
    what: "an address that is not verified",
    says: /has not verified the address/,
    account: { sub: "1", email: "bo@x.example", verified: false },
  },
  { what: "no address", says: /has not verified the address/, account: { sub: "1", email: "" } },
  { what: "somebody unknown", says: /has been invited as bo@x.example/, account: { sub: "1", email: "bo@x.example" } },
  {
    what: "a provider that fails",
    says: /does not answer as it should \(status 500\)/,
    status: 503,
    fault: { path: "/token", how: "fail" },
  },
  {
    what: "a provider that is slow",
    says: /does not answer as it should \(OAUTH_TIMEOUT\)/,
    status: 503,
    fault: { path: "/token", how: "hang" },
  },
];

test("each sign-in that is refused ends in one plain page and a line of the log, and lets nobody in", async (t) => {
  const { provider, team, url } = await start(t);
  await mpm(team.operator.env, "team", "invite", "--email", "ada@x.example");
  for (const { what, says, status = 403, come, fault, account = { sub: "1", email: "ada@x.example" } } of REFUSALS)
    await t.test(what, async () => {
      provider.account = account;
      provider.fault = fault;
      const browser = new Browser();
      const back = new URL((await browser.walk(`${url}/login/oidc`, CALLBACK)).url);
      come?.(back, browser, url);
      const answer = await browser.ask(back.href);
      const text = await answer.text();
      assert.deepEqual([answer.status, answer.headers.get("content-type")], [status, "text/html; charset=utf-8"], text);
      assert.match(text, says);
      assert.match(text, /<a href="\/login\/oidc">Try again/);
      assert.ok(!text.includes("<b>"));
      assert.equal(browser.cookie(url, "mpm_team"), undefined);
      assert.equal(browser.cookie(url, COOKIE), undefined, "what was kept is gone");
      const entry = await latest(team);
      assert.deepEqual([entry?.action, entry?.person], ["sign_in_refused", undefined]);
      assert.match(entry?.about ?? "", new RegExp(says.source.replace(/^\^?(.)/, "$1"), "i"));
    });
  provider.fault = undefined;
  provider.account = { sub: "1", email: "ada@x.example" };
  assert.equal(await whoIs(url, (await signIn(url)).browser), "ada@x.example", "the invitation was not used up");
});

test("a sign-in works once, with whichever monitor it began, and ends with the person", async (t) => {
  const { provider, team, url } = await start(t);
  const other = await team.another();
  await mpm(team.operator.env, "team", "invite", "--email", "ada@x.example");
  const browser = new Browser();
  const { url: back } = await browser.walk(`${url}/login/oidc`, CALLBACK);
  const kept = browser.cookie(url, COOKIE);
  assert.equal((await browser.ask(back)).status, 303);
  for (const monitor of [url, other.url]) {
    const thief = new Browser();
    thief.setCookie(monitor, COOKIE, kept);
    const again = await thief.ask(back.replace(url, monitor));
    assert.deepEqual([again.status, /was used already/.test(await again.text())], [403, true]);
    assert.equal(thief.cookie(monitor, "mpm_team"), undefined);
  }
  assert.equal((await mpm(team.operator.env, "team", "revoke", "ada@x.example")).status, 0);
  await until(async () => (await whoIs(url, browser)) === undefined, 5000, "the browser is out");
  const refused = await signIn(url);
  assert.match(refused.text, /The team has removed ada@x.example/);
  assert.equal((await latest(team))?.about, "the team has removed ada@x.example");
  await mpm(team.operator.env, "team", "invite", "--for", "ada@x.example", "--email", "ada@x.example");
  assert.equal(await whoIs(url, (await signIn(url)).browser), "ada@x.example");
  assert.ok(provider.issuer);
});

test("a provider that is away is a page, a word of the doctor's and of the team's, until it is back", async (t) => {
  const { provider, team, url } = await start(t);
  await mpm(team.operator.env, "team", "invite", "--email", "ada@x.example");
  const found = async (name: string) => {
    const { checks } = JSON.parse((await mpm(team.operator.env, "doctor", "--json")).out);
    return checks.find((check: { name: string }) => check.name === name);
  };
  provider.fault = { path: "/.well-known", how: "fail" };
  const { status, text } = await signIn(url);
  assert.deepEqual([status, /does not answer as it should \(status 500\)/.test(text)], [503, true], text);
  assert.match((await latest(team))?.about ?? "", /status 500/);
  assert.match((await (await team.monitor.ask("/api/team")).json()).provider.trouble, /status 500/);
  const ill = await found("sign-in");
  assert.deepEqual([ill.state, /status 500/.test(ill.finding)], ["warn", true], JSON.stringify(ill));
  const bo = await team.join("bo");
  assert.match((await mpm(bo.env, "team", "status")).err, /status 500/);
  provider.fault = undefined;
  assert.equal(await whoIs(url, (await signIn(url)).browser), "ada@x.example");
  assert.equal((await (await team.monitor.ask("/api/team")).json()).provider.trouble, undefined);
  const well = await found("sign-in");
  assert.deepEqual([well.state, well.finding.includes(provider.issuer)], ["ok", true]);
  assert.match((await mpm(bo.env, "team", "status")).out, new RegExp(`People sign in through ${provider.issuer}`));
});

test("the secret may stand in a file of one's own; one that others can read is refused, and said", async (t) => {
  const file = join(tempDir(t), "secret");
  writeFileSync(file, `${CLIENT.secret}\n`, { mode: 0o600 });
  const { provider, team, url } = await start(t, { MPM_OIDC_CLIENT_SECRET: "", MPM_OIDC_CLIENT_SECRET_FILE: file });
  await mpm(team.operator.env, "team", "invite", "--email", "ada@x.example");
  assert.equal(await whoIs(url, (await signIn(url)).browser), "ada@x.example");
  chmodSync(file, 0o644);
  const other = await team.another();
  const refused = await signIn(other.url);
  assert.equal(refused.status, 404);
  assert.ok(!(await (await fetch(other.url)).text()).includes("Sign in through"));
  const { checks } = JSON.parse((await mpm(team.operator.env, "doctor", "--json")).out);
  const check = checks.find(({ name }: { name: string }) => name === "sign-in");
  assert.deepEqual(
    [check.state, check.finding],
    ["fail", "team.oidc.secretFile names a file that other users can read"],
  );
  assert.ok(provider.issuer);
});

test("a client without a secret signs people in by PKCE alone", async (t) => {
  const { provider, url } = await start(t, { MPM_OIDC_CLIENT_SECRET: "", MPM_OIDC_DOMAINS: "x.example" });
  provider.isPublic = true;
  provider.allow(`${url}${CALLBACK}`);
  assert.equal(await whoIs(url, (await signIn(url)).browser), "ada@x.example");
});

test("where no provider is set there is no such page, and its library is not loaded", async (t) => {
  const team = await startTeam(t);
  assert.equal((await fetch(`${team.monitor.url}/login/oidc`)).status, 404);
  assert.equal((await fetch(`${team.monitor.url}${CALLBACK}`)).status, 404);
  assert.ok(!(await (await fetch(team.monitor.url)).text()).includes("/login/oidc"));
});
