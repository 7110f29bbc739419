// Where it goes: what each service is sent, signed where there is a secret, and notifications that execute nothing.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { messageFor, openChannel } from "../../../src/alerts/channel.ts";
import { notification } from "../../../src/alerts/desktop.ts";
import type { Alert } from "../../../src/contract/alerts.ts";
import { tempDir } from "../../world.ts";
import { HANG, openReceiver, status } from "./receiver.ts";

const AT = Date.UTC(2026, 0, 5, 8);
const alert = (more: Partial<Alert> = {}): Alert => ({
  id: "a_1",
  when: "waiting",
  at: AT,
  text: "tidepool waits for you: permission for Bash.",
  session: "s-1",
  project: "tidepool",
  ...more,
});
const around = { platform: "linux" as const, env: {}, now: () => AT };
const never = new AbortController().signal;
const message = (...alerts: Alert[]) => messageFor(alerts, "http://127.0.0.1:8765") ?? assert.fail();

async function sent(
  t: TestContext,
  type: "webhook" | "slack" | "discord" | "ntfy",
  path: string,
  alerts: Alert[],
  secret?: string,
) {
  const { url, received } = await openReceiver(t);
  const channel = openChannel({ name: "x", type, url: url + path, ...(secret ? { secret } : {}) }, around);
  assert.deepEqual(await channel.send(message(...alerts), never), { kind: "delivered" });
  channel.close();
  return received[0] ?? assert.fail("nothing came");
}

test("a webhook gets the alert with its id and link, signed over the very bytes", async (t) => {
  const { headers, raw, body } = await sent(t, "webhook", "/hook", [alert()], "shared secret");
  assert.deepEqual(body, {
    id: "a_1",
    when: "waiting",
    session_id: "s-1",
    project: "tidepool",
    at: "2026-01-05T08:00:00.000Z",
    text: "tidepool waits for you: permission for Bash.",
    url: "http://127.0.0.1:8765/#/session/s-1",
  });
  assert.equal(headers["x-mpm-signature"], `sha256=${createHmac("sha256", "shared secret").update(raw).digest("hex")}`);
  assert.equal(headers["x-mpm-id"], "a_1");
});

test("several at once are one message to people", async (t) => {
  const { body } = await sent(t, "slack", "/services/x", [
    alert(),
    alert({ id: "a_2", when: "failures", session: "s-2", text: "3 failures in quay: Bash." }),
  ]);
  assert.match(String(body["text"]), /permission for Bash\.\n3 failures in quay/);
});

test("Slack, Discord and ntfy get what they want, and nothing of a text is markup or a mention", async (t) => {
  const nasty = alert({ text: "<!channel> & <https://evil|x> @everyone", project: "a<b" });
  const slack = await sent(t, "slack", "/services/x", [nasty]);
  assert.equal(
    slack.body["text"],
    "a&lt;b: &lt;!channel&gt; &amp; &lt;https://evil|x&gt; @everyone\n<http://127.0.0.1:8765/#/session/s-1|open>",
  );
  assert.match(
    String((await sent(t, "discord", "/api/webhooks/1/x", [alert()])).body["content"]),
    /^tidepool waits for you: /,
    "the project is not said twice",
  );
  const discord = await sent(t, "discord", "/api/webhooks/1/x", [{ ...nasty, text: "y".repeat(5000) }]);
  assert.equal(String(discord.body["content"]).length, 2000);
  assert.deepEqual(discord.body["allowed_mentions"], { parse: [] });
  const disguised = alert({
    project: "[bank](https://evil)",
    text: "a\u202eb\u001b]8;;https://evil\u0007 \u{e0041}*c*",
  });
  for (const type of ["slack", "discord", "ntfy"] as const)
    for (const said of Object.values((await sent(t, type, "/x/y", [disguised])).body))
      assert.doesNotMatch(String(said), /[\u001b\u0007\u202e\u{e0041}]/u);
  const { body } = await sent(t, "discord", "/api/webhooks/1/x", [disguised]);
  assert.match(String(body["content"]), /^\\\[bank\\\]\(https:\/\/evil\): .*\\\*c\\\*\nhttp:\/\/127\.0\.0\.1:8765/);
  const halved = await sent(t, "discord", "/api/webhooks/1/x", [alert({ text: "😀".repeat(2000) })]);
  assert.ok(String(halved.body["content"]).isWellFormed(), "no half of a character");
  assert.match(String(halved.body["content"]), /\nhttp:\/\/127\.0\.0\.1:8765\/#\/session\/s-1$/, "the link is whole");
  const ntfy = await sent(t, "ntfy", "/base/my-topic", [nasty], "tk_1");
  assert.deepEqual(
    [ntfy.path, ntfy.body["topic"], ntfy.body["click"]],
    ["/base/", "my-topic", "http://127.0.0.1:8765/#/session/s-1"],
  );
  assert.equal(ntfy.headers.authorization, "Bearer tk_1");
});

test("what is away, slow or busy is tried again, what refuses for good is not; addresses with secrets are not said", async (t) => {
  const { url } = await openReceiver(
    t,
    status(500),
    status(429, { "retry-after": "7" }),
    status(404),
    status(302, { location: "http://127.0.0.1:1/" }),
  );
  const channel = openChannel({ name: "x", type: "slack", url: `${url}/services/very-secret` }, around);
  const kinds = [];
  for (let index = 0; index < 4; index++) kinds.push(await channel.send(message(alert()), never));
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ["again", "again", "refused", "refused"],
  );
  assert.equal("afterMs" in (kinds[1] ?? {}) && (kinds[1] as { afterMs: number }).afterMs, 7000);
  const away = openChannel({ name: "x", type: "slack", url: "http://127.0.0.1:9/services/very-secret" }, around);
  kinds.push(await away.send(message(alert()), never));
  assert.doesNotMatch(JSON.stringify(kinds), /very-secret/);
  const hung = await openReceiver(t, HANG);
  const stopped = openChannel({ name: "x", type: "webhook", url: hung.url }, around).send(
    message(alert()),
    AbortSignal.timeout(200),
  );
  assert.equal((await stopped).kind, "again");
  channel.close();
});

test("a secret may stand in a variable, and a channel whose variable is missing says so", async (t) => {
  const { url, received } = await openReceiver(t);
  const settings = { name: "x", type: "webhook" as const, url, secret: "env:ALERT_SECRET" };
  const channel = openChannel(settings, { ...around, env: { ALERT_SECRET: "s3" } });
  await channel.send(message(alert()), never);
  const { raw = "", headers } = received[0] ?? {};
  assert.equal(headers?.["x-mpm-signature"], `sha256=${createHmac("sha256", "s3").update(raw).digest("hex")}`);
  assert.match(openChannel(settings, around).trouble ?? "", /variable/);
  channel.close();
});

test("a notification is shown by the desktop's own command, and no text of it can do anything else", async (t) => {
  const dir = tempDir(t);
  const bin = join(dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "notify-send"), `#!/bin/sh\nfor word; do printf '%s\\0' "$word"; done >'${dir}/words'\n`);
  chmodSync(join(bin, "notify-send"), 0o755);
  const env = { PATH: `${bin}:/usr/bin:/bin`, XDG_RUNTIME_DIR: dir };
  const channel = openChannel({ name: "desktop", type: "desktop" }, { ...around, env });
  assert.equal(channel.trouble, undefined);
  const nasty = alert({ project: "--hint=x", text: `$(touch ${dir}/a) \`touch ${dir}/b\` "; touch ${dir}/c <b>` });
  assert.deepEqual(await channel.send(message(nasty), never), { kind: "delivered" });
  const words = readFileSync(join(dir, "words"), "utf8").split("\0");
  assert.deepEqual(words.slice(0, 3), ["--app-name=mpm", "--", "hint=x"]);
  assert.match(words[3] ?? "", /&lt;b&gt;$/);
  for (const name of ["a", "b", "c"]) assert.equal(existsSync(join(dir, name)), false, name);
  const bare = openChannel({ name: "desktop", type: "desktop" }, { ...around, env: { PATH: "/nonexistent" } });
  assert.match(bare.trouble ?? "", /notify-send was not found/);
});

test("on a Mac and on Windows texts are arguments and variables, never part of the program", () => {
  const [title, text] = ['" & (do shell script "x") & "', "'; rm -rf ~ #"];
  const mac = notification("darwin", title, text);
  assert.deepEqual(mac.args.slice(-2), [title, text]);
  assert.ok(mac.args.slice(0, -2).every((word) => !word.includes("shell script")));
  const windows = notification("win32", title, text);
  assert.ok(windows.args.every((word) => !word.includes("rm -rf")));
  assert.deepEqual(windows.env, { MPM_ALERT_TITLE: title, MPM_ALERT_TEXT: text });
});
