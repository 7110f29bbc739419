// What was said in a session: prompts and answers, in order of time. Times are ms since 1970.

import * as z from "zod/mini";

const maybe = z.exactOptional(z.string());

export const Message = z.object({
  /** The event that holds it. */
  id: z.string(),
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  /** Its text is not here: its machine does not share it. */
  withheld: z.exactOptional(z.literal(true)),
  at: z.number(),
  /** What the model thought before it; apart, as people rarely read it. */
  thinking: maybe,
  /** The subagent that says it, or that is asked; absent: the main agent. */
  agent: maybe,
  agentType: maybe,
  model: maybe,
  /** The turn it belongs to, as it is counted in `/turns`; 0 before the first prompt that was seen. */
  turn: z.int(),
  /** The last word of its turn. */
  final: z.exactOptional(z.literal(true)),
});
export type Message = z.infer<typeof Message>;

/** A part of a conversation, oldest first. */
export const MessagesPage = z.looseObject({
  messages: z.array(Message),
  /** Opaque; `before` is null at the beginning of the conversation. */
  next: z.looseObject({ before: z.nullable(z.string()), after: z.nullable(z.string()) }),
  /** Of all pages. */
  total: z.int(),
});
export type MessagesPage = z.infer<typeof MessagesPage>;

/** Where a message stands: by the time of its event and its place in the store. */
export interface Standing {
  readonly t: number;
  readonly n: number;
}

/** A place as `before` and `after` take it. */
export const cursorAt = ({ t, n }: Standing): string => `${t}-${n}`;
