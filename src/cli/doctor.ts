// mpm doctor: what keeps events from being recorded, and how to fix it.
// - Exit status 0 when events are recorded as they should be, 1 when not.

import { doctor, type Examined } from "../install/doctor.ts";
import { printable } from "../platform/text.ts";
import { type Call, flag } from "./arguments.ts";
import { command } from "./command.ts";
import { hang } from "./layout.ts";
import { EXIT, type Io, jsonFor } from "./terminal.ts";

const NAME_CHARS = 10;
const INDENT = NAME_CHARS + 3;

const OPTIONS = {
  fix: flag("fix what can be fixed without any risk"),
  json: flag('one object: {"ok", "checks": [{"name", "state", "finding", "meaning", "cure", "fixed"}]}'),
};

export const verb = command({
  text: [
    "Looks at everything that can keep events from being recorded, and ends by sending one through the registered command and finding it in the store.",
  ],
  options: OPTIONS,
  notes: ["Exit status 0, or 1 when something fails."],
  run,
});

async function run({ options: { fix, json } }: Call<typeof OPTIONS>, io: Io): Promise<number> {
  const { findings, complete } = await doctor(io, fix, async (finding) => {
    if (!json) await io.out(describe(finding, io));
  });
  if (!complete) return EXIT.failed;
  const failed = findings.filter(({ state }) => state === "fail").length;
  if (json) {
    const checks = findings.map(({ fix: _, ...plain }) => plain);
    await io.out(`${jsonFor(io, { ok: failed === 0, checks })}\n`);
  } else await io.out(`\n${summary(findings)}\n`);
  return failed === 0 ? EXIT.done : EXIT.failed;
}

function describe({ name, state, finding, meaning, cure, fixed }: Examined, { style, columns }: Io): string {
  const mark = { ok: style.green(fixed ? "✚" : "●"), warn: style.yellow("▲"), fail: style.red("✖") }[state];
  const fit = (text: string) => hang(text, INDENT, columns);
  const more = [meaning, cure && `→ ${cure}`].filter((line) => line !== undefined);
  const below = more.map((line) => `${" ".repeat(INDENT)}${fit(line)}\n`).join("");
  return `${mark} ${style.bold(name.padEnd(NAME_CHARS))} ${fit(printable(finding))}\n${below}`;
}

function summary(findings: readonly Examined[]): string {
  const count = (wanted: Examined["state"]) => findings.filter(({ state }) => state === wanted).length;
  const [failed, warned] = [count("fail"), count("warn")];
  const fixable = findings.some(({ fix, fixed }) => fix && !fixed);
  const hint = fixable ? " `mpm doctor --fix` fixes what is safe to fix." : "";
  const problems = failed === 1 ? "one problem" : `${failed} problems`;
  const isRecorded = findings.some(({ name, state }) => name === "event" && state === "ok");
  if (failed > 0 && isRecorded) return `mpm: events are recorded, with ${problems}.${hint}`;
  if (failed > 0) return `mpm: ${problems} ${failed === 1 ? "keeps" : "keep"} events from being recorded.${hint}`;
  if (warned > 0)
    return `mpm: events are recorded, with ${warned === 1 ? "one warning" : `${warned} warnings`}.${hint}`;
  return "mpm: all is well.";
}
