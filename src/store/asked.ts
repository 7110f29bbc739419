// What an event asks a person, should it be a question: the command, the plan, or the questions with their options.
// Source of the fields: the hooks reference of Claude Code (host 2.1.330).

import * as z from "zod/mini";
import type { Asked } from "../contract/session.ts";

/** Characters of a command, a plan, a message; of one question; of one option. */
const MAX_TEXT = 1500;
const MAX_QUESTION = 400;
const MAX_OPTION = 160;
/** The host asks up to four at once, with up to four options each. */
const MAX_QUESTIONS = 4;
const MAX_OPTIONS = 8;

const words = z.catch(z.string(), "");
const Questions = z.looseObject({
  questions: z.array(
    z.looseObject({
      question: z.string(),
      multiSelect: z.catch(z.optional(z.boolean()), undefined),
      options: z.catch(z.array(z.looseObject({ label: words, description: words })), []),
    }),
  ),
});

type Data = Readonly<Record<string, unknown>>;

/** @param input tool_input */
export function askedOf(event: string, data: Data, input: Data): Asked | undefined {
  switch (event) {
    case "PreToolUse":
      if (data["tool_name"] === "AskUserQuestion") return questionsOf(input);
      return data["tool_name"] === "ExitPlanMode" ? textOf(input["plan"]) : undefined;
    case "PermissionRequest":
      return permissionOf(input);
    case "Elicitation":
      return textOf(data["message"]);
    default:
      return undefined;
  }
}

function questionsOf(input: Data): Asked | undefined {
  const read = Questions.safeParse(input);
  if (!read.success) return undefined;
  return {
    questions: read.data.questions.slice(0, MAX_QUESTIONS).map(({ question, multiSelect, options }) => ({
      question: cut(question, MAX_QUESTION),
      options: options.slice(0, MAX_OPTIONS).map(({ label, description }) => ({
        label: cut(label, MAX_OPTION),
        ...(description ? { about: cut(description, MAX_OPTION) } : {}),
      })),
      ...(multiSelect ? { several: true as const } : {}),
    })),
  };
}

/** Of a tool that is not known, its whole input is what is asked about. */
function permissionOf(input: Data): Asked | undefined {
  const known = ["command", "file_path", "notebook_path", "url", "query", "plan", "prompt"].find(
    (name) => typeof input[name] === "string" && input[name] !== "",
  );
  if (known === undefined) return Object.keys(input).length > 0 ? textOf(JSON.stringify(input)) : undefined;
  const { description } = input;
  const about = typeof description === "string" && description !== "" ? { about: cut(description, MAX_OPTION) } : {};
  return { ...textOf(input[known]), ...about };
}

function textOf(value: unknown): Asked | undefined {
  return typeof value === "string" && value !== "" ? { text: cut(value, MAX_TEXT) } : undefined;
}

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
