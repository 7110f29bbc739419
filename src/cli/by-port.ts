// Asks the monitor how it is by its port. It is a program of its own in dist/, since `mpm status` seldom needs it: HTTP and
// proofs would take longer to load than all that it does else.

import { monitorUrl } from "../services/client.ts";
import { askHealth } from "./ask.ts";
import type { MonitorSaid } from "./status.ts";
import type { Io } from "./terminal.ts";

/** What the monitor says, or why it does not. */
export async function askByPort(io: Io): Promise<MonitorSaid> {
  const url = monitorUrl(io.config);
  const asked = await askHealth(io);
  if (!asked.ok) return { url, why: asked.reason };
  return { url, version: asked.value.public.version, full: asked.value.full };
}
