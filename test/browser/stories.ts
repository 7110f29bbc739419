// The stories that tests and screenshots tell: a busy morning in a fictional workshop.

import { Story } from "./story.ts";
import { MINUTE_MS, READER, tidepool } from "./tidepool.ts";

const HOUR_MS = 60 * MINUTE_MS;

/** Waits for permission. */
export function harbour(now: number): Story {
  const story = new Story({
    session: "2b8e6f40-9d1c-4e57-8a33-c1f09b7de215",
    project: "/home/dana/code/harbour-api",
    start: now - 26 * MINUTE_MS,
    seed: 3,
    pid: 5151,
  });
  story.begin("resume").wait(5000).prompt("Clear the stale caches and redeploy the preview.");
  for (let index = 0; index < 14; index += 1)
    story
      .wait(9000 + story.random() * 60_000)
      .bash(`curl -s localhost:8123/health/${index}`, "ok", { ms: 90 + story.random() * 400 });
  story.t = now - 134_000;
  story.open("Bash", {
    command: "rm -r var/cache && make deploy ENV=preview",
    description: "Clear the cache and deploy",
  });
  story.wait(45).emit("PermissionRequest", {
    tool_name: "Bash",
    tool_input: { command: "rm -r var/cache && make deploy ENV=preview" },
    permission_suggestions: [],
  });
  story.wait(6000).emit("Notification", {
    message: "Claude needs your permission to use Bash",
    notification_type: "permission_prompt",
  });
  return story;
}

/** Its turn is over. */
export function lighthouse(now: number): Story {
  const story = new Story({
    session: "c55d0b1a-7e2f-4b8c-b0de-61a3f7e90c48",
    project: "/home/dana/code/lighthouse",
    start: now - 50 * MINUTE_MS,
    seed: 5,
    pid: 6161,
  });
  story.begin("clear").wait(4000).prompt("Write the release notes for 2.4 from the merged branches.");
  story.wait(3000).bash("git log --merges --oneline v2.3..HEAD", "41 merges", { ms: 120 });
  story
    .wait(4000)
    .call(
      "Write",
      { file_path: `${story.cast.project}/docs/release-2.4.md`, content: "# 2.4\n\n- Quieter lamp\n" },
      { type: "create", filePath: "docs/release-2.4.md", content: "# 2.4\n", structuredPatch: [] },
      { ms: 14 },
    );
  story.wait(20 * MINUTE_MS).stop("The notes are in docs/release-2.4.md.");
  story
    .wait(60_000)
    .emit("Notification", { message: "Claude is waiting for your input", notification_type: "idle_prompt" });
  return story;
}

/** Broken off by its user during a command; nobody has come back since. */
export function slipway(now: number): Story {
  const story = new Story({
    session: "d41b7c52-08ae-4f6d-93c7-2be5a90f1d63",
    project: "/home/dana/code/slipway",
    start: now - 9 * MINUTE_MS,
    seed: 13,
    pid: 9191,
  });
  story.begin().wait(4000).prompt("Rebuild the index of all moorings.");
  story.wait(2500).read("moorings/index.py", READER);
  story.wait(3000).open("Bash", { command: "python -m moorings.index --rebuild --verbose", description: "Rebuild" });
  return story
    .wait(4 * MINUTE_MS)
    .emit("Notification", { message: "Claude is waiting for your input", notification_type: "idle_prompt" });
}

/** Joined in the middle, thinking, with failures. */
export function buoy(now: number): Story {
  const story = new Story({
    session: "e01f9a77-3c52-4d6d-9f0e-88b2d4c6a1b9",
    project: "/home/dana/code/buoy-firmware",
    start: now - 6 * MINUTE_MS,
    seed: 9,
    pid: 7171,
  });
  story.lose(120);
  for (let index = 0; index < 22; index += 1) {
    const failed = index % 7 === 3;
    story.wait(4000 + story.random() * 9000).bash("make -j4 flash", "ok", {
      ms: 2600,
      ...(failed ? { error: "Exit code 2\nmake: *** [flash] Error 1" } : {}),
    });
  }
  story.t = now - 9000;
  story.read("src/modem.c", "int main(void) { return 0; }\n");
  return story;
}

/** Ended ones, over the last days. */
export function earlier(now: number): Story[] {
  const tasks = [
    ["tidepool", "Make the importer stream instead of reading whole files"],
    ["tidepool", "Why is the nightly job slow on Sundays?"],
    ["harbour-api", "Add pagination to /gauges and document it"],
    ["lighthouse", "Upgrade the lamp controller to the new protocol"],
    ["harbour-api", "Find the leak in the websocket handler"],
    ["buoy-firmware", "Reduce the wake-ups of the modem task"],
  ] as const;
  return tasks.map(([project, prompt], index) => {
    const story = new Story({
      session: `0${index}aa1234-5c6d-4e7f-8a9b-0c1d2e3f4a5${index}`,
      project: `/home/dana/code/${project}`,
      start: now - (index + 1) * 5 * HOUR_MS,
      seed: index + 40,
      pid: 8000 + index,
    });
    story.begin().wait(3000).prompt(prompt);
    for (let step = 0; step < 24 + index * 9; step += 1) {
      story.wait(2000 + story.random() * 20_000);
      const kind = story.random();
      if (kind < 0.4)
        story.bash("npm test -- --watch=false", "passed", {
          ms: 800 + story.random() * 9000,
          ...(kind < 0.05 ? { error: "Exit code 1\nfailed" } : {}),
        });
      else if (kind < 0.7) story.read(`src/module_${Math.floor(kind * 30)}.ts`, READER);
      else if (kind < 0.9) story.edit(`src/module_${Math.floor(kind * 30)}.ts`, "const a = 1;", "const a = 2;");
      else
        story.call(
          "WebFetch",
          { url: "https://docs.example/api", prompt: "Summarise" },
          { bytes: 20_000, code: 200, codeText: "OK", result: "It pages by cursor." },
          { ms: 1800 },
        );
    }
    return story.wait(2000).stop("Done.").wait(40_000).end();
  });
}

export function busyMorning(now: number): Story[] {
  return [...earlier(now), lighthouse(now), harbour(now), buoy(now), tidepool(now)];
}
