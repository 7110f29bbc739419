// A real Prometheus: it scrapes the monitor with the home's token, loads the alert rules, and answers every query of the
// dashboard.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { recording } from "../../browser/recordings.ts";
import { testWith } from "../../tools.ts";
import { freePort, ROOT, run, start, tempDir, until } from "../../world.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";

const test = testWith("prometheus");
const RULES = join(ROOT, "contrib/prometheus/rules.yml");
const DASHBOARD = join(ROOT, "contrib/grafana/mpm-hook.json");
/** Panels that are empty while nothing fails and nothing exports. */
const MAY_BE_EMPTY = ["Failures, by tool", "Waiting in the spool", "Waiting for consumers", "Losses"];

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const { panels, templating } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as {
  panels: readonly Panel[];
  templating: { list: readonly { name: string; query: string }[] };
};

test("promtool finds nothing wrong with the alert rules, and they say what they should of invented series", async () => {
  const checked = await run("/usr/bin/promtool", ["check", "rules", "--lint=all", "--lint-fatal", RULES]);
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  const tested = await run("/usr/bin/promtool", ["test", "rules", join(import.meta.dirname, "rules.test.yml")]);
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
});

test("the monitor is scraped with the home's token, the rules are healthy, and each panel has an answer", async (t) => {
  const monitor = await runMonitor(t);
  const dir = tempDir(t);
  const port = await freePort();
  const scrape = readFileSync(join(ROOT, "contrib/prometheus/scrape.yml"), "utf8")
    .replace("/home/you/.claude-mpm/token", join(monitor.home, "token"))
    .replace("127.0.0.1:8765", `127.0.0.1:${monitor.port}`)
    .replace("rules.yml", RULES)
    .replace("- job_name: mpm", "- job_name: mpm\n    scrape_interval: 1s");
  writeFileSync(join(dir, "prometheus.yml"), scrape);
  mkdirSync(join(dir, "data"));
  const args = [
    `--config.file=${join(dir, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(dir, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  start(t, "/usr/bin/prometheus", args, {}, dir);
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    // biome-ignore lint/suspicious/noExplicitAny: Prometheus' own answers
    return answer?.ok ? ((await answer.json()) as any).data : undefined;
  };
  await until(async () => (await ask("/api/v1/targets"))?.activeTargets[0]?.health === "up", 30_000, "the scrape");
  const works = async () => {
    await monitor.store(...recording("tools", Date.now() - 1000).map((event, index) => fresh(event, index)));
    await monitor.store({ ...envelope(1, { session: "w" }), id: `w-${++round}`, hook_event_name: "UserPromptSubmit" });
  };
  let round = 0;
  const fresh = (event: ReturnType<typeof recording>[number], index: number) => ({
    ...event,
    id: `${event.id}-${round}-${index}`,
    session_id: `${event.session_id}-${round}`,
  });
  await works();
  await until(async () => ((await ask("/api/v1/rules"))?.groups[0]?.rules.length ?? 0) > 0, 20_000, "the rules");
  const query = async (expr: string) => {
    const text = expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*");
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`);
    // biome-ignore lint/suspicious/noExplicitAny: Prometheus' own answers
    const body = (await answer.json()) as any;
    assert.equal(body.status, "success", `${expr}: ${body.error}`);
    return body.data.result as { metric: Record<string, string>; value: [number, string] }[];
  };
  for (const { title, targets } of panels)
    for (const { expr } of targets) {
      if (MAY_BE_EMPTY.includes(title)) await query(expr);
      else
        await until(
          async () => {
            await works();
            return (await query(expr)).some(({ value }) => value[1] !== "NaN");
          },
          30_000,
          `an answer for ${title}`,
        );
    }
  for (const { query: expr, name } of templating.list.filter(({ query: text }) => text.startsWith("label_values")))
    assert.ok((await query(/\((\w+),/.exec(expr)?.[1] ?? "")).length > 0, name);

  const { groups } = await ask("/api/v1/rules");
  // biome-ignore lint/suspicious/noExplicitAny: Prometheus' own answers
  for (const rule of groups.flatMap(({ rules }: any) => rules))
    assert.ok(rule.health === "ok" || rule.health === "unknown", `${rule.name}: ${rule.lastError}`);
  for (const rule of readFileSync(RULES, "utf8").matchAll(/^ +expr: (.+)$/gm)) await query(rule[1] ?? "");
});
