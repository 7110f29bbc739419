// One session's spans: a turn is a trace, its calls and subagents are the spans in it.
// - Pure: events in, spans out. A span is given out once it has ended and its place is known: what belongs to a turn with
//   the turn, what a background agent did with the end of that agent.
// - A background agent outlives its turn: it has a trace of its own, linked to the call that launched it.
// - Ids are hashes of session, prompt id, tool_use_id and agent id: given out again, a span is the same span.
// - Without content: no prompt, no answer, no input, no output, no path.
// Names are those of the GenAI conventions; what they have no name for begins with `mpm.`.

import type { OpenSubagent, WaitReason } from "../contract/session.ts";
import type { Turn } from "../contract/turn.ts";
import type { Fact, Row } from "../session/input.ts";
import { reduce } from "../session/reduce.ts";
import type { Session } from "../session/state.ts";
import type { CallOutcome, Transition, TransitionOf, TurnOutcome } from "../session/transition.ts";
import { type Attributes, type Span, type SpanContext, type SpanEvent, spanIdOf, traceIdOf } from "./span.ts";

/** What spans say of a session, beside its events. */
export interface About {
  /** The project's name, without its path. */
  readonly project: string;
  readonly host: string;
  readonly model?: string | undefined;
}

/** What an event held of a call, where content is exported. */
export interface Held {
  readonly input?: string;
  readonly output?: string;
}

/** A span that waits for what is known of its turn outside of the events: tokens and cost. */
export interface Draft extends Omit<Span, "host"> {
  /** The turn that it is the root of. */
  readonly turn?: { readonly number: number; readonly id?: string };
}

interface CallSpan {
  readonly call: string;
  readonly tool: string;
  readonly agent?: string;
  readonly since: number;
  readonly turn: TurnKey;
  readonly waits: SpanEvent[];
  end?: { readonly t: number; readonly outcome: CallOutcome; readonly ms?: number };
}

interface AgentSpan {
  subagent: OpenSubagent;
  readonly turn: TurnKey;
  readonly events: SpanEvent[];
  end?: { readonly t: number; readonly outcome: "done" | "interrupted" };
}

interface TurnKey {
  readonly number: number;
  readonly id?: string;
}

interface OpenTurn extends TurnKey {
  readonly startedAt: number;
  readonly events: SpanEvent[];
}

const MCP = /^mcp__(.+?)__(.+)$/;

export class Tracing {
  readonly id: string;
  #session: Session | undefined;
  #turn: OpenTurn | undefined;
  /** The latest turn, ended or not: what comes late belongs to it. */
  #latest: TurnKey = { number: 0 };
  readonly #calls = new Map<string, CallSpan>();
  readonly #agents = new Map<string, AgentSpan>();
  /** Compactions between turns: those of the next one. */
  readonly #between: SpanEvent[] = [];
  readonly #held = new Map<string, Held>();

  constructor(session: string) {
    this.id = session;
  }

  get isOpen(): boolean {
    return this.#turn !== undefined || this.#agents.size > 0;
  }

  /** Takes an event in; gives out the spans that have ended by it. */
  take(row: Row, held?: Held): Draft[] {
    if (held && row.call !== undefined) this.#held.set(row.call, { ...this.#held.get(row.call), ...held });
    const { session, transitions } = reduce(this.#session, { kind: "event", row, head: {} });
    this.#session = session;
    return transitions.flatMap((transition) => this.#on(transition));
  }

  /** Takes in what no event tells: that the session's process is gone, or that its user broke a turn off. */
  learn(fact: Fact): Draft[] {
    if (!this.#session) return [];
    const { session, transitions } = reduce(this.#session, fact);
    this.#session = session;
    return transitions.flatMap((transition) => this.#on(transition));
  }

  #on(transition: Transition): Draft[] {
    switch (transition.type) {
      case "turnStarted":
        return this.#startTurn(transition);
      case "turnEnded":
        return this.#endTurn(transition);
      case "callOpened":
        return this.#openCall(transition);
      case "callEnded":
        return this.#endCall(transition);
      case "subagentStarted":
      case "subagentLinked":
        return this.#keepAgent(transition.subagent);
      case "subagentEnded":
        return this.#endAgent(transition);
      case "waitEnded":
        return this.#endWait(transition);
      case "compactionEnded":
        (this.#turn?.events ?? this.#between).push({
          name: "mpm.compaction",
          t: transition.since,
          attributes: { "mpm.compaction.ms": Math.max(0, transition.t - transition.since) },
        });
        return [];
      default:
        return [];
    }
  }

  #startTurn({ t, number, id }: TransitionOf<"turnStarted">): Draft[] {
    const known = this.#session?.turn;
    const startedAt = known?.number === number ? Math.min(known.startedAt, t) : t;
    this.#turn = { number, ...(id === undefined ? {} : { id }), startedAt, events: this.#between.splice(0) };
    this.#latest = { number, ...(id === undefined ? {} : { id }) };
    return [];
  }

  #endTurn({ t, number, outcome }: TransitionOf<"turnEnded">): Draft[] {
    const turn = this.#turn?.number === number ? this.#turn : undefined;
    this.#turn = undefined;
    if (!turn) return [];
    return [this.#root(turn, t, outcome), ...this.#release((one) => !this.#isInBackground(one))];
  }

  #openCall({ call, tool, agent, t }: TransitionOf<"callOpened">): Draft[] {
    const waits = this.#calls.get(call)?.waits ?? [];
    this.#calls.set(call, { call, tool, ...(agent ? { agent } : {}), since: t, turn: this.#latest, waits });
    return [];
  }

  #endCall({ call, t, outcome, ms }: TransitionOf<"callEnded">): Draft[] {
    const span = this.#calls.get(call);
    if (!span) return [];
    span.end = { t, outcome, ...(ms === undefined ? {} : { ms }) };
    // Come late: its turn has been given out.
    return this.#turn || this.#isInBackground(span.agent) ? [] : this.#release((agent) => agent === span.agent);
  }

  #keepAgent(subagent: OpenSubagent): Draft[] {
    const known = this.#agents.get(subagent.id);
    if (known) known.subagent = subagent;
    else this.#agents.set(subagent.id, { subagent, turn: this.#latest, events: [] });
    return [];
  }

  #endAgent({ t, subagent, outcome }: TransitionOf<"subagentEnded">): Draft[] {
    const agent = this.#agents.get(subagent.id);
    if (!agent) return [];
    agent.subagent = subagent;
    agent.end = { t, outcome };
    if (!this.#isInBackground(subagent.id)) {
      return this.#turn ? [] : this.#release((one) => !this.#isInBackground(one));
    }
    if (!subagent.background) return []; // with the one in the background that it works for
    return this.#release((one) => this.#rootOf(one) === subagent.id);
  }

  #endWait({ t, wait, outcome }: TransitionOf<"waitEnded">): Draft[] {
    if (outcome === "automatic" || wait.for.code === "prompt") return [];
    const attributes = {
      "mpm.wait.for": wait.for.code,
      "mpm.wait.ms": Math.max(0, t - wait.since),
      "mpm.wait.outcome": outcome,
      "mpm.wait.ended_by": outcome === "dropped" ? "nobody" : "person",
      ...toolOf(wait.for),
    };
    const begin = { name: "mpm.wait", t: wait.since, attributes };
    const end = { name: "mpm.wait.end", t: Math.max(t, wait.since), attributes };
    const call = wait.call === undefined ? undefined : this.#calls.get(wait.call);
    const agent = wait.agent === undefined ? undefined : this.#agents.get(wait.agent);
    (call?.waits ?? agent?.events ?? this.#turn?.events)?.push(begin, end);
    return [];
  }

  /** The background agent that an agent is, or works for; undefined: the turn. */
  #rootOf(agent: string | undefined): string | undefined {
    for (let at = agent, steps = 0; at !== undefined && steps <= this.#agents.size; steps++) {
      const known = this.#agents.get(at)?.subagent;
      if (known?.background) return at;
      at = known?.parent;
    }
    return undefined;
  }

  #isInBackground(agent: string | undefined): boolean {
    return this.#rootOf(agent) !== undefined;
  }

  /** Gives out the calls and agents that have ended, of the agents that are meant. */
  #release(isMeant: (agent: string | undefined) => boolean): Draft[] {
    const calls = [...this.#calls.values()].filter(({ agent, end }) => end && isMeant(agent));
    const agents = [...this.#agents.values()].filter(({ subagent, end }) => end && isMeant(subagent.id));
    const drafts = [...agents.map((agent) => this.#agentSpan(agent)), ...calls.map((call) => this.#callSpan(call))];
    for (const { call } of calls) {
      this.#calls.delete(call);
      this.#held.delete(call);
    }
    for (const { subagent } of agents) this.#agents.delete(subagent.id);
    return drafts;
  }

  #root(turn: OpenTurn, t: number, outcome: TurnOutcome): Draft {
    const { id, number, startedAt, events } = turn;
    return {
      ...this.#turnContext(turn),
      name: INVOKE_AGENT,
      start: startedAt,
      end: Math.max(t, startedAt),
      attributes: {
        ...this.#common(INVOKE_AGENT, turn),
        "mpm.turn.number": number,
        "mpm.outcome": outcome,
        ...(outcome === "failed" ? { "error.type": "turn_failed" } : {}),
      },
      events,
      links: [],
      turn: { number, ...(id === undefined ? {} : { id }) },
      ...(outcome === "failed" ? { failed: true } : {}),
    };
  }

  #callSpan({ call, tool, agent, since, turn, waits, end }: CallSpan): Draft {
    const { t = since, outcome = "interrupted", ms } = end ?? {};
    const mcp = MCP.exec(tool);
    const { input, output } = this.#held.get(call) ?? {};
    return {
      ...this.#contextOf(agent, turn),
      spanId: this.#callId(call),
      parentId: this.#ownerId(agent, turn),
      name: `${EXECUTE_TOOL} ${tool}`,
      start: since,
      end: Math.max(t, since),
      attributes: {
        ...this.#common(EXECUTE_TOOL, turn),
        "gen_ai.tool.name": tool,
        "gen_ai.tool.type": mcp ? "extension" : "function",
        "gen_ai.tool.call.id": call,
        "mpm.outcome": outcome,
        ...(mcp ? { "mcp.method.name": "tools/call", "mpm.mcp.server": mcp[1] ?? "" } : {}),
        ...(agent === undefined ? {} : { "gen_ai.agent.id": agent }),
        ...(ms === undefined ? {} : { "mpm.tool.ms": ms }),
        ...(outcome === "failed" ? { "error.type": "tool_failed" } : {}),
        ...(input === undefined ? {} : { "gen_ai.tool.call.arguments": input }),
        ...(output === undefined ? {} : { "gen_ai.tool.call.result": output }),
      },
      events: waits,
      links: [],
      ...(outcome === "failed" ? { failed: true } : {}),
    };
  }

  #agentSpan({ subagent, turn, events, end }: AgentSpan): Draft {
    const { id, type, since, call, parent, background } = subagent;
    const { t = since, outcome = "interrupted" } = end ?? {};
    const launchedBy = call === undefined ? undefined : this.#callId(call);
    const parentId = launchedBy ?? this.#ownerId(parent, turn);
    const links = background ? [{ ...this.#contextOf(parent, turn), spanId: parentId }] : [];
    return {
      ...this.#contextOf(id, turn),
      spanId: this.#agentId(id),
      ...(background ? {} : { parentId }),
      name: type === undefined ? INVOKE_AGENT : `${INVOKE_AGENT} ${type}`,
      start: since,
      end: Math.max(t, since),
      attributes: {
        ...this.#common(INVOKE_AGENT, turn),
        "gen_ai.agent.id": id,
        ...(type === undefined ? {} : { "gen_ai.agent.name": type }),
        "mpm.outcome": outcome,
        ...(background ? { "mpm.background": true } : {}),
      },
      events,
      links,
    };
  }

  #common(operation: string, { id }: TurnKey): Attributes {
    return {
      "gen_ai.operation.name": operation,
      "gen_ai.provider.name": "anthropic",
      "gen_ai.conversation.id": this.id,
      ...(id === undefined ? {} : { "prompt.id": id }),
    };
  }

  #turnContext({ id, number }: TurnKey): SpanContext {
    const words = [this.id, id ?? `turn ${number}`];
    return { traceId: traceIdOf(...words), spanId: spanIdOf("turn", ...words) };
  }

  /** The trace that an agent's spans are in. */
  #contextOf(agent: string | undefined, turn: TurnKey): SpanContext {
    const root = this.#rootOf(agent);
    if (root === undefined) return this.#turnContext(turn);
    return { traceId: traceIdOf(this.id, "agent", root), spanId: this.#agentId(root) };
  }

  /** The span that an agent's calls stand below. */
  #ownerId(agent: string | undefined, turn: TurnKey): string {
    return agent === undefined ? this.#turnContext(turn).spanId : this.#agentId(agent);
  }

  readonly #callId = (call: string) => spanIdOf("call", this.id, call);
  readonly #agentId = (agent: string) => spanIdOf("agent", this.id, agent);
}

const INVOKE_AGENT = "invoke_agent";
const EXECUTE_TOOL = "execute_tool";

function toolOf(reason: WaitReason): Attributes {
  return reason.code === "permission" && reason.tool !== undefined ? { "gen_ai.tool.name": reason.tool } : {};
}

/** A span with what is known of its session and of its turn; with prompt and answer where content is exported. */
export function finish(draft: Draft, about: About, turn: Turn | undefined, withContent: boolean): Span {
  const { turn: root, ...span } = draft;
  const attributes: Attributes = {
    ...span.attributes,
    "mpm.project": about.project,
    ...(about.model === undefined ? {} : { "gen_ai.request.model": about.model }),
    ...(root && turn ? usageOf(turn) : {}),
    ...(root && turn && withContent ? messagesOf(turn) : {}),
  };
  return { ...span, attributes, host: about.host };
}

/** By the conventions, input tokens count those that came from a cache. */
function usageOf({ tokens, cost, calls }: Turn): Attributes {
  return {
    "mpm.turn.calls": calls,
    ...(cost === undefined ? {} : { "mpm.cost.usd": cost }),
    ...(tokens
      ? {
          "gen_ai.usage.input_tokens": tokens.input + tokens.cacheRead + tokens.cacheWrite,
          "gen_ai.usage.output_tokens": tokens.output,
          "gen_ai.usage.cache_read.input_tokens": tokens.cacheRead,
          "gen_ai.usage.cache_creation.input_tokens": tokens.cacheWrite,
        }
      : {}),
  };
}

function messagesOf({ prompt, answer }: Turn): Attributes {
  return {
    "gen_ai.input.messages": message("user", prompt),
    ...(answer === undefined ? {} : { "gen_ai.output.messages": message("assistant", answer) }),
  };
}

const message = (role: string, content: string): string =>
  JSON.stringify([{ role, parts: [{ type: "text", content }] }]);
