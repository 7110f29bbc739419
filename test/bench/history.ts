// Transcripts as months of work leave them, in the form of host 2.1.330: real code and prose in lines of the kinds and
// lengths that the host writes. The same seed gives the same bytes.
// - Of a line of a transcript most bytes are results: files that were read, files before an edit, output of commands.
// - What the host writes for itself (snapshots, attachments, requests) is a quarter of the lines.

import { createHash } from "node:crypto";
import { appendFileSync, globSync, mkdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { random } from "../browser/story.ts";
import { ROOT } from "../world.ts";

type Fields = Readonly<Record<string, unknown>>;

const PROJECTS = 25;
const MIN_TURNS = 2;
const MORE_TURNS = 14;
const DAY_MS = 86_400_000;
const DAYS = 80;

/** What is quoted: sources, tests and documentation of this checkout. */
function material(): readonly string[] {
  const files = globSync(["src/**/*.ts", "src/**/*.tsx", "test/**/*.ts", "docs/**/*.md"], { cwd: ROOT }).sort();
  return files.map((file) => readFileSync(join(ROOT, file), "utf8")).filter((text) => text.length > 500);
}

/** Writes transcripts of at least so many bytes below a configuration directory; how many sessions they are. */
export function writeHistory(claudeHome: string, bytes: number, now: number): { sessions: number; bytes: number } {
  const texts = material();
  let written = 0;
  let sessions = 0;
  while (written < bytes) {
    const age = (written / bytes) * DAYS * DAY_MS + 2 * 3_600_000;
    const session = new Session(sessions, now - age, texts);
    const folder = join(claudeHome, "projects", `-home-dana-code-project-${sessions % PROJECTS}`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${session.id}.jsonl`);
    const turns = MIN_TURNS + Math.floor(session.pick() ** 2 * MORE_TURNS);
    for (let turn = 0; turn < turns; turn++) {
      const text = session.turn();
      appendFileSync(file, text);
      written += Buffer.byteLength(text);
    }
    utimesSync(file, session.t / 1000, session.t / 1000);
    sessions += 1;
  }
  return { sessions, bytes: written };
}

class Session {
  readonly id: string;
  readonly pick: () => number;
  t: number;
  readonly #texts: readonly string[];
  readonly #cwd: string;
  #count = 0;
  #before: string | null = null;

  constructor(index: number, start: number, texts: readonly string[]) {
    this.pick = random(index * 7919 + 11);
    this.id = uuidOf(`session ${index}`);
    this.t = start;
    this.#texts = texts;
    this.#cwd = `/home/dana/code/project-${index % PROJECTS}`;
  }

  /** The lines of one turn. */
  turn(): string {
    const lines: string[] = [];
    const prompt = this.prose(40, 400);
    const promptId = uuidOf(`${this.id} prompt ${this.#count}`);
    lines.push(this.line("user", { message: { role: "user", content: prompt }, promptId, permissionMode: "default" }));
    lines.push(
      this.own("attachment", { attachment: { type: "session_context", context: { gitStatus: this.prose(200, 900) } } }),
    );
    lines.push(
      this.own("file-history-snapshot", {
        snapshot: { trackedFileBackups: {}, timestamp: this.t },
        isSnapshotUpdate: false,
      }),
    );
    const steps = 4 + Math.floor(this.pick() * 16);
    for (let step = 0; step < steps; step++) {
      if (this.pick() < 0.5)
        lines.push(this.answer([{ type: "thinking", thinking: this.prose(200, 2500), signature: this.noise(400) }]));
      if (this.pick() < 0.3) lines.push(this.answer([{ type: "text", text: this.prose(80, 800) }]));
      lines.push(...this.call());
    }
    lines.push(this.answer([{ type: "text", text: this.prose(300, 2500) }], "end_turn"));
    lines.push(this.own("system", { subtype: "turn_duration", durationMs: 1000 * steps, content: "" }));
    return lines.join("");
  }

  /** A call and its result, in the shares in which sessions have them. */
  call(): string[] {
    const kind = this.pick();
    const file = `${this.#cwd}/src/part${Math.floor(this.pick() * 60)}.ts`;
    if (kind < 0.45) {
      const stdout = this.output();
      return this.used(
        "Bash",
        { command: `npm test -- ${this.prose(10, 60)}`, description: this.prose(20, 60) },
        stdout,
        {
          stdout,
          stderr: "",
          interrupted: false,
          isImage: false,
        },
      );
    }
    if (kind < 0.75) {
      const content = this.piece(500, 20_000);
      const rows = content.split("\n");
      const shown = rows.map((row, index) => `${String(index + 1).padStart(6)}\t${row}`).join("\n");
      return this.used("Read", { file_path: file }, shown, {
        type: "text",
        file: { filePath: file, content, numLines: rows.length, startLine: 1, totalLines: rows.length },
      });
    }
    if (kind < 0.92) {
      const originalFile = this.piece(2000, 30_000);
      const oldString = originalFile.slice(100, 100 + 80 + Math.floor(this.pick() * 600));
      const newString = this.piece(80, 800);
      const lines = [
        ...oldString.split("\n").map((row) => `-${row}`),
        ...newString.split("\n").map((row) => `+${row}`),
      ];
      return this.used(
        "Edit",
        { file_path: file, old_string: oldString, new_string: newString },
        `The file ${file} has been updated.`,
        {
          filePath: file,
          oldString,
          newString,
          originalFile,
          structuredPatch: [{ oldStart: 1, oldLines: 9, newStart: 1, newLines: 9, lines }],
          userModified: false,
          replaceAll: false,
        },
      );
    }
    const found = Array.from(
      { length: 5 + Math.floor(this.pick() * 40) },
      () => `src/${this.prose(5, 20)}.ts:12:${this.prose(20, 90)}`,
    );
    return this.used("Grep", { pattern: this.prose(5, 15), output_mode: "content" }, found.join("\n"), {
      mode: "content",
      numFiles: 0,
      filenames: [],
      content: found.join("\n"),
      numLines: found.length,
    });
  }

  used(name: string, input: Fields, shown: string, result: Fields): string[] {
    const id = `toolu_${uuidOf(`${this.id} call ${this.#count}`).slice(0, 24)}`;
    const content = [{ tool_use_id: id, type: "tool_result", content: shown, is_error: false }];
    return [
      this.answer([{ type: "tool_use", id, name, input }]),
      this.own("attachment", {
        attachment: {
          type: "hook_success",
          hookName: `PreToolUse:${name}`,
          toolUseID: id,
          hookEvent: "PreToolUse",
          content: "",
          stdout: "",
          stderr: "",
          exitCode: 0,
          command: "check",
          durationMs: 20,
        },
      }),
      this.line("user", { message: { role: "user", content }, toolUseResult: result }),
    ];
  }

  answer(content: readonly Fields[], stop = "tool_use"): string {
    const id = `msg_${uuidOf(`${this.id} answer ${this.#count}`).slice(0, 24)}`;
    const usage = {
      input_tokens: 4,
      cache_creation_input_tokens: Math.floor(this.pick() * 4000),
      cache_read_input_tokens: Math.floor(this.pick() * 90_000),
      output_tokens: Math.floor(this.pick() * 900),
      service_tier: "standard",
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 12 },
    };
    const message = {
      id,
      type: "message",
      role: "assistant",
      model: "claude-opus-5-5",
      stop_reason: stop,
      stop_sequence: null,
      content,
      usage,
    };
    return this.line("assistant", { message, requestId: `req_${id}` });
  }

  line(type: string, fields: Fields): string {
    this.#count += 1;
    this.t += 500 + Math.floor(this.pick() * 4000);
    const uuid = uuidOf(`${this.id} ${this.#count}`);
    const line = {
      parentUuid: this.#before,
      isSidechain: false,
      type,
      ...fields,
      uuid,
      timestamp: new Date(this.t).toISOString(),
      userType: "external",
      entrypoint: "cli",
      cwd: this.#cwd,
      sessionId: this.id,
      version: "2.1.330",
      gitBranch: "main",
    };
    this.#before = uuid;
    return `${JSON.stringify(line)}\n`;
  }

  /** A line that the host writes for itself. */
  own(type: string, fields: Fields): string {
    return this.line(type, fields);
  }

  /** A piece of a file, whole lines, more often short than long. */
  piece(least: number, most: number): string {
    const text = this.#texts[Math.floor(this.pick() * this.#texts.length)] ?? "";
    const length = least + Math.floor(this.pick() ** 3 * (most - least));
    const from = Math.floor(this.pick() * Math.max(1, text.length - length));
    let piece = text.slice(from, from + length);
    while (piece.length < length) piece += `\n${this.#texts[Math.floor(this.pick() * this.#texts.length)] ?? ""}`;
    return piece.slice(0, length);
  }

  /** Words of one paragraph. */
  prose(least: number, most: number): string {
    return this.piece(least, most).replace(/\s+/g, " ").trim();
  }

  /** What a command prints: lines with times, paths and figures, of which some come again and again. */
  output(): string {
    const rows = 2 + Math.floor(this.pick() ** 3 * 200);
    return Array.from({ length: rows }, (_, index) =>
      this.pick() < 0.6
        ? `✔ ${this.prose(20, 90)} (${(this.pick() * 900).toFixed(3)}ms)`
        : `${new Date(this.t + index).toISOString()} INFO worker-${index % 7} ${this.prose(20, 120)} status=${200 + (index % 4)}`,
    ).join("\n");
  }

  /** Base64 without a meaning. */
  noise(characters: number): string {
    let text = "";
    while (text.length < characters) text += createHash("sha256").update(`${this.id}${this.pick()}`).digest("base64");
    return text.slice(0, characters);
  }
}

function uuidOf(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
