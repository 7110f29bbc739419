// The monitor's answer to a `claude_event`.
// - A server that answers anything else, or without arguments (python-socketio does), has acknowledged.
// - Only `ok: false` says no; what a newer server says beside it never turns its no into a yes.

import * as z from "zod/mini";
import { type Reason, readReason } from "./reasons.ts";
import { SERVICE } from "./words.ts";

/** What the bundled monitor answers. `reason` is a sentence for older relays and logs; `why` is what code branches on. */
export type Ack =
  | {
      readonly ok: true;
      readonly status: "stored" | "repeated";
      readonly service?: typeof SERVICE;
      /** How many events the relay may have in flight. */
      readonly window?: number;
      /** How many events it may send in one message, as `claude_events`. */
      readonly batch?: number;
    }
  | { readonly ok: false; readonly permanent: boolean; readonly reason: string; readonly why?: Reason };

const kept = <T extends z.core.$ZodType>(schema: T) => z.catch(z.optional(schema), undefined);

const No = z.looseObject({
  ok: z.literal(false),
  permanent: kept(z.boolean()),
  reason: kept(z.string()),
  why: z.optional(z.unknown()),
});
const Yes = z.looseObject({
  ok: z.literal(true),
  status: kept(z.string()),
  service: kept(z.string()),
  window: kept(z.int().check(z.minimum(1), z.maximum(4096))),
  batch: kept(z.int().check(z.minimum(1), z.maximum(4096))),
});

/** What became of one event. */
export type Outcome =
  | { readonly kind: "delivered"; readonly repeated: boolean }
  | { readonly kind: "retry"; readonly reason: Reason }
  | { readonly kind: "rejected"; readonly reason: Reason };

export interface Answer {
  readonly outcome: Outcome;
  /** The server is the bundled monitor. */
  readonly ours: boolean;
  readonly window?: number;
  readonly batch?: number;
}

/** What an acknowledgement's first argument means. */
export function readAck(given: unknown): Answer {
  const no = No.safeParse(given);
  if (no.success) {
    const { permanent, reason, why } = no.data;
    const because: Reason =
      why === undefined ? { code: "refused", cause: reason ?? "no reason given" } : readReason(why);
    return { outcome: { kind: permanent ? "rejected" : "retry", reason: because }, ours: false };
  }
  const yes = Yes.safeParse(given);
  if (!yes.success) return { outcome: { kind: "delivered", repeated: false }, ours: false };
  const { status, service, window, batch } = yes.data;
  return {
    outcome: { kind: "delivered", repeated: status === "repeated" },
    ours: service === SERVICE,
    ...(window === undefined ? {} : { window }),
    ...(batch === undefined ? {} : { batch }),
  };
}

/** Many envelopes in one message, as a list; to a server that has said so in an acknowledgement (`batch`). */
export const BATCH_EVENT = "claude_events";

/** The bundled monitor's answer to BATCH_EVENT: what became of each, in order; an `Ack` where it was not kept. */
export interface BatchAck {
  readonly outcomes: readonly ("stored" | "repeated" | Extract<Ack, { ok: false }>)[];
}

const Outcomes = z.looseObject({ outcomes: z.array(z.unknown()) });

/** What an answer says of each of so many events; one that says nothing of an event says that it is to be sent again. */
export function readBatchAck(given: unknown, count: number): Outcome[] {
  const read = Outcomes.safeParse(given);
  const outcomes = read.success ? read.data.outcomes : [];
  return Array.from({ length: count }, (_, index) => {
    const outcome = outcomes[index];
    if (outcome === "stored" || outcome === "repeated") return { kind: "delivered", repeated: outcome === "repeated" };
    const { outcome: no } = readAck(outcome);
    return no.kind === "delivered" ? { kind: "retry", reason: UNSAID } : no;
  });
}

const UNSAID: Reason = { code: "refused", cause: "it did not say what became of the event" };
