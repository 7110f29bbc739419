// mpm alerts: what is told and where, a test of it, and what was told lately.
// - Rules, channels and tests need no monitor; it is the monitor that watches.

import { existsSync } from "node:fs";
import { platform } from "node:os";
import { type Channel, openChannel } from "../alerts/channel.ts";
import { tryOut } from "../alerts/delivery.ts";
import { openOutbox } from "../alerts/outbox.ts";
import { aboutRule, CHANNEL_WORDS, channelStatus, setupOf } from "../alerts/setup.ts";
import type { AlertRecord, ChannelStatus, Delivery, TestedChannel } from "../contract/alerts.ts";
import { printable, span } from "../platform/text.ts";
import { monitorUrl } from "../services/client.ts";
import { type Call, flag, whole } from "./arguments.ts";
import { command } from "./command.ts";
import { table, wrap } from "./layout.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const DEFAULT_LIMIT = 20;
const ALL = 10_000;

const OPTIONS = {
  json: flag("one JSON object", { aboutFor: { history: "one alert a line, the latest first" } }),
  limit: whole("N", `the latest N (default: ${DEFAULT_LIMIT}; with --json all)`, [1, ALL], { only: ["history"] }),
};

export const verb = command({
  text: [
    "Tells you what you asked to be told: that a session waits for you, that a long turn has ended, that calls fail, that a budget is used up. Rules and channels stand in config.json as alerts.rules and alerts.channels; where there are none, waiting sessions are told on the desktop.",
  ],
  options: OPTIONS,
  verbs: {
    list: { about: "rules and channels, and what a channel lacks" },
    test: {
      about: "send a test through a channel, or through all",
      operands: [{ name: "NAME", about: "a channel's name", optional: true }],
    },
    history: { about: "what was told lately, and what became of it" },
  },
  run,
});

async function run({ verb, options, operands }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  switch (verb) {
    case "test":
      return test(io, operands[0], options.json);
    case "history":
      return history(io, options.limit ?? (options.json ? ALL : DEFAULT_LIMIT), options.json);
    default:
      return list(io, options.json);
  }
}

function channelsOf(io: Io): Channel[] {
  return setupOf(io.config).channels.map((channel) =>
    openChannel(channel, { platform: platform(), env: io.env, now: io.now }),
  );
}

async function list(io: Io, json: boolean): Promise<number> {
  const { rules: given, content } = setupOf(io.config);
  const { alertQuiet: quiet } = io.config;
  const rules = given.map(aboutRule);
  const channels = channelsOf(io).map(({ settings, trouble }) => channelStatus(settings, undefined, trouble));
  if (json) {
    const all = { rules, channels, content: content ? "content" : "names", ...(quiet === undefined ? {} : { quiet }) };
    await io.out(`${jsonFor(io, all)}\n`);
    return EXIT.done;
  }
  const { style } = io;
  await io.out(`${style.bold("told")}\n`);
  const known = new Set(channels.map(({ name }) => name));
  for (const { about, to } of rules) {
    const unknown = to.filter((name) => !known.has(name));
    const where = unknown.length === 0 ? "" : style.red(`  there is no channel ${unknown.map(printable).join(", ")}`);
    await io.out(`  ${printable(about)} → ${to.map(printable).join(", ")}${where}\n`);
  }
  await io.out(`${style.bold("where")}\n`);
  for (const line of table(channels.map(rowOf), io.columns)) await io.out(`  ${line}\n`);
  if (quiet !== undefined) await io.out(`Alerts wait from ${quiet.replace("-", " to ")}.\n`);
  const what = content
    ? "They say what was asked, run and said (redacted)."
    : "They name projects and tools, and say no text.";
  const advice = `${what} \`mpm alerts test\` sends one, \`mpm config edit\` changes them.`;
  await io.out(`${style.dim(io.columns === undefined ? advice : wrap(advice, io.columns))}\n`);
  return EXIT.done;
}

function rowOf({ name, type, to, available, trouble }: ChannelStatus): string[] {
  const state = available
    ? `ready${to === undefined ? "" : `, at ${printable(to)}`}`
    : `not usable: ${printable(trouble ?? "")}`;
  return [printable(name), CHANNEL_WORDS[type], state];
}

async function test(io: Io, name: string | undefined, json: boolean): Promise<number> {
  const channels = channelsOf(io).filter(({ settings }) => name === undefined || settings.name === name);
  if (channels.length === 0) {
    io.err(`mpm: there is no channel "${printable(name ?? "")}". \`mpm alerts list\` names them.\n`);
    return EXIT.failed;
  }
  const { results } = await tryOut(channels, monitorUrl(io.config), io.now(), io.signal);
  for (const channel of channels) channel.close();
  if (json) await io.out(`${jsonFor(io, { results })}\n`);
  else for (const result of results) await say(io, result);
  return results.every(({ delivered }) => delivered) ? EXIT.done : EXIT.failed;
}

async function say(io: Io, { name, delivered, trouble }: TestedChannel): Promise<void> {
  if (delivered) await io.out(`${io.style.green("mpm:")} ${printable(name)} has taken it.\n`);
  else io.err(`mpm: ${printable(name)} has not taken it: ${printable(trouble ?? "no reason was given")}.\n`);
}

async function history(io: Io, limit: number, json: boolean): Promise<number> {
  const { alerts: file } = io.config.paths;
  const outbox = existsSync(file) ? openOutbox(file) : undefined;
  const records = outbox?.history(limit) ?? [];
  outbox?.close();
  if (json) {
    for (const record of records) await io.out(`${jsonFor(io, record)}\n`);
    return EXIT.done;
  }
  if (records.length === 0) {
    io.err("mpm: nothing was told yet. `mpm alerts list` says what would be.\n");
    return EXIT.done;
  }
  const rows = records.map((record) => [
    `${span(Math.max(0, io.now() - record.at))} ago`,
    printable(record.text),
    became(record),
  ]);
  for (const line of table([["when", "what", "became"], ...rows], io.columns)) await io.out(`${line}\n`);
  return EXIT.done;
}

const STATES: Readonly<Record<Delivery["state"], string>> = {
  waiting: "waits",
  delivered: "delivered",
  refused: "refused",
  settled: "no longer needed",
};

function became({ deliveries }: AlertRecord): string {
  if (deliveries.length === 0) return "shown here only";
  return deliveries
    .map(
      ({ channel, state, reason }) =>
        `${printable(channel)}: ${STATES[state]}${reason ? ` (${printable(reason)})` : ""}`,
    )
    .join(", ");
}
