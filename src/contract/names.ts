// What one thing is called where: in Claude Code's payload, in the envelope (claude-mpm's format), in rows and sessions of
// the API, and as a filter of API and CLI. Names of several words are snake case in envelopes, camel case elsewhere.

export interface Names {
  readonly payload: string | null;
  readonly envelope: string | null;
  readonly row: string | null;
  readonly filter: string | null;
}

/** Things that have more than one name. What is not listed is called the same wherever it stands. */
export const NAMES: readonly Names[] = [
  { payload: "session_id", envelope: "session_id", row: "session", filter: "session" },
  { payload: "hook_event_name", envelope: "hook_event_name", row: "event", filter: "event" },
  { payload: "tool_use_id", envelope: "correlation_id", row: "call", filter: null },
  { payload: "tool_name", envelope: null, row: "tool", filter: "tool" },
  { payload: "agent_id", envelope: "agent_id", row: "agent", filter: "agent" },
  { payload: "agent_type", envelope: null, row: "agentType", filter: null },
  { payload: "prompt_id", envelope: "prompt_id", row: "prompt", filter: null },
  { payload: "duration_ms", envelope: null, row: "ms", filter: null },
  { payload: null, envelope: "timestamp", row: "t", filter: "since, until" },
  { payload: null, envelope: "project_dir", row: "project", filter: "project" },
  { payload: "cwd", envelope: "cwd", row: "cwd", filter: null },
];
