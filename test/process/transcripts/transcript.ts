// Transcripts for tests, in the form of host 2.1.330, from as little as a test is about.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const T0 = Date.UTC(2026, 8, 4, 8);

type Fields = Readonly<Record<string, unknown>>;

/** Lines of one session, a second apart. */
export class Transcript {
  readonly session: string;
  readonly lines: string[] = [];
  readonly #head: Fields;
  #count = 0;

  constructor(session: string, head: Fields = {}) {
    this.session = session;
    this.#head = { isSidechain: false, cwd: "/home/dana/code/pier", gitBranch: "main", version: "2.1.330", ...head };
  }

  get t(): number {
    return T0 + this.#count * 1000;
  }

  line(type: string, fields: Fields): this {
    this.#count += 1;
    const uuid = `${this.session}-${this.#head["agentId"] ?? "main"}-${this.#count}`;
    const timestamp = new Date(this.t).toISOString();
    this.lines.push(JSON.stringify({ type, uuid, timestamp, sessionId: this.session, ...this.#head, ...fields }));
    return this;
  }

  prompt(text: string, more: Fields = {}): this {
    return this.line("user", { message: { role: "user", content: text }, promptId: `p${this.#count}`, ...more });
  }

  answer(content: readonly Fields[], more: { id?: string; model?: string; usage?: Fields; line?: Fields } = {}): this {
    const {
      id = `msg_${this.session}_${this.#head["agentId"] ?? "main"}_${this.#count}`,
      model = "claude-opus-5-5",
      line = {},
    } = more;
    const usage = { input_tokens: 100, output_tokens: 20, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    return this.line("assistant", {
      requestId: `req_${id}`,
      message: { id, role: "assistant", model, content, usage: { ...usage, ...more.usage } },
      ...line,
    });
  }

  says(text: string, more: Parameters<Transcript["answer"]>[1] = {}): this {
    return this.answer([{ type: "text", text }], more);
  }

  calls(call: string, name: string, input: Fields): this {
    return this.answer([{ type: "tool_use", id: call, name, input }]);
  }

  result(call: string, response: unknown, isError = false): this {
    const content = [{ type: "tool_result", tool_use_id: call, is_error: isError, content: JSON.stringify(response) }];
    return this.line("user", { message: { role: "user", content }, toolUseResult: response });
  }

  /**
   * A session that forks this one, as the host begins it: its own first line, then copies with their uuid and time, of
   * which the answers say whose they were, and the prompts have the id of the fork's first. Before host 2.1 no answer said.
   */
  fork(session: string, { saysOrigin = true } = {}): Transcript {
    const fork = new Transcript(session);
    fork.#count = this.#count + 10;
    const { t } = fork;
    fork.lines.push(
      JSON.stringify({ type: "queue-operation", operation: "enqueue", timestamp: new Date(t), sessionId: session }),
    );
    for (const line of this.lines) {
      const copy = { ...JSON.parse(line), sessionId: session };
      if (copy.promptId !== undefined) copy.promptId = `p${fork.#count}`;
      if (copy.type === "assistant" && saysOrigin) copy.requestSessionId ??= this.session;
      fork.lines.push(JSON.stringify(copy));
    }
    return fork;
  }

  get text(): string {
    return this.lines.map((line) => `${line}\n`).join("");
  }

  /** Writes it where the host would, below a configuration directory; the path. */
  write(claudeHome: string, project = "-home-dana-code-pier"): string {
    const file = join(claudeHome, "projects", project, `${this.session}.jsonl`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, this.text);
    return file;
  }
}
