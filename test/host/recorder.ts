// The recorder's registrations, and what it saw.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "recorder.sh");
const NS_PER_MS = 1_000_000n;

/** One call of the recorder: an event as the host gave it. */
export interface Recorded {
  /** Milliseconds since 1970: the hook's process had started, and had read all of stdin. */
  readonly from: number;
  readonly to: number;
  /** The name it was registered for. */
  readonly event: string;
  readonly payload: Record<string, unknown>;
}

/** Settings that register only the recorder, writing to that directory, which it makes. */
export function recorderSettings(dir: string, events: readonly string[]): { hooks: Record<string, object[]> } {
  mkdirSync(dir, { recursive: true });
  const entry = (event: string) => [{ hooks: [{ type: "command", command: SCRIPT, args: [dir, event], timeout: 10 }] }];
  return { hooks: Object.fromEntries(events.map((event) => [event, entry(event)])) };
}

/** Makes it the user's settings. */
export function writeSettings(home: string, settings: object): void {
  writeFileSync(join(home, ".claude/settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
}

/** What is there so far, in the order in which the recorder was started. */
export function recorded(dir: string): Recorded[] {
  return readdirSync(dir)
    .filter((name) => !name.startsWith("."))
    .sort() // both times have as many digits for the next 260 years
    .map((name) => {
      const [from = "", to = "", , event = ""] = name.replace(/\.json$/, "").split("-");
      const payload = JSON.parse(readFileSync(join(dir, name), "utf8")) as Recorded["payload"];
      return { from: milliseconds(from), to: milliseconds(to), event, payload };
    });
}

function milliseconds(nanoseconds: string): number {
  return Number((BigInt(nanoseconds) * 1000n) / NS_PER_MS) / 1000;
}
