// The verbs of mpm: what each does in a line, and the module that carries it out, loaded only when it is needed.

import type { Listed } from "./command.ts";

export const VERBS: Readonly<Record<string, Listed>> = {
  install: { about: "register the hooks with Claude Code", load: () => import("./install.ts") },
  uninstall: { about: "remove the hooks, and everything that was installed", load: () => import("./uninstall.ts") },
  doctor: { about: "check everything that can be wrong, and say how to fix it", load: () => import("./doctor.ts") },
  status: { about: "what is running, what is waiting, what was lost", load: () => import("./status.ts") },
  tail: { about: "watch events as they come", load: () => import("./tail.ts") },
  top: { about: "who waits, who works and what it costs, live on one screen", load: () => import("./top.ts") },
  sessions: { about: "list sessions, the latest first", load: () => import("./sessions.ts") },
  cost: { about: "what sessions cost, by day, project, model or session", load: () => import("./cost.ts") },
  import: { about: "take in past sessions from Claude Code's transcripts", load: () => import("./import.ts") },
  events: { about: "print stored events", load: () => import("./events.ts") },
  alerts: { about: "what you are told, and where: list, test, history", load: () => import("./alerts.ts") },
  forget: { about: "remove a session, a project, or what is older, for good", load: () => import("./forget.ts") },
  monitor: { about: "the monitoring server: start, stop, status, open", load: () => import("./monitor.ts") },
  team: { about: "several people, one monitor: init, invite, join, status", load: () => import("./team.ts") },
  relay: { about: "the forwarder: run it in the foreground, or once", load: () => import("./relay.ts") },
  replay: { about: "forward rejected events again", load: () => import("./replay.ts") },
  agents: { about: "list, validate and deploy agent files", load: () => import("./agents.ts") },
  run: { about: "start Claude Code with agents and monitor ready", load: () => import("./run.ts") },
  config: { about: "show and change settings", load: () => import("./config.ts") },
  mcp: { about: "serve stored sessions to a model: MCP on stdio", load: () => import("./mcp.ts") },
  statusline: {
    about: "a line for Claude Code's status line: who waits elsewhere",
    load: () => import("./statusline.ts"),
  },
  pause: { about: "make the hooks do nothing until `mpm resume`", load: () => import("./pause.ts") },
  resume: { about: "make the hooks record again", load: () => import("./resume.ts") },
  completion: {
    about: "completion of `mpm` for bash, zsh and fish",
    load: async () => ({ verb: (await import("./completion.ts")).completionOf(VERBS) }),
  },
};
