// What is known of Claude Code's hook events: one row an event.
// Source: the hooks reference of Claude Code (31 events as of 2.1.330) and its changelog for `since`.

/** How safe it is for a pure observer to be registered. */
export type Safety = "default" | "opt-in" | "never";

export interface HookEvent {
  readonly name: string;
  /** Snake case, with claude-mpm's short names where it has them. */
  readonly subtype: string;
  /** First host version that knows the event; hosts before 2.1.101 drop a whole settings file for an unknown one. */
  readonly since: string;
  readonly safety: Safety;
  /** The payload field that tells kinds of this event apart, if any. */
  readonly kind?: string;
}

const row = (name: string, subtype: string, since: string, kind?: string, safety: Safety = "default"): HookEvent => ({
  name,
  subtype,
  since,
  safety,
  ...(kind ? { kind } : {}),
});

export const HOOK_EVENTS: readonly HookEvent[] = [
  row("SessionStart", "session_start", "1.0.62", "source"),
  row("Setup", "setup", "2.1.10", "trigger"),
  row("InstructionsLoaded", "instructions_loaded", "2.1.69", "load_reason"),
  row("UserPromptSubmit", "user_prompt", "1.0.54"),
  // Undated in the changelog; known to be there by the version given.
  row("UserPromptExpansion", "user_prompt_expansion", "2.1.139", "expansion_type"),
  row("MessageDisplay", "message_display", "2.1.152", undefined, "opt-in"),
  row("PreToolUse", "pre_tool", "1.0.38", "tool_name"),
  row("PermissionRequest", "permission_request", "2.0.45", "tool_name"),
  row("PermissionDenied", "permission_denied", "2.1.89", "tool_name"),
  row("PostToolUse", "post_tool", "1.0.38", "tool_name"),
  row("PostToolUseFailure", "post_tool_use_failure", "2.1.119", "tool_name"),
  row("PostToolBatch", "post_tool_batch", "2.1.139"),
  row("Notification", "notification", "1.0.38", "notification_type"),
  row("SubagentStart", "subagent_start", "2.0.43", "agent_type"),
  row("SubagentStop", "subagent_stop", "1.0.41", "agent_type"),
  row("TaskCreated", "task_created", "2.1.84"),
  row("TaskCompleted", "task_completed", "2.1.33"),
  row("Stop", "stop", "1.0.38"),
  row("StopFailure", "stop_failure", "2.1.78", "error"),
  row("TeammateIdle", "teammate_idle", "2.1.33"),
  row("ConfigChange", "config_change", "2.1.49", "source"),
  row("CwdChanged", "cwd_changed", "2.1.83"),
  row("DirectoryAdded", "directory_added", "2.1.219", "source"),
  row("FileChanged", "file_changed", "2.1.83", "event", "opt-in"),
  // Its mere presence replaces git's creation of worktrees.
  row("WorktreeCreate", "worktree_create", "2.1.50", undefined, "never"),
  row("WorktreeRemove", "worktree_remove", "2.1.50", undefined, "opt-in"),
  row("PreCompact", "pre_compact", "1.0.48", "trigger"),
  row("PostCompact", "post_compact", "2.1.76", "trigger"),
  row("SessionEnd", "session_end", "1.0.85", "reason"),
  row("Elicitation", "elicitation", "2.1.76", "mcp_server_name"),
  row("ElicitationResult", "elicitation_result", "2.1.76", "mcp_server_name"),
];

const BY_NAME = new Map(HOOK_EVENTS.map((event) => [event.name, event]));

export function hookEvent(name: string): HookEvent | undefined {
  return BY_NAME.get(name);
}

/** claude-mpm's `subtype`: from the table, else snake case, so that an event of next month has one too. */
export function subtypeOf(name: string): string {
  return BY_NAME.get(name)?.subtype ?? snakeCase(name);
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toLowerCase()
    .slice(0, 64);
}
