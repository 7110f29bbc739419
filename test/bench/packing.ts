// packing.ts FILE: packs the event in a file, and prints how many times its size that took of memory at most.
// - The process has the flags of a relay, and has packed small events before: what it takes then is not counted.

import { readFileSync, writeFileSync } from "node:fs";
import { buildEnvelope } from "../../src/event/envelope.ts";
import { parsePayload } from "../../src/event/payload.ts";
import { createRedactor } from "../../src/event/redact.ts";

export const PACKING_FLAGS = ["--expose-gc", "--max-semi-space-size=8"];
/** Characters. */
const SIZE = 6_000_000;
const WARMED = 30;

const repeated = (piece: string) => JSON.stringify(piece.repeat(SIZE / piece.length));
const many = (piece: (index: number) => string): string[] => {
  const pieces: string[] = [];
  for (let length = 0; length < SIZE; length += (pieces.at(-1) as string).length + 1) pieces.push(piece(pieces.length));
  return pieces;
};
const token = (index: number) => `ghp_${String(index).padStart(36, "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6")}`;
const list = (pieces: readonly string[]) => `[${pieces.join(",")}]`;

/** By name: an event's output, as JSON. */
export const LARGE_EVENTS: Readonly<Record<string, () => string>> = {
  prose: () => repeated("The quick brown fox jumps over the lazy dog, and so on.\n"),
  "empty objects": () => list(many(() => "{}")),
  "short strings": () => list(many((index) => `"s${index}"`)),
  keys: () => `{${many((index) => `"k${index}":1`).join(",")}}`,
  "lines of base64": () => repeated("dG9rZW46IGFiYyB0b2tlbjogYWJjIHRva2VuOiBhYmMgdG9rZW46IGFiYyB0b2tl\n"),
  tokens: () => JSON.stringify(many(token).join(" ")),
  "tokens in a list": () => list(many((index) => `"${token(index)}"`)),
  "a colour at each character": () => repeated("\x1b[3mx"),
  "a number at each line": () => JSON.stringify(many((index) => `${index + 1}\tx`).join("\n")),
  "escapes in strings": () => repeated('x = "a\\nb\\tcdefghijklmnop"\n'),
  "names without values": () => repeated("-token: "),
  "a password every ten characters": () => repeated("a://b:c@d "),
};

/** An event with an output, as JSON. */
export const eventWith = (output: string): Buffer =>
  Buffer.from(`{"hook_event_name":"PostToolUse","session_id":"s","tool_response":{"stdout":${output}}}`);

/** In kB. */
function memory(of: "VmRSS" | "VmHWM"): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(new RegExp(`${of}:\\s+(\\d+)`).exec(status)?.[1]);
}

if (import.meta.main) {
  const { redactor } = createRedactor({ enabled: true, patterns: [] });
  const pack = (bytes: Buffer) => {
    const parsed = parsePayload(bytes);
    if (!parsed.ok) throw new Error(parsed.problem.reason);
    const origin = { hostName: "host" };
    return buildEnvelope({ id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", seq: 1, capturedAt: 1, origin, redactor, ...parsed });
  };
  const small = `${token(1)}\n1\tx\n2\t\x1b[3my\n`.repeat(20);
  for (let time = 0; time < WARMED; time++) pack(eventWith(JSON.stringify(small)));
  globalThis.gc?.();
  globalThis.gc?.();
  writeFileSync("/proc/self/clear_refs", "5"); // the most so far is what it is now
  const before = memory("VmRSS");
  const bytes = readFileSync(process.argv[2] ?? "");
  pack(bytes);
  console.log(((memory("VmHWM") - before) * 1024) / bytes.length);
}
