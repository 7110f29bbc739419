// A session in which things are said: prompts, answers in Markdown, thoughts, subagents, and calls between them.

import type { Envelope } from "../../src/contract/envelope.ts";
import { type Agent, Story } from "./story.ts";

/** What the model says, as a transcript tells it. */
export function says(story: Story, message: string, more: { thinking?: string; agent?: Agent } = {}): void {
  const { thinking, agent } = more;
  story.emit("AssistantMessage", { message, model: "claude-opus-5", ...(thinking ? { thinking } : {}) }, agent);
  const told = story.events.pop();
  if (told) story.events.push({ ...told, id: `${told.id}-m${story.events.length}`, seq: 1, source: "transcript" });
  story.lose(-1); // a transcript has no numbers
}

export const ANSWER = `The gauge read **high** because the offset was added twice. What I did:

1. \`src/gauge.ts\` subtracts it once
2. the test of [Saint Brannoc](https://example.org/brannoc) covers the *spring tide*

| harbour | before | after |
|---|---|---|
| Saint Brannoc | 4.2 m | 3.1 m |
| Hollow Reef | 2.0 m | 2.0 m |

\`\`\`ts
// The offset of the harbour, metres.
export const offset = (harbour: string): number => OFFSETS[harbour] ?? 0;
\`\`\`

- [x] mended
- [ ] told to the harbour master

> Neither tide nor time waits.`;

export const EXPLORER: Agent = { id: "a1b2c3d4e5f60718", type: "Explore" };

export function talk(start: number, session = "7a1c0000-0000-4000-8000-000000000001"): Story {
  const story = new Story({ session, project: "/home/dana/code/tidepool", start });
  story.begin().wait(400).prompt("The gauge of *Saint Brannoc* reads high. Find out why, and mend it.");
  says(story.wait(3000), "I look at the gauge and at its tests first.", {
    thinking: "The offset may be **added twice**; the tests would not notice.",
  });
  story.wait(800).read("src/gauge.ts", "export const gauge = 1;\nexport const offset = 2;\n");
  story.wait(300).bash("npm test", "1 failing", { error: "exit 1: 1 failing", ms: 4200 });
  story.wait(300).bash("git log --oneline -5 -- src/gauge.ts", "a1b2c3 add offset", { ms: 40 });
  const input = { description: "Find uses of offset", prompt: "Where is offset used?", subagent_type: "Explore" };
  const call = story.wait(500).open("Agent", input);
  story.wait(50).emit("SubagentStart", {}, EXPLORER);
  says(story.wait(900), "I search for it.", { agent: EXPLORER });
  story.call(
    "Grep",
    { pattern: "offset" },
    { mode: "content", numLines: 3, content: "src/gauge.ts:2: offset" },
    { agent: EXPLORER },
  );
  story.wait(1200).emit("SubagentStop", { last_assistant_message: "It is used twice, in `gauge.ts`." }, EXPLORER);
  story.close(call, "Agent", input, {
    status: "completed",
    agentId: EXPLORER.id,
    content: [{ type: "text", text: "It is used twice, in `gauge.ts`." }],
  });
  says(story.wait(1500), "It is added twice. I mend that.");
  story.wait(300).edit("src/gauge.ts", "value + offset + offset", "value + offset");
  story.wait(300).edit("test/gauge.test.ts", "", "covers spring tide");
  story.wait(200).bash("npm test", "12 passing", { ms: 5100 });
  says(story.wait(3000), ANSWER);
  story.wait(100).stop(ANSWER);
  story.wait(60_000).prompt("Thanks. And the reef?");
  story.wait(9000).stop("The reef is as it should be.");
  return story;
}

export const ended = (start: number): readonly Envelope[] => talk(start).wait(5000).end().events;
