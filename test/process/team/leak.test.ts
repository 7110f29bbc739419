// From end to end: of what machines send at `metadata`, no text is found at the team, in any column, word of an index, log,
// answer of the API, export or live message.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import pg from "pg";
import { io } from "socket.io-client";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { thisMachine } from "../../../src/platform/machine.ts";
import { RECORDINGS, recording } from "../../browser/recordings.ts";
import { testWith } from "../../tools.ts";
import { EVENT_FIELDS, PLANTS, plain, TOOL_FIELDS, WORD } from "../../unit/team/planted.ts";
import { until } from "../../world.ts";
import { runMonitor } from "../trust/monitor.ts";
import { startTeam, type TestTeam } from "./team.ts";

const test = testWith("postgresql");
const ARRIVED_MS = 60_000;
/** Shorter ones stand in what the server itself says. */
const TELLING_CHARS = 16;
const NAMED = new Set(["tool_name", "agent_type", "mcp_server_name", "subagent_type", "agentType"]);

const now = Date.now();
let ids = 0;
/** One of a session of its own kind: what a machine sends is dated now. */
const sent = (event: Envelope, session: string, seq: number): Envelope => ({
  ...event,
  id: `leak-${++ids}`,
  session_id: session,
  timestamp: new Date(now + ids).toISOString(),
  cwd: `/home/${WORD}/code/tidepool`,
  project_dir: `/home/${WORD}/code/tidepool`,
  host: { name: "workshop", ...thisMachine() },
  seq,
});

/** A session with each event, and each tool's call, that hold the word in every field. */
function planted(session: string, transcript: string): Envelope[] {
  const holding = (fields: readonly string[], at: number) =>
    Object.fromEntries(
      fields
        .filter((field) => !NAMED.has(field))
        .map((field, index) => [field, Object.values(PLANTS)[(at + index) % (Object.keys(PLANTS).length - 1)]]),
    );
  const unknown = { [`next_${WORD}`]: { [WORD]: [WORD] } };
  const events = Object.entries(EVENT_FIELDS).map(([name, fields], at) =>
    plain(name, { ...holding(fields, at), ...unknown, transcript_path: transcript }),
  );
  const calls = Object.entries(TOOL_FIELDS).map(([tool, { input, response }], at) => {
    const fields = { tool_name: tool, tool_input: holding(input, at), tool_response: holding(response, at) };
    return plain("PostToolUse", { ...fields, tool_use_id: `toolu_01A09q90qw90lq9178${at}` });
  });
  const other = plain(`Next${WORD}`, { ...unknown, transcript_path: transcript });
  return [...events, ...calls, other]
    .filter(({ hook_event_name: name }) => name !== "SessionEnd" && name !== "Interrupted")
    .map((event, index) => sent({ ...event, source: "mpm_hook" }, session, index + 1));
}

const said = (session: string): string =>
  `${JSON.stringify({
    type: "assistant",
    uuid: randomUUID(),
    sessionId: session,
    timestamp: new Date(now).toISOString(),
    gitBranch: WORD,
    message: {
      id: "msg_01",
      role: "assistant",
      model: `gateway-${WORD}`,
      content: [{ type: "text", text: `I ${WORD} it` }],
      usage: { input_tokens: 10, output_tokens: 7, cache_read_input_tokens: 3, cache_creation_input_tokens: 2 },
    },
  })}\n`;

/** All that the team's database holds, a line a row, seen as by who runs it; and the words of its index. */
async function stored({ server }: TestTeam): Promise<{ rows: string[]; words: string[] }> {
  const url = new URL(server.url);
  url.username = "postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'mpm'",
    );
    const rows: string[] = [];
    for (const { name } of tables)
      rows.push(
        ...(await client.query<{ row: string }>(`SELECT row_to_json(one)::text AS row FROM ${name} one`)).rows.map(
          ({ row }) => `${name} ${row}`,
        ),
      );
    const words = await client.query<{ word: string }>(
      "SELECT DISTINCT word FROM mpm.words, unnest(tsvector_to_array(words)) AS word",
    );
    return { rows, words: words.rows.map(({ word }) => word) };
  } finally {
    await client.end();
  }
}

const logsOf = (home: string): string[] =>
  readdirSync(join(home, "log")).map((file) => readFileSync(join(home, "log", file), "utf8"));

/** Strings of a value that nothing but it says. */
function* telling(value: unknown): Generator<string> {
  if (typeof value === "string") {
    for (const part of [value, ...value.split("\n"), ...value.split(/[/\\]/)])
      if (part.trim().length >= TELLING_CHARS) yield part.trim();
  } else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) yield* telling(item);
}

async function heard(t: TestContext, { monitor }: TestTeam): Promise<string[]> {
  const messages: string[] = [];
  const socket = io(`${monitor.url}/live`, {
    auth: { token: monitor.token() },
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
  });
  t.after(() => socket.close());
  socket.onAny((name, ...given) => void messages.push(`${name} ${JSON.stringify(given)}`));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  await socket.timeout(10_000).emitWithAck("subscribe", {});
  return messages;
}

test("no text of a machine is found at its team: in no column, index, log, answer, export or live message", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const session = randomUUID();
  const directory = join(bo.home, ".claude/projects/-home-tidepool");
  mkdirSync(directory, { recursive: true });
  const transcript = join(directory, `${session}.jsonl`);
  writeFileSync(transcript, said(session));
  const messages = await heard(t, team);
  const machine = await runMonitor(t, { world: bo });

  const whole = [
    ...planted(session, transcript),
    ...RECORDINGS.flatMap((name) => recording(name, Date.now()).map((event) => ({ ...event, id: `leak-${++ids}` }))),
  ];
  for (let at = 0; at < whole.length; at += 100) await machine.store(...whole.slice(at, at + 100));
  await until(async () => (await team.monitor.health()).events >= whole.length, ARRIVED_MS, "all events at the team");
  const named = `the ${WORD} session`; // no host calls one so
  await machine.store(sent(plain("Stop"), named, 1));
  await until(async () => (await team.monitor.health()).events > whole.length, ARRIVED_MS, "the session with a name");
  const answers = async () => (await stored(team)).rows.filter((row) => row.startsWith("mpm.answer "));
  await until(async () => (await answers()).length > 0, ARRIVED_MS, "what an answer took");

  const { rows, words } = await stored(team);
  const read = async (path: string) => (await team.monitor.ask(path)).text();
  const sessions = [...new Set(whole.map(({ session_id: id }) => id))];
  const api = await Promise.all(
    ["/api/events?limit=1000", "/api/sessions", "/api/projects", "/api/stats", "/api/files", "/metrics"]
      .concat(
        sessions.flatMap((id) =>
          ["", "/messages", "/turns", "/files", "/timeline"].map((of) => `/api/sessions/${id}${of}`),
        ),
      )
      .map(read),
  );
  const places = { column: rows, answer: api, "live message": messages, log: logsOf(team.operator.mpmHome) };
  for (const [place, texts] of Object.entries(places)) {
    assert.ok(texts.length > 0, place);
    const found = texts.find((text) => text.toLowerCase().includes(WORD));
    assert.equal(found?.slice(0, 400), undefined, `${place} holds the word`);
  }
  assert.deepEqual(
    words.filter((word) => word.includes("quokka")),
    [],
  );

  const left = api[0] ?? "";
  const texts = new Set(whole.flatMap(({ data }) => [...telling(data)]).filter((text) => !left.includes(text)));
  const known = new Set(
    whole.flatMap((event) => [event.session_id, event.correlation_id, event.prompt_id, event.agent_id]),
  );
  const everything = Object.values(places).flat().join("\n");
  for (const text of texts) {
    if (known.has(text)) continue;
    assert.equal(everything.includes(JSON.stringify(text).slice(1, -1)), false, JSON.stringify(text.slice(0, 200)));
  }
  assert.ok(texts.size > 300, `${texts.size} texts were looked for`);
});
