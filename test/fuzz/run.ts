// npm run fuzz [-- --cases N] [--seed N] [--target NAME]: every target in a process of its own, with figures.
// - A process that crashes, leaves a rejection unhandled or does not end is a finding, too.
// - A finding is shrunk and printed as JSON, ready for corpus/.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { ALL_SHARES, TARGETS } from "./targets.ts";

const DEFAULT_CASES = 200_000;
/** A case takes a millisecond or ten; a target that needs longer than this for all of its cases hangs. */
const HANG_MS_PER_CASE = 100;
const HANG_MS = 60_000;
/** Memory that must suffice for any number of cases; what grows without bounds ends here. */
const MAX_HEAP_MIB = 256;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: String(DEFAULT_CASES) },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    target: { type: "string" },
    worker: { type: "boolean", default: false },
  },
});
const cases = Number(values.cases);
const seed = Number(values.seed);
process.exitCode = values.worker ? await work(values.target ?? "", cases) : await all();

/** One target in this process. @returns the exit status */
async function work(name: string, numRuns: number): Promise<number> {
  const target = TARGETS.find((one) => one.name === name);
  if (!target) throw new Error(`there is no target ${name}`);
  const opened = await target.open();
  const result = await fc.check(
    fc.asyncProperty(target.input, async (value) => opened.check(value)),
    { numRuns, seed },
  );
  await opened.close?.();
  const finding = result.failed
    ? { target: name, found: String(result.errorInstance).slice(0, 400), input: result.counterexample?.[0] }
    : undefined;
  console.log(JSON.stringify({ runs: result.numRuns, rss: process.resourceUsage().maxRSS / 1024, finding }));
  return result.failed ? 1 : 0;
}

async function all(): Promise<number> {
  let failed = 0;
  let total = 0;
  console.log(`seed ${seed}`);
  for (const { name, share } of TARGETS.filter((one) => values.target === undefined || one.name === values.target)) {
    const count = values.target === undefined ? Math.ceil((cases * share) / ALL_SHARES) : cases;
    const start = performance.now();
    const args = [
      `--max-old-space-size=${MAX_HEAP_MIB}`,
      import.meta.filename,
      "--worker",
      "--target",
      name,
      "--cases",
      `${count}`,
      "--seed",
      `${seed}`,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), HANG_MS + count * HANG_MS_PER_CASE);
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
    });
    const [status, signal] = await once(child, "close");
    clearTimeout(timer);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const told = said ? (JSON.parse(said) as { runs: number; rss: number; finding?: unknown }) : undefined;
    total += told?.runs ?? 0;
    if (status !== 0) failed++;
    const verdict = status === 0 ? "ok" : signal ? "hangs" : told ? "found" : "crashed";
    console.log(
      `${name.padEnd(42)} ${String(told?.runs ?? 0).padStart(7)} cases ${seconds.padStart(7)} s ${Math.round(
        told?.rss ?? 0,
      )
        .toString()
        .padStart(5)} MiB  ${verdict}`,
    );
    if (told?.finding) console.log(JSON.stringify(told.finding));
  }
  console.log(`${total} cases, ${failed} of the targets failed`);
  return failed > 0 ? 1 : 0;
}
