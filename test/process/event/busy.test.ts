// The user's patterns on a machine that is busy: a process that stands still is not a pattern that is slow.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { NODE, ROOT } from "../../world.ts";

const STILL_MS = 70;
const RUNNING_MS = 15;
const LOOK_MS = 2500;

const PROGRAM = `
  import { createRedactor } from ${JSON.stringify(join(ROOT, "src/event/redact.ts"))};
  const text = "before ours-1234 " + "and so on, ".repeat(200);
  const end = performance.now() + ${LOOK_MS};
  let [wrong, tried] = [0, 0];
  for (; performance.now() < end; tried++) {
    const { redactor, problems } = createRedactor({ enabled: true, patterns: [{ name: "ours", regex: "ours-[0-9]+" }] });
    const { value } = redactor.redact(text);
    if (problems.length > 0 || !value.startsWith("before [redacted:ours] and")) wrong++;
  }
  console.log(JSON.stringify({ wrong, tried }));
`;

test("a pattern is neither left out nor given up because the process was kept from running", async () => {
  const child = spawn(NODE, ["--input-type=module-typescript", "-e", PROGRAM], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  const gone = once(child, "close");
  while (child.exitCode === null && said === "") {
    child.kill("SIGSTOP");
    await sleep(STILL_MS);
    child.kill("SIGCONT");
    await sleep(RUNNING_MS);
  }
  await gone;
  const { wrong, tried } = JSON.parse(said);
  assert.ok(tried > 0);
  assert.equal(wrong, 0, `${wrong} of ${tried}`);
});
