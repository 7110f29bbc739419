// What events held of their calls, read where content is exported: inputs and outputs as JSON, cut.

import * as z from "zod/mini";
import type { Store } from "../store/port.ts";
import type { Held } from "./trace.ts";

/** Of one input or output. */
const MAX_CHARS = 8192;

const Data = z.looseObject({
  tool_input: z.optional(z.unknown()),
  tool_response: z.optional(z.unknown()),
  error: z.optional(z.unknown()),
});

/** By the id of the event, for so many events after a cursor. */
export async function heldIn(store: Store, after: number, limit: number): Promise<ReadonlyMap<string, Held>> {
  const found = new Map<string, Held>();
  for (const { id, hook_event_name: event, data } of await store.envelopes({}, { after, limit })) {
    const read = Data.safeParse(data);
    if (!read.success) continue;
    const { tool_input: input, tool_response: output, error } = read.data;
    if (event === "PreToolUse" && input !== undefined) found.set(id, { input: asText(input) });
    else if (event.startsWith("PostToolUse") && (output ?? error) !== undefined)
      found.set(id, { output: asText(output ?? error), ...(input === undefined ? {} : { input: asText(input) }) });
  }
  return found;
}

function asText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}...` : text;
}
