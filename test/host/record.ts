// Makes the recordings: the real host with nothing but the recorder registered, one file a scenario.
//   node test/host/record.ts [scenario ...]     writes test/host/recordings/<scenario>.jsonl
// - A line an event, in the order in which the host started the hooks: {"t": ms since the first, "event", "payload"}.
// - What is private to the machine is replaced: the user is Dana, at home in /home/dana.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HOOK_EVENTS } from "../../src/contract/catalog.ts";
import { newPlace, type Place, type Scope } from "./harness.ts";
import { goOffline } from "./offline.ts";
import { type Recorded, recorded, recorderSettings, writeSettings } from "./recorder.ts";
import { SCENARIOS } from "./scenarios.ts";

const TOO_LARGE_TO_KEEP: readonly string[] = ["big"];
const EVENTS = HOOK_EVENTS.filter((event) => event.safety === "default").map((event) => event.name);

await goOffline();
const wanted = process.argv.slice(2);
for (const [name, play] of Object.entries(SCENARIOS)) {
  if (wanted.length > 0 ? !wanted.includes(name) : TOO_LARGE_TO_KEEP.includes(name)) continue;
  await scoped(async (scope) => {
    const place = await newPlace(scope);
    const tape = join(place.root, "tape");
    writeSettings(place.home, recorderSettings(tape, EVENTS));
    await play({ scope, place, tape });
    const events = recorded(tape);
    const text = lines(events, place);
    writeFileSync(join(import.meta.dirname, "recordings", `${name}.jsonl`), text);
    console.log(`${name}: ${events.length} events, ${(text.length / 1000).toFixed(0)} kB`);
  });
}

async function scoped(work: (scope: Scope) => Promise<void>): Promise<void> {
  const releases: Parameters<Scope["after"]>[0][] = [];
  try {
    await work({ after: (release) => void releases.push(release) });
  } finally {
    for (const release of releases.reverse()) await release();
  }
}

function lines(events: readonly Recorded[], place: Place): string {
  const start = events[0]?.from ?? 0;
  const slug = (path: string): string => path.replace(/[^A-Za-z0-9]/g, "-"); // as the host names directories after paths
  const replacements = [
    [place.tmp, "/tmp"],
    [slug(place.home), "-home-dana"],
    [place.home, "/home/dana"],
    [/\/claude-\d+\//g, "/claude-1000/"], // the host's directory for temporary files: a user id
  ] as const;
  return events
    .map(({ from, event, payload }) => {
      let line = JSON.stringify({ t: Math.round((from - start) * 10) / 10, event, payload });
      for (const [found, instead] of replacements) line = line.replaceAll(found, instead);
      return `${line}\n`;
    })
    .join("");
}
