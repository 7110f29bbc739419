// What importing the past costs: transcripts as history.ts makes them, into a store of their own.
// - The floor is a loop that reads and parses each line and puts its text into a bare table of SQLite with the same
//   full-text index, in the same run. Its text is what an import keeps of it: what was said, what calls were given, and
//   what came of them as the host kept it. MEGABYTES sets how much there is to read.
// - Where others work on the machine, too, processor time tells more than speed: of the floor, of the thread that reads, of
//   the monitor's own, and of both with all that helps them (garbage, compilation). Two processors do no more than half of
//   the sum allows.
// - Then the monitor, as `mpm import` has it work: its speed, the most memory it had, how long the page waits for a list
//   of sessions meanwhile, and a second run over the same files.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ImportStatus } from "../../src/contract/import.ts";
import { TICK_MS } from "../../src/platform/process.ts";
import { findTranscripts } from "../../src/transcripts/find.ts";
import { readLines } from "../../src/transcripts/lines.ts";
import { killThoseOf, mpm, until } from "../world.ts";
import { writeHistory } from "./history.ts";
import { quantile, type Row, table } from "./table.ts";

const MEGABYTES = Number(process.env["MEGABYTES"] ?? 100);
const MB = 1_000_000;
const LINES_A_COMMIT = 256;
const HOUR_MS = 3_600_000;
const LOOK_MS = 200;

/** Reads every line, parses it, and keeps its text where it can be found. Seconds, and those of processor time. */
async function bare(claudeHome: string, file: string): Promise<{ readonly seconds: number; readonly spent: number }> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;
    CREATE TABLE line (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = "unicode61")`);
  const insert = db.prepare("INSERT INTO line (text) VALUES (?)");
  const index = db.prepare("INSERT INTO search (rowid, text) VALUES (?, ?)");
  let pending = 0;
  for (const { path } of await findTranscripts([claudeHome])) {
    await using handle = await open(path);
    for await (const { bytes } of readLines(handle)) {
      const line = JSON.parse(bytes?.toString("utf8") ?? "{}");
      const text = textOf(line.toolUseResult ?? line.message?.content);
      if (text === "") continue;
      if (pending === 0) db.exec("BEGIN");
      index.run(insert.run(text).lastInsertRowid, text);
      pending = (pending + 1) % LINES_A_COMMIT;
      if (pending === 0) db.exec("COMMIT");
    }
  }
  if (pending > 0) db.exec("COMMIT");
  db.close();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - begun) / 1000, spent: (user + system) / 1_000_000 };
}

/** Name, and seconds of processor time so far, of a process or a thread (proc_pid_stat(5)). */
function spentIn(stat: string): readonly [name: string, seconds: number] {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return [stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), (ticks * TICK_MS) / 1000];
}

/** Seconds of processor time of a process, of its first thread, and of that which imports, if there is one now. */
function spentOf(pid: number): { readonly all: number; readonly main: number; readonly importer: number } {
  const threads = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return [[thread, ...spentIn(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"))] as const];
    } catch {
      return []; // has ended
    }
  });
  return {
    all: spentIn(readFileSync(`/proc/${pid}/stat`, "utf8"))[1],
    main: threads.find(([thread]) => thread === String(pid))?.[2] ?? 0,
    importer: Math.max(0, ...threads.filter(([, name]) => name === "WorkerThread").map(([, , seconds]) => seconds)),
  };
}

/** All texts of a value. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value).map(textOf).filter(Boolean).join("\n");
}

const home = mkdtempSync(join(tmpdir(), "mpm-bench-import-"));
try {
  const mpmHome = join(home, ".claude-mpm");
  const claudeHome = join(home, ".claude");
  mkdirSync(mpmHome, { mode: 0o700 });
  const env = { HOME: home, MPM_HOME: mpmHome, MPM_NO_BROWSER: "1", PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  const { sessions, bytes } = writeHistory(claudeHome, MEGABYTES * MB, Date.now() - HOUR_MS);
  const floor = await bare(claudeHome, join(home, "bare.db"));
  process.stderr.write(`${(bytes / MB / floor.seconds).toFixed(1)} MB/s\n`);

  const started = await mpm(["monitor", "start", "--port", "0"], { env });
  if (started.status !== 0) throw new Error(started.stderr);
  const { url, pid } = JSON.parse(readFileSync(join(mpmHome, "monitor.json"), "utf8"));
  const headers = { authorization: `Bearer ${readFileSync(join(mpmHome, "token"), "utf8").trim()}` };
  const peakMib = () => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

  /** Imports everything; how long it took in seconds, and how long lists of sessions took meanwhile. */
  const imported = async () => {
    const waits: number[] = [];
    const begun = performance.now();
    const before = spentOf(pid);
    let importer = 0;
    const answer = await fetch(`${url}/api/import`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    });
    if (!answer.ok) throw new Error(await answer.text());
    let status: ImportStatus | undefined;
    await until(
      async () => {
        importer = Math.max(importer, spentOf(pid).importer);
        const asked = performance.now();
        await (await fetch(`${url}/api/sessions?limit=100`, { headers })).text();
        waits.push(performance.now() - asked);
        status = ImportStatus.parse(await (await fetch(`${url}/api/import`, { headers })).json());
        await new Promise((wake) => setTimeout(wake, LOOK_MS));
        return status.state !== "running";
      },
      MEGABYTES * 10_000,
      "the end of the import",
    );
    if (status?.state !== "done") throw new Error(status?.trouble);
    const after = spentOf(pid);
    return {
      seconds: status.seconds ?? (performance.now() - begun) / 1000,
      waits,
      progress: status.progress,
      spent: { importer, main: after.main - before.main, all: after.all - before.all },
    };
  };
  const first = await imported();
  const peak = peakMib();
  const again = await imported();
  const speed = bytes / MB / first.seconds;
  const times = (seconds: number) => (seconds / floor.spent).toFixed(2);
  const rows: Row[] = [
    [
      "transcripts",
      bytes / MB,
      "MB",
      `${sessions} sessions, ${first.progress?.lines} lines, ${first.progress?.events.added} events`,
    ],
    ["a bare loop", bytes / MB / floor.seconds, "MB/s", "the floor"],
    ["import", speed, "MB/s", `${((speed * floor.seconds * MB) / bytes).toFixed(2)} of the floor; goal 0.5`],
    ["processor time of the bare loop", floor.spent, "s", "the floor"],
    ["of the thread that reads and redacts", first.spent.importer, "s", `${times(first.spent.importer)} of the floor`],
    ["of the monitor's own, which stores", first.spent.main, "s", `${times(first.spent.main)} of the floor`],
    ["of the monitor, all threads", first.spent.all, "s", `${times(first.spent.all)} of the floor; two processors: 4`],
    ["the most memory of the monitor", peak, "MiB", "goal 200"],
    ["a list of 100 sessions meanwhile, p95", quantile(first.waits, 0.95), "ms"],
    ["a second run", again.seconds, "s", `goal 5; ${again.progress?.events.added} events added`],
  ];
  table("Importing transcripts", rows, "once");
} finally {
  await killThoseOf(home);
  rmSync(home, { recursive: true, force: true });
}
