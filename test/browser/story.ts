// Sessions that never were: envelopes as the relay sends them, of invented people and projects.
// - Deterministic: the same seed tells the same story.
// - Times are given; nothing here looks at the clock.

import { subtypeOf } from "../../src/contract/catalog.ts";
import type { Envelope } from "../../src/contract/envelope.ts";

export interface Cast {
  readonly session: string;
  readonly project: string;
  /** ms since 1970 of the first event. */
  readonly start: number;
  readonly seed?: number;
  readonly pid?: number;
}

type Fields = Record<string, unknown>;

export interface Call {
  /** Until its end, ms. */
  readonly ms?: number;
  readonly agent?: Agent;
  readonly error?: string;
  /** ms that a person took to allow it; denied with `denied`. */
  readonly asked?: number;
  readonly denied?: true;
}

export interface Agent {
  readonly id: string;
  readonly type: string;
}

/** Park and Miller's generator: small, and the same everywhere. */
export function random(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export class Story {
  readonly events: Envelope[] = [];
  readonly cast: Cast;
  readonly random: () => number;
  t: number;
  #seq = 0;
  #calls = 0;
  #prompts = 0;
  #prompt = "";

  constructor(cast: Cast) {
    this.cast = cast;
    this.t = cast.start;
    this.random = random(cast.seed ?? 7);
  }

  wait(ms: number): this {
    this.t += ms;
    return this;
  }

  /** Leaves numbers out, as a loss would. */
  lose(count: number): this {
    this.#seq += count;
    return this;
  }

  emit(event: string, fields: Fields = {}, agent?: Agent): this {
    const { session, project, pid = 4242 } = this.cast;
    this.#seq += 1;
    const call = typeof fields["tool_use_id"] === "string" ? fields["tool_use_id"] : undefined;
    this.events.push({
      id: `${session.replace(/[^0-9A-Za-z]/g, "").slice(0, 12)}-${String(this.#seq).padStart(7, "0")}`,
      schema: 1,
      event: "claude_event",
      type: "hook",
      subtype: subtypeOf(event),
      source: "mpm_hook",
      hook_event_name: event,
      timestamp: new Date(this.t).toISOString(),
      session_id: session,
      cwd: project,
      project_dir: project,
      ...(call ? { correlation_id: call } : {}),
      ...(agent ? { agent_id: agent.id } : {}),
      ...(this.#prompt ? { prompt_id: this.#prompt } : {}),
      host: { name: "workshop", pid, entrypoint: "cli" },
      seq: this.#seq,
      data: {
        session_id: session,
        cwd: project,
        hook_event_name: event,
        permission_mode: "default",
        ...(this.#prompt ? { prompt_id: this.#prompt } : {}),
        ...(agent ? { agent_id: agent.id, agent_type: agent.type } : {}),
        ...fields,
      },
    });
    return this;
  }

  begin(source = "startup"): this {
    return this.emit("SessionStart", { source, model: "claude-opus-5" });
  }

  prompt(text: string): this {
    this.#prompts += 1;
    this.#prompt = `prompt-${this.#prompts}`;
    return this.emit("UserPromptSubmit", { prompt: text });
  }

  /** Opens a call and leaves it open; the id closes it. */
  open(tool: string, input: Fields, agent?: Agent): string {
    this.#calls += 1;
    const call = `toolu_${this.cast.session.slice(0, 6)}_${this.#calls}`;
    this.emit("PreToolUse", { tool_name: tool, tool_input: input, tool_use_id: call }, agent);
    return call;
  }

  close(call: string, tool: string, input: Fields, response: unknown, { ms = 100, agent, error }: Call = {}): this {
    const common = { tool_name: tool, tool_input: input, tool_use_id: call, duration_ms: ms };
    return error === undefined
      ? this.emit("PostToolUse", { ...common, tool_response: response }, agent)
      : this.emit("PostToolUseFailure", { ...common, error, is_interrupt: false }, agent);
  }

  call(tool: string, input: Fields, response: unknown, options: Call = {}): this {
    const { ms = 100, agent, asked, denied } = options;
    const call = this.open(tool, input, agent);
    if (asked !== undefined) {
      this.wait(40).emit(
        "PermissionRequest",
        { tool_name: tool, tool_input: input, permission_suggestions: [] },
        agent,
      );
      if (asked > 6000)
        this.wait(6000).emit("Notification", {
          message: `Claude needs your permission to use ${tool}`,
          notification_type: "permission_prompt",
        });
      this.wait(asked > 6000 ? asked - 6000 : asked);
    }
    if (denied) return this.batch(agent);
    return this.wait(ms).close(call, tool, input, response, options);
  }

  bash(command: string, stdout: string, options: Call & { description?: string } = {}): this {
    const input = { command, ...(options.description ? { description: options.description } : {}) };
    return this.call("Bash", input, { stdout, stderr: "", interrupted: false, isImage: false }, options);
  }

  read(file: string, content: string, options: Call = {}): this {
    const lines = content.split("\n").length;
    const filePath = `${this.cast.project}/${file}`;
    const response = {
      type: "text",
      file: { filePath, content, numLines: lines, startLine: 1, totalLines: lines },
    };
    return this.call("Read", { file_path: filePath }, response, { ms: 12, ...options });
  }

  edit(file: string, before: string, after: string, options: Call = {}): this {
    const filePath = `${this.cast.project}/${file}`;
    const lines = [...before.split("\n").map((line) => `-${line}`), ...after.split("\n").map((line) => `+${line}`)];
    const response = {
      filePath,
      oldString: before,
      newString: after,
      structuredPatch: [{ oldStart: 12, oldLines: 3, newStart: 12, newLines: 3, lines: [" ", ...lines, " "] }],
      userModified: false,
      replaceAll: false,
    };
    const input = { file_path: filePath, old_string: before, new_string: after };
    return this.call("Edit", input, response, { ms: 24, ...options });
  }

  batch(agent?: Agent): this {
    return this.wait(5).emit("PostToolBatch", { tool_calls: [] }, agent);
  }

  /** The turn is over; the subagents go on in the background. */
  stop(message: string, ...going: readonly Agent[]): this {
    const background_tasks = going.map(({ id, type }) => ({
      id,
      type: "subagent",
      status: "running",
      agent_type: type,
    }));
    return this.emit("Stop", { stop_hook_active: false, last_assistant_message: message, background_tasks });
  }

  end(reason = "prompt_input_exit"): this {
    return this.emit("SessionEnd", { reason });
  }
}
