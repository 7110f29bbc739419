// Words that cross a border, as lists: settings are made of them, so that every program reads them at its start, and a schema
// costs more than the word.

/** The `service` of acknowledgements and of GET /health: how a monitor of ours is told from a stranger on the port. */
export const SERVICE = "mpm-monitor";

/** What an alert may be about. */
export const ALERT_KINDS = [
  "waiting",
  "turn_ended",
  "failures",
  "repeat",
  "budget",
  "relay",
  "latency",
  "hooks",
] as const;

export const CHANNEL_TYPES = ["desktop", "webhook", "slack", "discord", "ntfy"] as const;

/** How much of an event leaves a machine, from least to most. The machine decides; a server may ask for less. */
export const CONTENT_LEVELS = ["metadata", "hashed", "content"] as const;

/** Where a browser begins to sign in to a team through its identity provider. */
export const SIGN_IN_PATH = "/login/oidc";

/** What an invitation or a link lets in, by its purpose. */
export const INVITED: Readonly<Record<string, string>> = { join: "a machine", open: "a browser" };
