// The floors of relay.ts: what a relay and a monitor cannot do without, and nothing else.
// - `bare-backlog.ts monitor FILE` takes lists of events over Socket.IO and inserts them into the tables, indexes and index of
//   words of a monitor's store, in the same groups and with the same settings; it says its address.
// - `bare-backlog.ts relay SPOOL URL` opens, reads, parses, serialises, sends and unlinks the entries of a spool.
// - Both say at their end how much processor time an event took, in microseconds, startup left out.

import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import * as z from "zod/mini";
import { migrate } from "../../src/store/sqlite/migrations.ts";

/** Events in a message, in flight, in a commit, and indexed at once: as relay and monitor have them. */
const MESSAGE = 24;
const WINDOW = 512;
const GROUP = 256;
const BLOCK = 2048;
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
/** What stands around the payload of an entry. */
const FIELDS = 7;
const LAST_LINE = "\n\0mpm1 whole\n".length;

const Payload = z.looseObject({
  session_id: z.string(),
  hook_event_name: z.string(),
  tool_name: z.string(),
  tool_use_id: z.string(),
  cwd: z.string(),
  duration_ms: z.number(),
  tool_input: z.looseObject({ command: z.string(), description: z.string() }),
  tool_response: z.looseObject({ stdout: z.string() }),
});
interface Sent {
  readonly id: string;
  readonly data: z.infer<typeof Payload>;
}

const [role, place = "", url = ""] = process.argv.slice(2);
if (role === "monitor") await monitor(place);
else await relay(place, url);

function say(before: NodeJS.CpuUsage, events: number): void {
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) / events}\n`);
}

async function relay(spool: string, to: string): Promise<void> {
  const names = readdirSync(spool).sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  const socket = io(to, { transports: ["websocket"] });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const before = process.cpuUsage();
  let inFlight = 0;
  let wake = () => {};
  for (let from = 0; from < names.length; from += MESSAGE) {
    const some = names.slice(from, from + MESSAGE);
    inFlight += some.length;
    const events = some.map((name) => ({ id: name, data: JSON.parse(payloadOf(join(spool, name))) }));
    socket.emit("claude_events", events, () => {
      for (const name of some) unlinkSync(join(spool, name));
      inFlight -= some.length;
      wake();
    });
    while (inFlight > (from + MESSAGE < names.length ? WINDOW - MESSAGE : 0))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  say(before, names.length);
  socket.close();
}

function payloadOf(file: string): string {
  const descriptor = openSync(file, "r");
  try {
    const bytes = readFileSync(descriptor);
    let start = 0;
    for (let field = 0; field < FIELDS; field++) start = bytes.indexOf(0, start) + 1;
    return bytes.toString("utf8", start, bytes.length - LAST_LINE);
  } finally {
    closeSync(descriptor);
  }
}

async function monitor(file: string): Promise<void> {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -32768`);
  migrate(db);
  const insert = db.prepare(`INSERT INTO event (id, t, session, seq, event, tool, call, ms, text, bytes, project)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertBody = db.prepare("INSERT INTO body VALUES (?, ?)");
  const insertText = db.prepare("INSERT INTO search (rowid, text) VALUES (?, ?)");
  const http = createServer();
  const server = new Server(http, { maxHttpBufferSize: MAX_MESSAGE_BYTES });
  let group: { readonly sent: Sent; readonly done: () => void }[] = [];
  let texts: string[] = [];
  let stored = 0;
  let before: NodeJS.CpuUsage | undefined;

  const commit = () => {
    db.exec("BEGIN IMMEDIATE");
    for (const { sent } of group) {
      const { id, data } = sent;
      const json = JSON.stringify(sent);
      const { command, description } = data.tool_input;
      const values = [data.session_id, ++stored, data.hook_event_name, data.tool_name, data.tool_use_id];
      insert.run(id, Date.now(), ...values, data.duration_ms, command, json.length, data.cwd);
      insertBody.run(stored, json);
      texts.push([data.cwd, command, description, data.tool_response.stdout].join("\n"));
    }
    db.exec("COMMIT");
    for (const { done } of group) done();
    group = [];
    if (texts.length >= BLOCK) index();
  };
  const index = () => {
    db.exec("BEGIN IMMEDIATE");
    for (const [at, text] of texts.entries()) insertText.run(stored - texts.length + at + 1, text);
    db.exec("COMMIT");
    texts = [];
  };
  let soon: NodeJS.Immediate | undefined;
  server.on("connection", (socket) =>
    socket.on("claude_events", (events: readonly Sent[], answer: () => void) => {
      before ??= process.cpuUsage();
      let left = events.length;
      const done = () => void (--left === 0 && answer());
      for (const sent of events) group.push({ sent, done });
      clearImmediate(soon);
      if (group.length >= GROUP) commit();
      else soon = setImmediate(() => group.length > 0 && commit());
    }),
  );
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  process.stdout.write(`http://127.0.0.1:${(http.address() as AddressInfo).port}\n`);
  process.once("SIGTERM", () => {
    if (texts.length > 0) index();
    if (before) say(before, stored);
    db.close();
    process.exit(0);
  });
}
