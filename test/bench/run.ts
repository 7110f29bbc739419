// npm run bench [-- name ...] [--write]: runs the benchmarks, one after the other, and prints their tables.
// - A benchmark is a program beside this one that prints Markdown tables (table.ts); one that is not there is passed over.
// - Nothing is written anywhere, but with --write the tables become docs/benchmarks.md.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { NODE, ROOT } from "../world.ts";

const BENCHES = [
  "hook",
  "host",
  "relay",
  "store",
  "import",
  "team",
  "devices",
  "search",
  "start",
  "dashboard",
  "sessions",
  "routes",
  "agents",
  "redact",
  "size",
];
const PAGE = join(ROOT, "docs/benchmarks.md");
const HEAD = `# Benchmarks

Written by \`npm run bench -- --write\`. The machine is shared, so that figures vary from run to run; ratios are against a floor
in the same run. What each measures, and how, stands at the top of its program in \`test/bench\`.`;
const GIB = 1024 ** 3;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: "boolean" } } });
const unknown = positionals.filter((name) => !BENCHES.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(", ")}. There are: ${BENCHES.join(", ")}.`);
  process.exit(2);
}

const machine = describeMachine();
console.log(machine);
const sections: string[] = [];
let failed = false;
for (const name of positionals.length > 0 ? positionals : BENCHES) {
  const file = join(import.meta.dirname, `${name}.ts`);
  if (!existsSync(file)) continue;
  const { status, said } = await bench(file);
  sections.push(tablesOf(said));
  if (status === 0) continue;
  console.error(`bench ${name} ended with ${status}.`);
  failed = true;
}
if (values.write && !failed) writeFileSync(PAGE, `${[HEAD, machine, ...sections].join("\n\n")}\n`);
process.exit(failed ? 1 : 0);

/** Runs it, passing on what it prints. */
async function bench(file: string): Promise<{ status: number | null; said: string }> {
  const child = spawn(NODE, [file], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    process.stdout.write(text);
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { status, said };
}

/** The tables with their titles; what else was printed is for who watches. */
function tablesOf(said: string): string {
  const paragraphs = said.trim().split(/\n{2,}/);
  const kept = paragraphs.filter((text, index) => text.startsWith("|") || paragraphs[index + 1]?.startsWith("|"));
  return kept.join("\n\n");
}

function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = `${Math.round(totalmem() / GIB)} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.version}, ${type()} ${release()}, ${availableParallelism()} × ${model}, ${memory}`;
}
